/**
 * What `deno task package` is asked for, and what it refuses.
 *
 * @module
 */
import assert from "node:assert/strict";
import { main, parseRequest } from "../../../src/build/package/main.ts";
import { checkPair, machineOf } from "../../../src/build/package/pair.ts";
import { licenseParts } from "../../../src/build/package/npm.ts";
import { BuildError } from "../../../src/build/permissions.ts";
import { buildEnvironment } from "../../support/built_program.ts";

async function run(
  args: readonly string[],
  environment: Record<string, string> = {},
) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await main(args, {
    environment,
    print: (line) => out.push(line),
    printError: (line) => err.push(line),
  });
  return { code, out: out.join("\n"), err: err.join("\n") };
}

Deno.test("by default both kinds are made, as small as they get, of the version and the Deno that are pinned", () => {
  assert.deepEqual(parseRequest([], { DENORT_BIN: "/d" }), {
    help: false,
    kinds: ["deb", "rpm"],
    output: "dist",
    deno: null,
    denort: "/d",
    version: null,
    compression: "best",
    maintainer: "oauth-pam authors <maintainers@oauth-pam.example>",
  });
  const named = parseRequest(
    ["rpm", "--deno", "/a", "--denort=/b", "--version", "1.2.3"],
    { DENORT_BIN: "/d", DENO_FOR_COMPILE: "/e" },
  );
  assert.deepEqual(named.kinds, ["rpm"]);
  assert.deepEqual([named.deno, named.denort, named.version], [
    "/a",
    "/b",
    "1.2.3",
  ]);
  const without = parseRequest(["--without-denort"], { DENORT_BIN: "/d" });
  assert.equal(without.denort, null);
});

const NOT_UNDERSTOOD: Readonly<Record<string, [string[], RegExp]>> = {
  "another kind": [
    ["apk"],
    /^"apk" is not a kind of package: deb, rpm or all\n/,
  ],
  "two kinds": [["deb", "rpm"], /^unexpected argument "rpm"\n/],
  "an unknown option": [["--fast"], /^Unknown option '--fast'\n/],
  "a word that is missing": [
    ["--deno", "--without-denort"],
    /^Option '--deno' argument is ambiguous\.?\n/,
  ],
  "neither a denort nor none": [[], /^--denort FILE is /],
  "a denort and none": [
    ["--denort=/d", "--without-denort"],
    /^--denort does not go with --without-denort\n/,
  ],
  "a version that Debian or RPM would read otherwise": [
    ["--without-denort", "--version=1.2.3-1"],
    /^--version is three numbers/,
  ],
  "another compression": [
    ["--without-denort", "--compression=zip"],
    /^--compression is one of none, fast, best\n/,
  ],
  "a maintainer who is two lines": [
    ["--without-denort", "--maintainer=a\nDepends: b <a@example.org>"],
    /^--maintainer is a name and an address/,
  ],
};

for (const [what, [args, says]] of Object.entries(NOT_UNDERSTOOD)) {
  Deno.test(`${what} is refused with 2 and the usage`, async () => {
    const { code, out, err } = await run(args);
    assert.deepEqual([code, out], [2, ""]);
    assert.match(err, says);
    assert.match(err, /\nusage: deno task package \[deb\|rpm\|all\] /);
  });
}

Deno.test("--help prints the usage", async () => {
  const { code, out, err } = await run(["-h"]);
  assert.deepEqual([code, err], [0, ""]);
  assert.match(out, /^usage: deno task package /);
});

Deno.test("what cannot be packed is an error", async () => {
  const missing = await run(
    ["deb", "--without-denort", "--deno=/nowhere/deno"],
    buildEnvironment,
  );
  assert.equal(missing.code, 1);
  assert.match(missing.err, /^error: there is no \/nowhere\/deno: /);
  const epoch = await run(["deb", "--without-denort"], {
    ...buildEnvironment,
    SOURCE_DATE_EPOCH: "today",
  });
  assert.equal(epoch.code, 1);
  assert.match(epoch.err, /^error: SOURCE_DATE_EPOCH is not a number/);
});

Deno.test("a denort that is not one is found out before it is packed", async () => {
  const deno = buildEnvironment.DENO_FOR_COMPILE ?? Deno.execPath();
  await assert.rejects(
    checkPair(
      { deno, denort: "/bin/true", denoVersion: "2.4.2" },
      buildEnvironment,
    ),
    (error) =>
      error instanceof BuildError &&
      error.message.startsWith("/bin/true is not the denort of Deno 2.4.2: "),
  );
});

Deno.test("the machine is the program's, not the one that packs", async () => {
  const path = await Deno.makeTempFile();
  try {
    const elf = new Uint8Array(64);
    elf.set([0x7f, 0x45, 0x4c, 0x46, 2, 1]);
    for (const [number, name] of [[62, "amd64"], [183, "arm64"]] as const) {
      elf[18] = number;
      await Deno.writeFile(path, elf);
      assert.equal(await machineOf(path), name);
    }
    elf[18] = 3;
    await Deno.writeFile(path, elf);
    await assert.rejects(machineOf(path), BuildError);
    await Deno.writeTextFile(path, "#!/bin/sh\n");
    await assert.rejects(machineOf(path), BuildError);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("a licence is whose it is and what it grants, and one that does not say whose is refused", () => {
  assert.deepEqual(
    licenseParts(
      "The MIT License (MIT)\r\n\r\nCopyright (c) 2020 One\r\nCopyright Two\r\n\r\nPermission is granted.\r\n\r\nAS IS\r\n",
    ),
    {
      copyright: ["2020 One", "Two"],
      licenseText: "Permission is granted.\n\nAS IS",
    },
  );
  assert.throws(() => licenseParts("MIT License\n\nPermission"), BuildError);
});
