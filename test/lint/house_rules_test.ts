/**
 * The house rules notice what they are for, and nothing else.
 *
 * @module
 */
import assert from "node:assert/strict";
import plugin from "./house_rules.ts";

function findings(path: string, source: string): string[] {
  return Deno.lint.runPlugin(plugin, `/checkout/${path}`, source).map((
    { id },
  ) => id);
}

const BREACHES: readonly [string, string, string][] = [
  ["house/process-in-main", "src/pam/login.ts", "Deno.exit(0);"],
  [
    "house/process-in-main",
    "src/cli/cli.ts",
    "const home = Deno.env.get('HOME');",
  ],
  ["house/process-in-main", "src/pam/login.ts", "Deno.exitCode = 0;"],
  ["house/fetch-in-http", "src/issuer/discovery.ts", "await fetch(url);"],
  [
    "house/no-static-node-import",
    "src/cli/cli.ts",
    'import { parseArgs } from "node:util";',
  ],
  [
    "house/pure-folders",
    "src/policy/evaluate/evaluate.ts",
    "const now = Date.now();",
  ],
  [
    "house/pure-folders",
    "src/policy/syntax/parse.ts",
    "Deno.readTextFileSync(path);",
  ],
];

for (const [id, path, source] of BREACHES) {
  Deno.test(`${id} refuses ${JSON.stringify(source)} in ${path}`, () => {
    assert.deepEqual(findings(path, source), [id]);
  });
}

const PERMITTED: readonly [string, string][] = [
  ["src/main.ts", "Deno.exit(0); Deno.env.get('PAM_USER');"],
  ["src/keys.ts", "Deno.exitCode = 4;"],
  ["src/issuer/http.ts", "await fetch(url);"],
  ["src/cli/arguments.ts", 'const { parseArgs } = await import("node:util");'],
  ["src/pam/login.ts", "const now = Date.now();"],
  ["test/demo/main.ts", "Deno.exit(1); await fetch(url);"],
];

for (const [path, source] of PERMITTED) {
  Deno.test(`house rules permit ${JSON.stringify(source)} in ${path}`, () => {
    assert.deepEqual(findings(path, source), []);
  });
}
