/**
 * `policy lint`: exit codes, options, several files, and what lies beside a policy.
 *
 * @module
 */

import assert from "node:assert/strict";
import { runCli } from "../../../../src/cli/cli.ts";
import { processIo } from "../../../../src/cli/io.ts";
import {
  CATALOGUE,
  RULE_IDS,
} from "../../../../src/analysis/lint/catalogue.ts";
import { cli } from "../../../support/cli.ts";

const HEAD = `version: 1 # oauth-pam: ignore[test/none] tests are elsewhere
issuers:
  campus: {issuer: https://login.example.edu, audiences: [ssh]SKEW}
rules:
`;
const policy = (rules: string, skew = "") =>
  `${HEAD.replace("SKEW", skew)}  ${rules}\n`;

const CLEAN = policy("staff: {accounts: [{claim: sub}]}");
const WARNING = policy("staff: {accounts: [{claim: sub}]}", ", clock_skew: 2m");
const INFO = policy(
  "staff: {when: {unit: x}, accounts: [{claim: preferred_username}]}",
);
const ERROR = policy("staff: {accounts: [{names: [deploy]}]}");
const REFUSED = CLEAN.replace("https:", "http:");
const INVALID = CLEAN.replace("audiences", "audience");

const FILES = {
  "clean.yaml": CLEAN,
  "warning.yaml": WARNING,
  "info.yaml": INFO,
  "error.yaml": ERROR,
  "refused.yaml": REFUSED,
  "invalid.yaml": INVALID,
};

const lint = (...args: string[]) =>
  cli(["policy", "lint", ...args], { files: FILES });

const CODES: readonly (readonly [string, number])[] = [
  ["clean.yaml", 0],
  ["info.yaml", 0],
  ["warning.yaml", 0],
  ["error.yaml", 1],
  ["refused.yaml", 1],
  ["invalid.yaml", 3],
  ["missing.yaml", 3],
  ["clean.yaml error.yaml", 1],
  ["error.yaml invalid.yaml", 3],
  ["warning.yaml --fail-level warning", 1],
  ["info.yaml --fail-level warning", 0],
  ["info.yaml --fail-level info", 1],
  ["error.yaml --fail-level never", 0],
  ["invalid.yaml --fail-level never", 3],
  ["warning.yaml --max-warnings 0", 1],
  ["warning.yaml --max-warnings 1", 0],
  ["clean.yaml --no-ignores --fail-level warning", 1],
  ["", 2],
  ["clean.yaml --format xml", 2],
  ["clean.yaml --fail-level warn", 2],
  ["clean.yaml --max-warnings few", 2],
  ["clean.yaml --formt json", 2],
  ["clean.yaml --reporter sarif --reporter json", 2],
  ["clean.yaml --format json --reporter sarif", 2],
  ["clean.yaml --reporter sarif=", 2],
  ["clean.yaml --output x --reporter json=x", 2],
  ["--explain no/such", 2],
  ["--explain rule/redundant clean.yaml", 2],
];

Deno.test("policy lint tells by the clock which rules have ended, and which soon will", async () => {
  const files = {
    "site.yaml": policy(
      "staff: {not_after: 2026-01-31T00:00:00Z, accounts: [{claim: sub}]}",
    ),
  };
  const at = async (now: string) => {
    const { code, stdout } = await cli(
      ["policy", "lint", "site.yaml", "--format", "json"],
      { files, now: Date.parse(now) },
    );
    const { findings } = JSON.parse(stdout) as { findings: { id: string }[] };
    return [code, ...findings.map(({ id }) => id)];
  };
  assert.deepEqual(await at("2026-01-16T23:59:59.999Z"), [0]);
  assert.deepEqual(await at("2026-01-17T00:00:00Z"), [0, "rule/ends-soon"]);
  assert.deepEqual(await at("2026-01-30T23:59:59.999Z"), [0, "rule/ends-soon"]);
  assert.deepEqual(await at("2026-01-31T00:00:00Z"), [1, "rule/ended"]);
});

for (const [line, code] of CODES) {
  Deno.test(`policy lint ${line} ends with ${code}`, async () => {
    const result = await lint(...line.split(" ").filter((word) => word !== ""));
    assert.equal(result.code, code, result.stderr);
    assert.doesNotMatch(result.stderr, /internal error/);
  });
}

Deno.test("the exit code is the same for every format", async () => {
  const names = [...Object.keys(FILES), "missing.yaml"];
  for (const name of names) {
    const { code } = await lint(name);
    for (const format of ["json", "github", "sarif", "junit"]) {
      const result = await lint(name, "--format", format);
      assert.equal(result.code, code, `${name} ${format}`);
      assert.equal(result.stderr, "", "only pretty has a summary");
    }
  }
});

Deno.test("what cannot be read is a finding in every format", async () => {
  for (const format of ["pretty", "json", "github", "sarif", "junit"]) {
    const { stdout } = await lint("missing.yaml", "--format", format);
    assert.match(stdout, /file\/unreadable/, format);
    assert.match(stdout, /does not exist/, format);
  }
});

Deno.test("policy lint --format json has the fields of the interface", async () => {
  const { stdout } = await lint("error.yaml", "--format", "json");
  assert.deepEqual(JSON.parse(stdout), {
    schema: "oauth-pam/lint@1",
    findings: [{
      id: "grant/no-subject-condition",
      level: "error",
      confidence: "medium",
      message:
        'everybody whom "campus" knows may use "deploy": no condition says who',
      file: "error.yaml",
      line: 5,
      column: 23,
      endLine: 5,
      endColumn: 28,
      rule: "staff",
      hint:
        'add a condition on the person, such as "groups: {any: [operators]}"',
    }],
  });
  assert.ok(stdout.startsWith('{\n  "schema": "oauth-pam/lint@1"'));
});

Deno.test("several files are sorted by name and summed up", async () => {
  const { stdout, stderr } = await lint("warning.yaml", "error.yaml");
  assert.deepEqual(
    stdout.split("\n").filter((line) => /^\w+\.yaml:/.test(line))
      .map((line) => line.replace(/ .*\[/, " [")),
    [
      "error.yaml:5:23: [grant/no-subject-condition]",
      "warning.yaml:3:77: [clock/skew-too-large]",
    ],
  );
  assert.equal(stderr, "1 error, 1 warning, 2 suppressed in 2 files\n");
});

Deno.test("--reporter writes several reports, --format and --output one more", async () => {
  const { stdout, written, code } = await lint(
    "error.yaml",
    "--reporter",
    "pretty",
    "--reporter",
    "sarif=out.sarif",
    "--reporter=junit=out.xml",
    "--format=json",
    "--output=out.json",
  );
  assert.equal(code, 1);
  assert.match(stdout, /^error\.yaml:5:23: error: /);
  assert.deepEqual(Object.keys(written).sort(), [
    "out.json",
    "out.sarif",
    "out.xml",
  ]);
  assert.match(written["out.json"] ?? "", /oauth-pam\/lint@1/);
  assert.match(written["out.sarif"] ?? "", /"version": "2.1.0"/);
  assert.match(written["out.xml"] ?? "", /^<\?xml/);
});

Deno.test("standard input is reported under the name that is given", async () => {
  const args = ["policy", "lint", "-", "--stdin-filename", "site.yaml"];
  const { stdout, code } = await cli(args, { stdin: ERROR });
  assert.equal(code, 1);
  assert.match(stdout, /^site\.yaml:5:23: /);
});

Deno.test("--explain prints the page of every rule", async () => {
  for (const id of RULE_IDS) {
    const { stdout, code } = await lint("--explain", id);
    assert.equal(code, 0);
    for (const part of [id, "Avoid:", "Prefer:", "Why:"]) {
      assert.ok(stdout.includes(part), `${id}: ${part}`);
    }
    const json = await lint("--explain", id, "--format", "json");
    const document = JSON.parse(json.stdout);
    assert.equal(document.schema, "oauth-pam/lint-rule@1");
    assert.equal(document.id, id);
    assert.equal(typeof document.why, "string");
  }
});

Deno.test("--explain suggests the nearest id", async () => {
  const { stderr, code } = await lint("--explain", "match/wildcard");
  assert.equal(code, 2);
  assert.match(stderr, /"match\/wildcard-only"/);
});

Deno.test("--list-rules lists every rule with its level", async () => {
  const { stdout } = await lint("--list-rules");
  const lines = stdout.trimEnd().split("\n");
  assert.equal(lines.length, CATALOGUE.length);
  assert.match(stdout, /^test\/none +warning +neither/m);
  const json = JSON.parse((await lint("--list-rules", "--format=json")).stdout);
  assert.equal(json.schema, "oauth-pam/lint-rules@1");
  assert.deepEqual(
    json.rules.map(({ id, level }: { id: string; level: string }) =>
      `${id} ${level}`
    ),
    CATALOGUE.map(({ id, level }) => `${id} ${level}`),
  );
});

/** `policy lint` on real files. */
async function lintFiles(
  files: Readonly<Record<string, string>>,
  args: (folder: string) => readonly string[],
  prepare: (folder: string) => Promise<void> = () => Promise.resolve(),
) {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${folder}/${name}`, text);
    }
    await prepare(folder);
    let stdout = "";
    let stderr = "";
    const code = await runCli(
      ["policy", "lint", "--format", "json", ...args(folder)],
      {
        ...processIo(),
        stdout: (text) => stdout += text,
        stderr: (text) => stderr += text,
      },
    );
    const findings: { id: string; file: string; message: string }[] =
      JSON.parse(stdout).findings;
    return {
      code,
      stderr,
      findings,
      folder,
      ids: findings.map(({ id }) => id),
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const BARE = CLEAN.replace(/ #.*/, "");
const ALLOW = "tests:\n  - {name: a, account: a, expect: allow}\n";
const DENY =
  "tests:\n  - {name: a, account: a, expect: {reason: mfa_required}}\n";

Deno.test("tests beside a policy count as its tests", async () => {
  const ids = async (beside: Record<string, string>) =>
    (await lintFiles(
      { "site.yaml": BARE, ...beside },
      (folder) => [`${folder}/site.yaml`],
    )).ids;
  assert.deepEqual(await ids({}), ["test/none"]);
  assert.deepEqual(await ids({ "other.test.yaml": DENY }), ["test/none"]);
  assert.deepEqual(await ids({ "site.test.yaml": ALLOW }), ["test/no-deny"]);
  assert.deepEqual(await ids({ "site.test.yaml": DENY }), []);
  assert.deepEqual(await ids({ "site.test.yaml": "a: [" }), ["yaml/syntax"]);
});

Deno.test("tables of tests count as tests, and what they do not say as a deny", async () => {
  const ids = async (row: string) =>
    (await lintFiles(
      {
        "site.yaml": BARE,
        "site.test.yaml":
          "tables:\n  - name: who\n    subjects: {a: {}, b: {}}\n" +
          `    groups: {all: [a, b]}\n    expect: {a: ${row}}\n`,
      },
      (folder) => [`${folder}/site.yaml`],
    )).ids;
  assert.deepEqual(await ids("{a: allow}"), []);
  assert.deepEqual(await ids("{}"), []);
  assert.deepEqual(await ids("{all: allow, b: deny}"), []);
  for (const open of ["{a: allow, b: allow}", "{all: allow}"]) {
    assert.deepEqual(await ids(open), ["test/no-deny"]);
  }
});

Deno.test("a folder's files can be named together with the tests", async () => {
  const { code, ids } = await lintFiles(
    { "site.yaml": BARE, "site.test.yaml": DENY },
    (folder) => [`${folder}/site.yaml`, `${folder}/site.test.yaml`],
  );
  assert.equal(code, 0);
  assert.deepEqual(ids, []);
});

Deno.test("--installed looks at the mode of the file and of the folders above", async () => {
  const installed = (mode: number, ...args: string[]) =>
    lintFiles(
      { "site.yaml": CLEAN },
      (folder) => [`${folder}/site.yaml`, ...args],
      (folder) => Deno.chmod(`${folder}/site.yaml`, mode),
    );
  const open = await installed(0o664, "--installed");
  assert.equal(open.code, 1);
  const modes = open.findings.filter(({ id }) => id === "file/mode");
  assert.ok(modes.some(({ message }) => message.includes("mode 0664")));
  const closed = await installed(0o644, "--installed");
  assert.ok(!closed.ids.includes("file/mode"), closed.findings[0]?.message);
  // in a checkout it is nobody's business
  assert.deepEqual((await installed(0o666)).ids, []);
});

Deno.test("--installed says that a login follows no symbolic link", async () => {
  const { findings } = await lintFiles(
    { "real.yaml": CLEAN },
    (folder) => [`${folder}/site.yaml`, "--installed"],
    (folder) => Deno.symlink(`${folder}/real.yaml`, `${folder}/site.yaml`),
  );
  const link = findings.find(({ message }) => message.includes("symbolic"));
  assert.equal(link?.id, "file/mode");
});

Deno.test("a report that cannot be written is a usage error", async () => {
  const folder = await Deno.makeTempDir();
  try {
    let stderr = "";
    const io = { ...processIo(), stderr: (text: string) => stderr += text };
    await Deno.writeTextFile(`${folder}/site.yaml`, CLEAN);
    const args = ["policy", "lint", `${folder}/site.yaml`];
    const code = await runCli([...args, "--output", `${folder}/no/out`], io);
    assert.equal(code, 2);
    assert.match(stderr, /cannot write/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
