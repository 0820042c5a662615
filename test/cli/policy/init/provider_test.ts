/**
 * `policy init --provider` writes a policy for each provider that passes the tests it writes beside it.
 *
 * @module
 */
import assert from "node:assert/strict";
import { PROVIDER_NAMES } from "../../../../src/cli/policy/init/providers.ts";
import { cli, cliOnDisk } from "../../../support/cli.ts";

const init = (args: readonly string[], files: Record<string, string> = {}) =>
  cli(["policy", "init", ...args], { files });

for (const name of PROVIDER_NAMES) {
  Deno.test(`policy init --provider ${name} writes a policy that passes lint and its own tests`, async () => {
    const folder = await Deno.makeTempDir();
    try {
      const [policy, tests] = [
        `${folder}/site.yaml`,
        `${folder}/site.test.yaml`,
      ];
      const ran = await cliOnDisk([
        ...["policy", "init", "--provider", name, "--output", policy],
      ]);
      assert.deepEqual([ran.code, ran.stderr], [0, ""]);
      assert.ok(ran.stdout.startsWith(`wrote ${policy} and ${tests}: `));
      const lint = await cliOnDisk([
        ...["policy", "lint", "--fail-level", "info", policy],
      ]);
      assert.equal(lint.code, 0, lint.stdout);
      const tested = await cliOnDisk([
        ...[
          "policy",
          "test",
          "--mutate",
          "--coverage-threshold",
          "100",
          policy,
        ],
      ]);
      assert.equal(tested.code, 0, tested.stdout);
      assert.doesNotMatch(tested.stdout, /: 0 tests/);
      const printed = await cliOnDisk(["policy", "init", "--provider", name]);
      assert.equal(printed.stdout, await Deno.readTextFile(policy));
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

Deno.test("the help of policy init names every provider", async () => {
  const { stdout } = await init(["--help"]);
  const words = new Set(stdout.split(/[\s,]+/));
  for (const name of PROVIDER_NAMES) assert.ok(words.has(name), name);
});

Deno.test("policies/README.md has a section for each provider", async () => {
  const readme = await Deno.readTextFile("policies/README.md");
  for (const name of PROVIDER_NAMES) {
    const { stdout } = await init([
      "--provider",
      name,
      "--output",
      "site.yaml",
    ]);
    const section = /policies\/README\.md, "([^"]+)"/.exec(stdout)?.[1];
    assert.ok(readme.includes(`### ${section}\n`), `${name}: ${section}`);
  }
});

for (
  const [what, args, files, code, message] of [
    ["an unknown provider", ["--provider", "goggle"], {}, 2, /--provider is/],
    [
      "a policy that is there",
      ["--provider", "okta", "--output", "site.yaml"],
      { "site.yaml": "" },
      3,
      /"site\.yaml" exists/,
    ],
    [
      "tests that are there",
      ["--provider", "okta", "--output", "site.yaml"],
      { "site.test.yaml": "" },
      3,
      /"site\.test\.yaml" exists/,
    ],
    [
      "a name that is not a policy's",
      ["--provider", "okta", "--output", "site.test.yaml"],
      {},
      2,
      /ends in "\.yaml"/,
    ],
    [
      "another parameter",
      ["--provider", "okta", "--issuer", "https://login.example.edu"],
      {},
      2,
      /goes without --issuer/,
    ],
    ["a file without a provider", ["--output", "site.yaml"], {}, 2, /--output/],
  ] as const
) {
  Deno.test(`policy init refuses ${what}, and writes nothing`, async () => {
    const ran = await init(args, files);
    assert.equal(ran.code, code);
    assert.match(ran.stderr, message);
    assert.deepEqual(ran.written, {});
  });
}
