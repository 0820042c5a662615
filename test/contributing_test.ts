/**
 * The map in CONTRIBUTING.md is of this house, and a key of an issuer takes the one row that it says.
 *
 * @module
 */
import assert from "node:assert/strict";

const ROOT = new URL("../", import.meta.url);
const MAP = await Deno.readTextFile(new URL(".github/CONTRIBUTING.md", ROOT));

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(new URL(path, ROOT)).then(() => true, () => false);
}

Deno.test("CONTRIBUTING.md names files and folders that there are", async () => {
  const named = [...MAP.matchAll(/`([a-z_./]+(?:\/|\.ts))`/g)]
    .map(([, path = ""]) => path);
  assert.ok(named.length >= 40, String(named.length));
  const missing: string[] = [];
  for (const path of named) {
    const places = [path, `src/${path}`, `src/policy/${path}`, `test/${path}`];
    const found = await Promise.all(
      [...places, `src/policy/syntax/${path}`].map(exists),
    );
    if (!found.includes(true)) missing.push(path);
  }
  assert.deepEqual(missing, []);
});

Deno.test("CONTRIBUTING.md shows every folder of src/", async () => {
  for await (
    const { name, isDirectory } of Deno.readDir(new URL("src/", ROOT))
  ) {
    const row = `| \`${name}${isDirectory ? "/" : ""}\` `;
    assert.ok(MAP.includes(row), row);
  }
});

Deno.test("CONTRIBUTING.md names tasks that there are", async () => {
  const { tasks } = JSON.parse(
    await Deno.readTextFile(new URL("deno.json", ROOT)),
  );
  const named = [...MAP.matchAll(/`deno task ([a-z]+)/g)].map(([, name]) =>
    name
  );
  assert.ok(named.length > 0);
  assert.deepEqual(
    named.filter((name) => !Object.hasOwn(tasks, name ?? "")),
    [],
  );
});

/** What a row brings along, printed by a program in a copy of the checkout. */
const PROBE = `
import { parsePolicy, usable } from "./src/policy/syntax/parse.ts";
import { policyDocument } from "./src/policy/syntax/write.ts";
import { settingChanges } from "./src/analysis/diff/settings.ts";
import { policyJsonSchema } from "./src/cli/policy/schema/json_schema.ts";
import { generatedTable } from "./test/docs/tables.ts";

const text = (line: string) => \`version: 1
issuers:
  campus:
    issuer: https://login.example.edu
    audiences: [ssh]
    \${line}
rules:
  staff: {accounts: [{claim: sub}]}
\`;
const read = (line: string) => {
  const policy = usable(parsePolicy(text(line), { file: "p.yaml" }));
  if (policy === null) throw new Error(line);
  return policy;
};
const [left, set] = [read(""), read("patience: 5m")];
// the type has the key, too
const seconds: (number | undefined)[] = [left, set].map(({ issuers }) => issuers[0]?.patience);
const issuers = (document: unknown) =>
  (document as { issuers: { campus: Record<string, unknown> } }).issuers.campus;
const schema = JSON.parse(JSON.stringify(policyJsonSchema()));
console.log(JSON.stringify({
  seconds,
  refused: parsePolicy(text("patience: 5"), { file: "p.yaml" }).diagnostics[0]?.message,
  written: issuers(policyDocument(set)).patience,
  change: settingChanges(left, set).map(({ path, verdict }) => [path, verdict]),
  schema: schema.properties.issuers.additionalProperties.properties.patience,
  table: (await generatedTable("issuer keys")).split("\\n").filter((row) => row.includes("patience")),
}));
`;

Deno.test("a key of an issuer is one row in one file", async () => {
  const copy = await Deno.makeTempDir({ prefix: "oauth-pam-key-" });
  try {
    for (
      const path of ["deno.json", "deno.lock", "src", "policies", "test/docs"]
    ) {
      await copyTree(new URL(path, ROOT).pathname, `${copy}/${path}`);
    }
    const path = `${copy}/src/policy/syntax/schema.ts`;
    const rows = await Deno.readTextFile(path);
    const [before, after, ...more] = rows.split("  one_time: setting(");
    assert.ok(after !== undefined && more.length === 0);
    const row =
      '  patience: duration("1m", { says: "how long", change: "limit" }),';
    await Deno.writeTextFile(
      path,
      `${before}${row}\n  one_time: setting(${after}`,
    );
    await Deno.writeTextFile(`${copy}/probe.ts`, PROBE);
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--check",
        "--frozen",
        "--no-prompt",
        "--allow-env",
        "probe.ts",
      ],
      cwd: copy,
      env: { NO_COLOR: "1" },
    }).output();
    const told = new TextDecoder().decode(stderr);
    assert.equal(code, 0, told);
    assert.deepEqual(JSON.parse(new TextDecoder().decode(stdout)), {
      seconds: [60, 300],
      refused:
        '5: a duration is a number with a unit, such as "90s", "15m", "8h" or "7d"',
      written: "5m",
      change: [["issuers.campus.patience", "wider"]],
      schema: {
        type: "string",
        pattern: "^(?:0|[1-9][0-9]{0,8})(?:s|m|h|d)$",
        patternErrorMessage:
          'a duration is a number with a unit, such as "90s", "15m", "8h" or "7d"',
        description: "how long",
        default: "1m",
      },
      table: ["| `patience` | `1m` | how long | all |"],
    });
  } finally {
    await Deno.remove(copy, { recursive: true });
  }
});

async function copyTree(from: string, to: string): Promise<void> {
  const { isDirectory } = await Deno.stat(from);
  if (!isDirectory) {
    await Deno.mkdir(to.slice(0, to.lastIndexOf("/")), { recursive: true });
    return await Deno.copyFile(from, to);
  }
  await Deno.mkdir(to, { recursive: true });
  for await (const { name } of Deno.readDir(from)) {
    await copyTree(`${from}/${name}`, `${to}/${name}`);
  }
}
