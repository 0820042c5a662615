/**
 * `deno task build`: what it writes, what it prints, how it refuses.
 *
 * @module
 */
// Threats: G20

import assert from "node:assert/strict";
import { bundleProgram, MARKER } from "../../src/build/bundle.ts";
import { build } from "../../src/build/main.ts";
import { onFullDisk } from "../support/full_disk.ts";
import { environment } from "./site.ts";

const POLICY = `version: 1
issuers:
  campus:
    issuer: https://login.example.edu
    audiences: [ssh-prod]
rules:
  staff:
    when: {groups: {any: [staff]}}
    accounts: [{claim: sub}]
cache: {directory: CACHE}
`;

interface Outcome {
  readonly code: number;
  readonly out: string[];
  readonly err: string[];
}

/** Runs `body` with a folder that holds `site.yaml` (CACHE is a path in it); in `args`, "@" stands for that folder. */
async function withPolicy(
  policy: string | Uint8Array,
  body: (
    folder: string,
    run: (...args: string[]) => Promise<Outcome>,
  ) => Promise<void>,
): Promise<void> {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  try {
    const bytes = typeof policy === "string"
      ? new TextEncoder().encode(policy.replace("CACHE", `${folder}/cache`))
      : policy;
    await Deno.writeFile(`${folder}/site.yaml`, bytes);
    const entryPoint = `${folder}/entry.ts`;
    await Deno.writeTextFile(
      entryPoint,
      `console.log("${MARKER}", Deno.args.join());`,
    );
    await body(folder, async (...args) => {
      const out: string[] = [];
      const err: string[] = [];
      const code = await build(args.map((arg) => arg.replace(/^@/, folder)), {
        environment,
        bundle: (options) => bundleProgram({ ...options, entryPoint }),
        print: (line) => out.push(line),
        printError: (line) => err.push(line),
      });
      return { code, out, err };
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

Deno.test("build writes the wrapper and the bundle, in a folder it makes, and says so in one line", () =>
  withPolicy(POLICY, async (folder, run) => {
    const { code, out, err } = await run(
      "@/site.yaml",
      "--runtime",
      "--output",
      "@/new/dist/gate",
    );
    assert.deepEqual({ code, err }, { code: 0, err: [] });
    const program = `${folder}/new/dist/gate`;
    const bundle = await Deno.readFile(`${program}.js`);
    const policyDigest = await sha256(
      await Deno.readFile(`${folder}/site.yaml`),
    );
    assert.equal(out.length, 1);
    const flag = "--allow-net=login.example.edu:443,unix:/dev/log," +
      `unix:${folder}/cache/log.sock,unix:${folder}/cache/syslog `;
    assert.ok(
      out[0]?.startsWith(
        `built ${program}, ${program}.js, ${program}.js.issuer.js, ` +
          `${program}.js.rest.js and ${program}.deno for deno ${Deno.version.deno} with ${flag}`,
      ),
    );
    assert.ok(
      out[0]?.endsWith(
        ` policy_sha256=${policyDigest} sha256=${await sha256(bundle)}`,
      ),
    );
    assert.equal((await Deno.stat(program)).mode! & 0o7777, 0o755);
    assert.equal((await Deno.stat(`${program}.js`)).mode! & 0o7777, 0o644);
    assert.deepEqual(
      [...Deno.readDirSync(`${folder}/new/dist`)].map(({ name }) => name)
        .sort(),
      [
        "gate",
        "gate.deno",
        "gate.js",
        "gate.js.issuer.js",
        "gate.js.rest.js",
      ],
    );
    const { stdout } = await new Deno.Command(program, { args: ["a", "b c"] })
      .output();
    const printed = new TextDecoder().decode(stdout);
    assert.ok(printed.startsWith(`{"sha256":"${policyDigest}","policy":{`));
    assert.ok(printed.includes('"issuer":"https://login.example.edu"'));
    assert.ok(printed.endsWith("} a,b c\n"));
  }));

Deno.test("build replaces what an earlier build wrote, even when that was a link", () =>
  withPolicy(POLICY, async (folder, run) => {
    await Deno.writeTextFile(`${folder}/precious`, "kept");
    for (const name of ["gate", "gate.js"]) {
      await Deno.symlink(`${folder}/precious`, `${folder}/${name}`);
    }
    assert.equal(
      (await run(
        "@/site.yaml",
        "--runtime",
        "--output=@/gate".replace("@", folder),
      )).code,
      0,
    );
    assert.equal(await Deno.readTextFile(`${folder}/precious`), "kept");
    assert.ok((await Deno.lstat(`${folder}/gate`)).isFile);
  }));

for (
  const [args, complaint] of [
    [[], "no policy named"],
    [["@/site.yaml", "@/other.yaml"], "unexpected argument"],
    [["@/site.yaml", "--allow-all"], "--allow-all"],
    [["@/site.yaml", "--output"], "--output"],
    [["@/site.yaml", "--output="], "--output names no file"],
    [["@/site.yaml", "--output", "dist/"], "--output names no file"],
    [["@/site.yaml", "--runtime=yes"], "--runtime"],
  ] as const
) {
  Deno.test(`build ${args.join(" ")} is a usage error`, () =>
    withPolicy(POLICY, async (_, run) => {
      const { code, out, err } = await run(...args);
      assert.deepEqual({ code, out }, { code: 2, out: [] });
      assert.ok(err[0]?.includes(complaint), err[0]);
      assert.match(err[0] ?? "", /^[^\n]{1,80}\nusage: deno task build POLICY/);
    }));
}

Deno.test("build --help prints the usage", () =>
  withPolicy(POLICY, async (_, run) => {
    for (const args of [["--help"], ["-h"], ["@/site.yaml", "--help"]]) {
      const { code, out, err } = await run(...args);
      assert.deepEqual({ code, err }, { code: 0, err: [] });
      assert.match(out[0] ?? "", /^usage: /);
    }
  }));

for (
  const [what, policy, complaint] of [
    [
      "that is not YAML",
      "version: [",
      /site\.yaml:\d+:\d+: error: .* \[yaml\//,
    ],
    [
      "with an unknown key",
      `${POLICY}colour: blue\n`,
      /site\.yaml:11:1: error: .*"colour"/,
    ],
    ["that is not UTF-8", new Uint8Array([0xff, 0xfe, 0x41]), /site\.yaml: /],
    [
      "with a wildcard host",
      POLICY.replace("[ssh-prod]", "[a]\n    hosts: ['*.example.edu']"),
      /\*\.example\.edu/,
    ],
  ] as const
) {
  Deno.test(`build refuses a policy ${what} and writes nothing`, () =>
    withPolicy(policy, async (folder, run) => {
      const { code, out, err } = await run(
        "@/site.yaml",
        "--runtime",
        "--output",
        `${folder}/new/gate`,
      );
      assert.deepEqual({ code, out }, { code: 3, out: [] });
      assert.match(err.join("\n"), complaint);
      await assert.rejects(Deno.stat(`${folder}/new`), Deno.errors.NotFound);
    }));
}

Deno.test("build says in plain words why a policy cannot be read", () =>
  withPolicy(POLICY, async (folder, run) => {
    await Deno.mkdir(`${folder}/folder.yaml`);
    await Deno.writeFile(`${folder}/latin.yaml`, new Uint8Array([0xe9]));
    await Deno.symlink("loop.yaml", `${folder}/loop.yaml`);
    for (
      const [name, why] of [
        ["missing.yaml", "the file does not exist"],
        ["none/missing.yaml", "the file does not exist"],
        ["site.yaml/x", "the file does not exist"],
        ["folder.yaml", "the file is a directory"],
        ["latin.yaml", "the file is not UTF-8"],
        ["loop.yaml", "the file cannot be read"],
      ] as const
    ) {
      const { code, out, err } = await run(`@/${name}`);
      assert.deepEqual({ code, out }, { code: 3, out: [] });
      assert.deepEqual(err, [`${folder}/${name}: error: ${why}`]);
    }
  }));

for (const directory of ["/var/cache,/etc", "/"]) {
  Deno.test(`build refuses the cache directory ${directory} and leaves the last build alone`, () =>
    withPolicy(
      POLICY.replace("CACHE", `"${directory}"`),
      async (folder, run) => {
        await Deno.writeTextFile(`${folder}/gate`, "the last build");
        const { code, out, err } = await run(
          "@/site.yaml",
          "--runtime",
          "--output",
          "@/gate",
        );
        assert.ok(code === 1 || code === 3);
        assert.deepEqual(out, []);
        assert.ok(err.length > 0);
        assert.equal(
          await Deno.readTextFile(`${folder}/gate`),
          "the last build",
        );
      },
    ));
}

Deno.test("build says what the file system refused", () =>
  withPolicy(POLICY, async (folder, run) => {
    await Deno.mkdir(`${folder}/gate`);
    const { code, err } = await run(
      "@/site.yaml",
      "--runtime",
      "--output",
      "@/gate",
    );
    assert.equal(code, 1);
    assert.match(err[0] ?? "", /^error: .*directory/i);
  }));

Deno.test("build says that the disk is full, in one line, and leaves what was there", () =>
  withPolicy(POLICY, async (folder) => {
    await Deno.writeTextFile(`${folder}/gate.deno`, "the last build's");
    const main = new URL("../../src/build/main.ts", import.meta.url).pathname;
    const [command = "", ...words] = onFullDisk(4000);
    const { code, stderr } = await new Deno.Command(command, {
      args: [
        ...words,
        ...[Deno.execPath(), "run", "-A", "--quiet", main],
        ...[`${folder}/site.yaml`, "--runtime", "--output", `${folder}/gate`],
      ],
      env: { NO_COLOR: "1" },
    }).output();
    assert.equal(code, 1);
    assert.match(
      new TextDecoder().decode(stderr),
      /^error: File too large \(os error 27\).*\n$/,
    );
    const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
    assert.deepEqual(names.sort(), ["entry.ts", "gate.deno", "site.yaml"]);
    assert.equal(
      await Deno.readTextFile(`${folder}/gate.deno`),
      "the last build's",
    );
  }));
