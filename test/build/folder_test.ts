/**
 * A runtime build is one folder, all of it from where only root or the builder can write.
 *
 * @module
 */
import assert from "node:assert/strict";
import { runtimeFile, writeRuntimeProgram } from "../../src/build/compile.ts";
import { buildEnvironment } from "../support/built_program.ts";
import { build } from "../../src/build/main.ts";

const CHECKOUT = decodeURIComponent(
  new URL("../../", import.meta.url).pathname,
);

const POLICY = `version: 1
issuers:
  campus:
    issuer: https://login.example.edu
    audiences: [ssh-prod]
rules:
  staff:
    accounts: [{claim: sub}]
cache: {directory: CACHE}
`;

async function inFolder(
  body: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  try {
    await Deno.writeTextFile(
      `${folder}/policy.yaml`,
      POLICY.replace("CACHE", `${folder}/cache`),
    );
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function runtimeBuild(
  folder: string,
  ...args: string[]
): Promise<{ code: number; errors: string }> {
  const errors: string[] = [];
  const code = await build([`${folder}/policy.yaml`, "--runtime", ...args], {
    environment: buildEnvironment,
    print: () => {},
    printError: (line) => errors.push(line),
  });
  return { code, errors: errors.join("\n") };
}

Deno.test("a runtime build names nothing but its own folder, what the system has, and the cache", () =>
  inFolder(async (folder) => {
    const prefix = `${folder}/host/usr/libexec/oauth-pam`;
    const output = `${folder}/dist/oauth-pam`;
    const built = await runtimeBuild(
      folder,
      "--output",
      output,
      "--prefix",
      prefix,
    );
    assert.deepEqual(built, { code: 0, errors: "" });
    const wrapper = await Deno.readTextFile(output);
    const named = [...wrapper.matchAll(/(?<=[ ='])\/[^\s'",]+/g)]
      .map(([path]) => path)
      .filter((path) =>
        !path.startsWith(`${prefix}/`) && !path.startsWith(`${folder}/cache`)
      );
    assert.deepEqual([...new Set(named)].sort(), [
      "/bin/ln",
      "/bin/mkdir",
      "/bin/rm",
      "/dev/log",
      "/dev/null/deno;",
      "/nonexistent",
      "/usr/bin/env",
      "/usr/bin/sha256sum",
      "/usr/bin/stat",
      "/usr/bin/timeout",
    ]);
    // moved to where it was built for, it needs nothing that was left behind
    await Deno.mkdir(`${folder}/host/usr/libexec`, { recursive: true });
    await Deno.rename(`${folder}/dist`, prefix);
    const child = new Deno.Command(`${prefix}/oauth-pam`, {
      args: ["login", `${folder}/policy.yaml`],
      clearEnv: true,
      env: { PAM_USER: "alice", PAM_TYPE: "auth", PAM_SERVICE: "sshd" },
      stdin: "null",
      stderr: "piped",
    });
    const { code, stderr } = await child.output();
    assert.equal(code, 7);
    assert.match(new TextDecoder().decode(stderr), /reason=token_missing/);
  }));

Deno.test("--prefix is an absolute folder and goes with --runtime", () =>
  inFolder(async (folder) => {
    for (const prefix of ["", "relative", "/", "//x", "/a//b"]) {
      const { code, errors } = await runtimeBuild(folder, "--prefix", prefix);
      assert.equal(code, 2, prefix);
      assert.match(errors, /--prefix names no absolute folder/);
    }
    const errors: string[] = [];
    const code = await build([`${folder}/policy.yaml`, "--prefix", "/opt/x"], {
      environment: buildEnvironment,
      print: () => {},
      printError: (line) => errors.push(line),
    });
    assert.equal(code, 2);
    assert.match(errors.join(), /--prefix goes with --runtime/);
  }));

const WRITABLE: readonly [string, (path: string) => Promise<void>][] = [
  ["can be written by everybody", (path) => Deno.chmod(path, 0o777)],
  ["can be written by a group", (path) => Deno.chmod(path, 0o775)],
  ["belongs to somebody else", (path) => Deno.chown(path, 65534, null)],
];

for (const [what, spoil] of WRITABLE) {
  Deno.test(`a build refuses a folder that ${what}, for what it writes and for the Deno that it takes`, () =>
    inFolder(async (folder) => {
      const outside = `${folder}/outside`;
      await Deno.mkdir(outside);
      await Deno.copyFile(Deno.execPath(), `${outside}/deno`);
      await spoil(outside);
      const into = await runtimeBuild(
        folder,
        "--output",
        `${outside}/dist/oauth-pam`,
      );
      assert.equal(into.code, 1);
      assert.match(
        into.errors,
        /error: the output: .*\/outside" .* becomes root/,
      );
      await Deno.mkdir(`${folder}/dist`);
      const options = {
        bundle: { main: "", issuer: "", rest: "" },
        needs: {
          netHosts: [],
          cacheDirectory: "/var/cache/oauth-pam",
          logSocket: "/dev/log",
        },
        output: `${folder}/dist/oauth-pam`,
        environment: buildEnvironment,
        deno: `${outside}/deno`,
      };
      await assert.rejects(
        writeRuntimeProgram(options),
        /the Deno that is used: .*\/outside/,
      );
      assert.deepEqual([...Deno.readDirSync(`${folder}/dist`)], []);
    }));
}

Deno.test("every file of a build is whole on the disk before it gets its name", () =>
  inFolder(async (folder) => {
    const trace = `${folder}/trace`;
    const output = `${folder}/dist/oauth-pam`;
    const { success, stderr } = await new Deno.Command("strace", {
      args: [
        ...["-f", "-y", "-s", "200", "-o", trace],
        ...["-e", "trace=fsync,rename,renameat,renameat2"],
        ...[Deno.execPath(), "run", "-A", "--config", `${CHECKOUT}deno.json`],
        ...[`${CHECKOUT}src/build/main.ts`, `${folder}/policy.yaml`],
        ...["--runtime", "--output", output],
      ],
      env: buildEnvironment,
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    const lines = (await Deno.readTextFile(trace)).split("\n");
    for (
      const file of [
        output,
        `${output}.js`,
        `${output}.js.issuer.js`,
        `${output}.js.rest.js`,
        runtimeFile(output),
      ]
    ) {
      const name = file.slice(file.lastIndexOf("/"));
      const renamed = lines.findIndex((line) =>
        line.includes("rename") && line.includes(`, "${file}"`)
      );
      assert.ok(renamed > 0, `${file} is renamed`);
      const synced = lines.findIndex((line) =>
        line.includes("fsync(") && line.includes(`${name}>`)
      );
      assert.ok(synced >= 0 && synced < renamed, `${file} is synced before`);
      const folderSynced = lines.findIndex((line, index) =>
        index > renamed && line.includes(`<${folder}/dist>`) &&
        line.includes("fsync(")
      );
      assert.ok(folderSynced > renamed, "and its folder after");
    }
  }));
