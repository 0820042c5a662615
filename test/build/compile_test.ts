/**
 * What `deno compile` is given: the one file, and nothing of the building host.
 *
 * @module
 */
// Threats: F2, G1, G15, G17, G19, J1

import assert from "node:assert/strict";
import { type BuildOptions, compileProgram } from "../../src/build/compile.ts";
import {
  BUILD_ENVIRONMENT,
  denoVersionOf,
  runDeno,
} from "../../src/build/deno.ts";
import { BuildError, CLIENT } from "../../src/build/permissions.ts";
import {
  decoder,
  denoToCompile,
  environment,
  trace,
  withSite,
} from "./site.ts";

const NEEDS = {
  netHosts: ["login.example.edu:443"],
  cacheDirectory: "/var/cache/oauth-pam",
  logSocket: "/dev/log",
};

async function inFolder(
  body: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("denoVersionOf() asks the Deno that will compile", async () => {
  assert.equal(
    await denoVersionOf(Deno.execPath(), environment),
    Deno.version.deno,
  );
  await assert.rejects(denoVersionOf("/bin/true", environment), BuildError);
  await assert.rejects(
    denoVersionOf("/nonexistent/deno", environment),
    BuildError,
  );
});

/** Stands in for Deno, and prints the environment that it was given. */
async function environmentPrinter(folder: string): Promise<string> {
  const fake = `${folder}/deno`;
  await Deno.writeTextFile(fake, "#!/bin/sh\nexec /usr/bin/env\n");
  await Deno.chmod(fake, 0o755);
  return fake;
}

Deno.test("runDeno() keeps the building host's switches from Deno", () =>
  inFolder(async (folder) => {
    const fake = await environmentPrinter(folder);
    const hostile = {
      DENORT_BIN: "/opt/denort",
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://192.0.2.1:4318",
      DENO_CERT: "/opt/ca.pem",
      DENO_TLS_CA_STORE: "system",
      DENO_V8_FLAGS: "--expose-gc",
      DENO_AUTH_TOKENS: "secret@example.org",
      NODE_OPTIONS: "--require=/opt/x.js",
      LD_PRELOAD: "/opt/x.so",
    };
    const seen = await runDeno(fake, {
      args: ["compile"],
      environment: hostile,
    });
    assert.deepEqual(
      seen.trim().split("\n").filter((line) => !/^(PWD|_|SHLVL)=/.test(line))
        .sort(),
      [
        "DENORT_BIN=/opt/denort",
        "DENO_NO_PACKAGE_JSON=1",
        "DENO_NO_UPDATE_CHECK=1",
        "NO_COLOR=1",
      ],
    );
  }));

Deno.test("runDeno() lets deno bundle know a company's own certificate authority, and deno compile not", () =>
  inFolder(async (folder) => {
    const fake = await environmentPrinter(folder);
    const known = {
      NODE_EXTRA_CA_CERTS: "/opt/ca.pem",
      SSL_CERT_FILE: "/opt/all.pem",
      SSL_CERT_DIR: "/opt/certs",
      DENO_CERT: "/opt/ca.pem",
      DENO_TLS_CA_STORE: "system",
    };
    for (const name of Object.keys(known)) {
      assert.ok(BUILD_ENVIRONMENT.includes(name), name);
    }
    const lines = Object.entries(known).map(([name, value]) =>
      `${name}=${value}`
    );
    for (
      const [command, wanted] of [["bundle", lines], ["compile", []]] as const
    ) {
      const seen = await runDeno(fake, { args: [command], environment: known });
      assert.deepEqual(
        seen.trim().split("\n").filter((line) => lines.includes(line)).sort(),
        [...wanted].sort(),
      );
    }
  }));

Deno.test("compileProgram() says what deno compile said", () =>
  inFolder(async (folder) => {
    const options: BuildOptions = {
      bundle: { main: "not a program (", issuer: "", rest: "" },
      needs: NEEDS,
      output: `${folder}/oauth-pam`,
      deno: denoToCompile,
      environment,
    };
    await assert.rejects(
      compileProgram(options),
      (error) =>
        error instanceof BuildError &&
        error.message.startsWith("deno compile failed:\n"),
    );
    assert.deepEqual([...Deno.readDirSync(folder)], []);
  }));

Deno.test("compileProgram() gives Deno the two files alone in a folder, and takes the folder away", () =>
  inFolder(async (folder) => {
    const fake = `${folder}/deno`;
    // Stands in for Deno where there is no denort: says what it was given.
    await Deno.writeTextFile(
      fake,
      `#!/bin/sh
if [ "$1" = --version ]; then echo "deno 2.9.6 (stable)"; exit; fi
for word; do case $word in --output=*) output=\${word#--output=};; esac; done
{ pwd; /bin/ls -A; echo "$#"; for word; do echo "$word"; done; } >"$output"
`,
    );
    await Deno.chmod(fake, 0o755);
    const output = `${folder}/oauth-pam`;
    const built = await compileProgram({
      bundle: { main: "1", issuer: "", rest: "" },
      needs: NEEDS,
      output,
      deno: fake,
      environment,
    });
    const [cwd, ...rest] = (await Deno.readTextFile(output)).trimEnd().split(
      "\n",
    );
    const expected = [
      "compile",
      "--quiet",
      "--no-check",
      "--no-config",
      "--no-lock",
      "--no-npm",
      "--no-remote",
      "--cached-only",
      "--node-modules-dir=none",
      ...built.flags,
      "--include=oauth-pam.js.rest.js",
      "--include=oauth-pam.js.issuer.js",
      `--output=${output}`,
      "oauth-pam.js",
    ];
    // written under a new name first: in a folder of its own, because the name is part of the program
    const plain = rest.map((word) => word.replace(/\/\.new-[0-9a-f]+\//, "/"));
    assert.deepEqual(plain, [
      "oauth-pam.js",
      "oauth-pam.js.issuer.js",
      "oauth-pam.js.rest.js",
      String(expected.length),
      ...expected,
    ]);
    assert.ok(built.flags.includes("--no-code-cache"));
    assert.match(built.flags.join(" "), / --v8-flags=--jitless,/);
    assert.ok(
      !expected.some((flag) =>
        /self-extracting|allow-all|^-A$|allow-run|allow-ffi/.test(flag)
      ),
    );
    await assert.rejects(Deno.stat(cwd ?? ""), Deno.errors.NotFound);
    assert.equal((await Deno.stat(output)).mode! & 0o7777, 0o755);
  }));

// From here on with a real denort, where there is one (.ci/run prepares it): `deno compile` cannot
// do without, and the checks above hold for any build.
if (environment.DENORT_BIN !== undefined) {
  Deno.test("compileProgram() gives the same bytes again, whatever lies above its folder", () =>
    inFolder(async (folder) => {
      await Deno.mkdir(`${folder}/node_modules/planted`, { recursive: true });
      await Deno.writeTextFile(
        `${folder}/node_modules/planted/index.js`,
        "x".repeat(100_000),
      );
      await Deno.writeTextFile(`${folder}/package.json`, '{"type":"commonjs"}');
      await Deno.writeTextFile(
        `${folder}/deno.json`,
        '{"nodeModulesDir":"auto"}',
      );
      const digests: string[] = [];
      for (const name of ["a", "b"]) {
        await Deno.mkdir(`${folder}/${name}`);
        const output = `${folder}/${name}/oauth-pam`;
        const options = {
          bundle: { main: "export {};", issuer: "", rest: "" },
          needs: NEEDS,
          output,
          deno: denoToCompile,
        };
        await compileProgram({ ...options, environment });
        const digest = await crypto.subtle.digest(
          "SHA-256",
          await Deno.readFile(output),
        );
        digests.push(new Uint8Array(digest).toHex());
      }
      assert.equal(digests[0], digests[1]);
      const text = decoder.decode(await Deno.readFile(`${folder}/a/oauth-pam`));
      assert.ok(!text.includes("xxxxxxxxxxxxxxxxxxxxxxxx"));
      assert.ok(!text.includes(folder));
    }));

  Deno.test("a program for a policy makes no machine code, one for people does", () =>
    inFolder(async (folder) => {
      // what has no compiler has no WebAssembly
      const main = "console.log(typeof WebAssembly);";
      const said: string[] = [];
      for (const needs of [NEEDS, CLIENT] as const) {
        const output = `${folder}/oauth-pam`;
        const bundle = { main, issuer: "", rest: "" };
        const options = { bundle, needs, output, deno: denoToCompile };
        await compileProgram({ ...options, environment });
        const { stdout } = await new Deno.Command(output).output();
        said.push(decoder.decode(stdout).trim());
      }
      assert.deepEqual(said, ["undefined", "object"]);
    }));

  Deno.test("without --no-code-cache a planted code cache is read: what the flag is for", () =>
    withSite({ build: compileProgram, deno: denoToCompile }, async (site) => {
      const planted = `${site.root}/tmp/deno-compile-oauth-pam.cache`;
      await Deno.writeTextFile(planted, "planted");
      const guarded = await trace(site, ["copy"]);
      assert.ok(!guarded.paths.includes(planted));
      await Deno.writeTextFile(`${site.root}/work/x.js`, "Deno.exitCode = 7;");
      await runDeno(denoToCompile, {
        args: [
          "compile",
          "--quiet",
          "--no-config",
          `--output=${site.program}`,
          "x.js",
        ],
        environment,
        cwd: `${site.root}/work`,
      });
      const unguarded = await trace(site, ["copy"]);
      assert.ok(unguarded.paths.includes(planted));
    }));
}
