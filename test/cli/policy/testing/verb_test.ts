/**
 * `policy test`: which files it runs, what it prints and how it ends.
 *
 * @module
 */

import assert from "node:assert/strict";
import { runCli } from "../../../../src/cli/cli.ts";
import { processIo } from "../../../../src/cli/io.ts";
import { cli } from "../../../support/cli.ts";
import { POLICY, STAFF } from "../../../support/suites.ts";

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `policy test` in a folder with these files; the folder's own name never shows. */
async function policyTest(
  files: Readonly<Record<string, string>>,
  args: readonly string[] = ["site.yaml"],
  more: { stdin?: string; interactive?: boolean; now?: () => number } = {},
): Promise<Ran & { written: (name: string) => string }> {
  const folder = await Deno.makeTempDir();
  for (const [name, text] of Object.entries(files)) {
    await Deno.writeTextFile(`${folder}/${name}`, text);
  }
  const output = { stdout: "", stderr: "" };
  const paths = args.map((arg) =>
    arg.endsWith("yaml") || arg.endsWith(".yml") || arg === "out"
      ? `${folder}/${arg}`
      : arg
  );
  const code = await runCli(["policy", "test", ...paths], {
    ...processIo(),
    stdout: (text) => output.stdout += text,
    stderr: (text) => output.stderr += text,
    readStdin: () =>
      Promise.resolve(new TextEncoder().encode(more.stdin ?? "")),
    now: more.now ?? (() => 0),
    color: false,
    interactive: more.interactive ?? false,
  });
  const written = Object.fromEntries(
    [...Deno.readDirSync(folder)].map(({ name }) => [
      name,
      Deno.readTextFileSync(`${folder}/${name}`),
    ]),
  );
  await Deno.remove(folder, { recursive: true });
  const plain = (text: string) => text.replaceAll(`${folder}/`, "");
  return {
    code,
    stdout: plain(output.stdout),
    stderr: plain(output.stderr),
    written: (name) => plain(written[name] ?? ""),
  };
}

const DEFAULTS = `defaults: {issuer: campus, account: alice, claims: ${STAFF}}
tests:
`;
const GRANT = "  - {name: staff, expect: {decision: allow, rule: staff}}\n";
const DENY = "  - {name: one factor, claims: {amr: [pwd]}, expect: deny}\n";
const WRONG =
  "  - {name: unverified, claims: {email_verified: false}, expect: allow}\n";

const GREEN = `${POLICY}${DEFAULTS}${GRANT}${DENY}`;
const RED = `${GREEN}${WRONG}`;

Deno.test("policy test ends with 0 when all tests pass", async () => {
  assert.deepEqual(
    { ...await policyTest({ "site.yaml": GREEN }), written: null },
    {
      code: 0,
      stdout: "site.yaml: 2 tests, 2 passed, 0 failed\n",
      stderr: "",
      written: null,
    },
  );
});

Deno.test("policy test ends with 1 and explains a wrong decision rule by rule", async () => {
  const { code, stdout, stderr } = await policyTest({ "site.yaml": RED });
  assert.equal(code, 1);
  assert.equal(stderr, "");
  assert.equal(
    stdout,
    `site.yaml:22: failed: unverified
  expected: allow
  actual:   deny (account_not_permitted) by no rule
    rule "staff" does not match: when.email_verified.equals: expected true, got false (claim_mismatch)
    rule "nobody-as-backup" does not match: accounts: expected ["backup"], got "alice" (account_mismatch)
site.yaml: 3 tests, 2 passed, 1 failed
`,
  );
});

Deno.test("the JSON report has the documented shape", async () => {
  const { code, stdout } = await policyTest({ "site.yaml": RED }, [
    "site.yaml",
    "--format",
    "json",
  ]);
  assert.equal(code, 1);
  const [, , third] = JSON.parse(stdout).tests;
  assert.equal(third.actual.explanation.length, 2);
  delete third.actual.explanation;
  const passed = {
    name: "staff",
    file: "site.yaml",
    line: 20,
    passed: true,
    expected: { decision: "allow", rule: "staff" },
    actual: { decision: "allow", reason: "allowed", rule: "staff" },
  };
  const report = JSON.parse(stdout);
  assert.deepEqual(Object.keys(report), [
    "schema",
    "tests",
    "passed",
    "failed",
  ]);
  assert.equal(report.schema, "oauth-pam/test@1");
  assert.deepEqual(report.tests[0], passed);
  assert.deepEqual([report.passed, report.failed], [2, 1]);
  assert.deepEqual(third, {
    name: "unverified",
    file: "site.yaml",
    line: 22,
    passed: false,
    expected: { decision: "allow" },
    actual: { decision: "deny", reason: "account_not_permitted", rule: null },
  });
});

Deno.test("the TAP report is version 14, with the plan first and YAML diagnostics", async () => {
  const { code, stdout } = await policyTest({
    "site.yaml": RED.replace("name: unverified", 'name: "#1 \\\\ odd"'),
  }, ["site.yaml", "--format=tap"]);
  assert.equal(code, 1);
  assert.deepEqual(stdout.split("\n").slice(0, 11), [
    "TAP version 14",
    "1..3",
    "ok 1 - staff",
    "ok 2 - one factor",
    "not ok 3 - \\#1 \\\\ odd",
    "  ---",
    '  message: "expected allow, got deny (account_not_permitted) by no rule"',
    '  severity: "fail"',
    '  at: {"file":"site.yaml","line":22}',
    '  expected: {"decision":"allow"}',
    '  actual: {"decision":"deny","reason":"account_not_permitted","rule":null}',
  ]);
});

Deno.test("the JUnit report tells a failure from an error and stays well-formed", async () => {
  const { code, stdout } = await policyTest({
    "site.yaml": `${
      RED.replace("name: unverified", 'name: "<un&verified \\u0001\\">"')
    }  - {name: broken, issuer: nobody, expect: deny}\n`,
  }, ["site.yaml", "--format", "junit"]);
  assert.equal(code, 3);
  assert.match(
    stdout,
    /^<\?xml version="1.0" encoding="UTF-8"\?>\n<testsuites name="oauth-pam policy test" tests="4" failures="1" errors="1">\n {2}<testsuite name="site.yaml" tests="4" failures="1" errors="1">\n/,
  );
  assert.match(
    stdout,
    /<testcase classname="site.yaml" name="staff" file="site.yaml" line="20"\/>/,
  );
  assert.match(
    stdout,
    /name="&lt;un&amp;verified \ufffd&quot;&gt;" file="site.yaml" line="22">\n {6}<failure message="expected allow, got deny/,
  );
  assert.match(
    stdout,
    /<error message="there is no issuer &quot;nobody&quot;">/,
  );
});

Deno.test("site.test.yaml belongs to site.yaml, and no other file of tests does", async () => {
  const files = {
    "site.yaml": POLICY,
    "site.test.yaml": `${DEFAULTS}${GRANT}${DENY}`,
    "other.test.yaml": "nonsense: true\n",
  };
  const { code, stdout, stderr } = await policyTest(files);
  assert.equal(code, 0);
  assert.equal(stdout, "site.yaml: 2 tests, 2 passed, 0 failed\n");
  assert.equal(
    stderr,
    'oauth-pam: warning: "other.test.yaml" was not run: there is no policy beside it\n',
  );
});

Deno.test("a file of tests on the command line stands for its policy, which runs once", async () => {
  const files = {
    "site.yaml": POLICY,
    "site.test.yaml": `${DEFAULTS}${GRANT}${DENY}`,
  };
  const { code, stdout } = await policyTest(files, [
    "site.test.yaml",
    "site.yaml",
  ]);
  assert.equal(code, 0);
  assert.equal(stdout, "site.yaml: 2 tests, 2 passed, 0 failed\n");
});

Deno.test("failures in the file beside the policy have their place there", async () => {
  const { code, stdout } = await policyTest({
    "site.yml": POLICY,
    "site.test.yaml": `${DEFAULTS}${DENY}${WRONG}`,
  }, ["site.yml"]);
  assert.equal(code, 1);
  assert.match(stdout, /^site.test.yaml:4: failed: unverified\n/);
});

Deno.test("policy test reads a policy with its tests from standard input", async () => {
  const { code, stdout } = await policyTest({}, [
    "-",
    "--stdin-filename",
    "piped",
  ], { stdin: GREEN });
  assert.equal(code, 0);
  assert.equal(stdout, "piped: 2 tests, 2 passed, 0 failed\n");
});

const UNUSABLE: readonly (readonly [string, string, RegExp])[] = [
  [
    "an unknown rule",
    "{name: a, expect: {decision: deny, rule: stuff}}",
    /\[test\/unknown-rule\]/,
  ],
  [
    "an unknown reason",
    "{name: a, expect: {reason: stuff}}",
    /\[test\/unknown-reason\]/,
  ],
  [
    "an unknown issuer",
    "{name: a, issuer: stuff, expect: deny}",
    /\[test\/unknown-issuer\]/,
  ],
  [
    "a second test of the same name",
    "{name: staff, expect: deny}",
    /\[test\/duplicate-name\]/,
  ],
  ["a test without an expectation", "{name: a}", /\[test\/no-expectation\]/],
  [
    "a test with an unknown key",
    "{name: a, expct: deny}",
    /\[test\/unknown-key\]/,
  ],
];

for (const [what, test, expected] of UNUSABLE) {
  Deno.test(`policy test ends with 3 because of ${what}, and runs the others`, async () => {
    const { code, stdout } = await policyTest({
      "site.yaml": `${GREEN}  - ${test}\n`,
    });
    assert.equal(code, 3);
    assert.match(stdout, expected);
    assert.match(stdout, /[23] tests, 2 passed/);
  });
}

Deno.test("policy test ends with 3 when no test expects a deny", async () => {
  const { code, stdout } = await policyTest({
    "site.yaml": `${POLICY}${DEFAULTS}${GRANT}`,
  });
  assert.equal(code, 3);
  assert.match(stdout, /no test expects a deny \[test\/no-deny\]/);
});

Deno.test("policy test ends with 3 when the policy or the file beside it is broken", async () => {
  const cases: readonly Readonly<Record<string, string>>[] = [
    { "site.yaml": `${GREEN}nonsense: 1\n` },
    { "site.yaml": GREEN.replace("https://", "http://") },
    { "site.yaml": GREEN, "site.test.yaml": "tests: [" },
    {},
  ];
  for (const files of cases) {
    const { code, stdout } = await policyTest(files);
    assert.equal(code, 3, stdout);
    assert.match(stdout, /error: /);
  }
});

Deno.test("policy test ends with 4 when there are no tests", async () => {
  for (const files of [POLICY, `${POLICY}tests: []\n`]) {
    for (const format of ["pretty", "json", "junit", "tap"]) {
      const { code, stdout } = await policyTest({ "site.yaml": files }, [
        "site.yaml",
        "--format",
        format,
        "--mutate",
        "--coverage",
      ]);
      assert.equal(code, 4);
      assert.match(stdout, /site.yaml: there are no tests/);
    }
  }
});

Deno.test("one policy without tests makes the whole run end with 4", async () => {
  const { code } = await policyTest({ "site.yaml": RED, "b.yaml": POLICY }, [
    "site.yaml",
    "b.yaml",
  ]);
  assert.equal(code, 4);
});

Deno.test("--filter runs what has the text in its name, and 4 tells that nothing has", async () => {
  const files = { "site.yaml": RED, "b.yaml": GREEN };
  const some = await policyTest(files, [
    "site.yaml",
    "b.yaml",
    "--filter",
    "unver",
  ]);
  assert.equal(some.code, 1);
  assert.match(some.stdout, /site.yaml: 1 test, 0 passed, 1 failed\n$/);
  assert.doesNotMatch(some.stdout, /b.yaml/);
  const none = await policyTest(files, [
    "site.yaml",
    "b.yaml",
    "--filter",
    "Unver",
  ]);
  assert.equal(none.code, 4);
  assert.match(none.stdout, /no test has "Unver" in its name/);
});

Deno.test("--coverage lists what no test has shown, and a threshold makes it fail", async () => {
  const shown = await policyTest({ "site.yaml": GREEN }, [
    "site.yaml",
    "--coverage",
  ]);
  assert.equal(shown.code, 0);
  assert.match(shown.stdout, /^coverage: 52 % \(11 of 21\)\n/);
  assert.match(
    shown.stdout,
    / {2}site.yaml:12: in no test "when.email_verified.equals" of the rule "staff" fails\n/,
  );
  const enough = await policyTest({ "site.yaml": GREEN }, [
    "site.yaml",
    "--coverage-threshold=52",
  ]);
  assert.equal(enough.code, 0);
  const short = await policyTest({ "site.yaml": GREEN }, [
    "site.yaml",
    "--coverage-threshold=53",
    "--format=json",
  ]);
  assert.equal(short.code, 1);
  const { coverage } = JSON.parse(short.stdout);
  assert.deepEqual(
    [coverage.covered, coverage.total, coverage.percent, coverage.threshold],
    [11, 21, 52, 53],
  );
  assert.deepEqual(coverage.policies, [
    { file: "site.yaml", covered: 11, total: 21, percent: 52 },
  ]);
  assert.deepEqual(coverage.uncovered[3], {
    message:
      'in no test "when.email_verified.equals" of the rule "staff" fails',
    file: "site.yaml",
    line: 12,
    rule: "staff",
    condition: ["when", "email_verified", "equals"],
    outcome: "fails",
  });
});

Deno.test("--coverage is told also when a test fails", async () => {
  const { code, stdout } = await policyTest({ "site.yaml": RED }, [
    "site.yaml",
    "--coverage",
  ]);
  assert.equal(code, 1);
  assert.match(stdout, /failed: unverified/);
  assert.match(stdout, /coverage: 61 %/);
});

Deno.test("--mutate names an unnoticed change with its place and the missing test", async () => {
  const { code, stdout } = await policyTest({ "site.yaml": GREEN }, [
    "site.yaml",
    "--mutate",
    "--format",
    "json",
  ]);
  assert.equal(code, 1);
  const { mutation } = JSON.parse(stdout);
  assert.deepEqual(Object.keys(mutation), [
    "tried",
    "noticed",
    "equivalent",
    "survived",
    "unknown",
    "host",
  ]);
  const found = mutation.survived.find(({ message }: { message: string }) =>
    message.includes("email_verified")
  );
  assert.equal(found.line, 12);
  assert.equal(found.rule, "staff");
  assert.deepEqual(found.test.expect, {
    decision: "deny",
    reason: "account_not_permitted",
  });
  const pasted = await policyTest({ "site.yaml": GREEN + found.yaml }, [
    "site.yaml",
    "--mutate",
  ]);
  assert.equal(pasted.code, 1);
  assert.match(pasted.stdout, /3 tests, 3 passed, 0 failed/);
  assert.doesNotMatch(pasted.stdout, /email_verified.equals/);
});

Deno.test("--mutate tries nothing while a test fails", async () => {
  const { code, stdout } = await policyTest({ "site.yaml": RED }, [
    "site.yaml",
    "--mutate",
  ]);
  assert.equal(code, 1);
  assert.match(stdout, /no changes were tried/);
});

/** One rule, with tests that leave nothing else unnoticed. */
const ISSUER =
  "version: 1\nissuers: {campus: {issuer: https://login.example.edu, audiences: [ssh]}}\n";

Deno.test("a change of which it is not known whether it matters fails, in every format", async () => {
  // only a request with this text as "exp" would show it, which in a test is a time
  const text =
    `${ISSUER}rules: {odd: {when: {exp: "now-1h"}, accounts: [{names: [alice]}]}}
tests:
  - {name: other, account: bob, expect: deny}
  - {name: none, account: alice, expect: deny}
`;
  for (const format of ["pretty", "json", "junit", "tap"]) {
    const { code, stdout } = await policyTest({ "site.yaml": text }, [
      "site.yaml",
      "--mutate",
      "--format",
      format,
    ]);
    assert.equal(code, 1, stdout);
    assert.match(
      stdout,
      /removing the rule \S*odd\S* changes no test, and may change a decision: the request that shows it cannot be a test/,
    );
  }
  const { stdout } = await policyTest({ "site.yaml": text }, [
    "site.yaml",
    "--mutate",
  ]);
  assert.match(stdout, /, without effect: [01], not known: [1-9]/);
});

Deno.test("a change that only the host could show is told, and no test is missing", async () => {
  const text = `${ISSUER}rules:
  open: {accounts: [{names: [daemon]}], allow_protected: true}
  same: {accounts: [{names: [daemon]}]}
tests:
  - {name: daemon, account: daemon, expect: allow}
  - {name: root, account: root, expect: deny}
`;
  const { code, stdout } = await policyTest({ "site.yaml": text }, [
    "site.yaml",
    "--mutate",
  ]);
  assert.match(stdout, /unnoticed: 0, .*, beyond tests: [1-9]/);
  assert.match(
    stdout,
    /site.yaml:4: removing the rule "open" only matters for accounts that the host keeps for the system/,
  );
  assert.equal(code, 0, stdout);
});

Deno.test("--coverage says why a condition is uncovered", async () => {
  const files = {
    "site.yaml":
      `${ISSUER}rules: {own: {when: {role: staff}, accounts: [{claim: sub}]}}
tests:
  - {name: own, account: alice, claims: {sub: alice, role: staff}, expect: allow}
  - {name: vacuous, account: alice, claims: {}, expect: deny}
`,
  };
  const { stdout } = await policyTest(files, ["site.yaml", "--coverage"]);
  assert.match(
    stdout,
    /site.yaml:3: in no test "when.role.equals" of the rule "own" fails alone: in "vacuous", "accounts" fails too\n/,
  );
  const json = await policyTest(files, [
    "site.yaml",
    "--coverage",
    "--format=json",
  ]);
  const [point] = JSON.parse(json.stdout).coverage.uncovered;
  assert.equal(point.why, 'in "vacuous", "accounts" fails too');
});

Deno.test("every format tells what makes the run fail", async () => {
  for (const format of ["pretty", "json", "junit", "tap"]) {
    const { code, stdout } = await policyTest({ "site.yaml": GREEN }, [
      "site.yaml",
      "--mutate",
      "--coverage-threshold=100",
      "--format",
      format,
    ]);
    assert.equal(code, 1);
    assert.match(stdout, /changes no test/);
    assert.match(stdout, /in no test/);
  }
});

Deno.test("long work shows how far it is, on a terminal only", async () => {
  let time = 0;
  const now = () => time += 1000;
  const args = ["site.yaml", "--mutate"];
  const files = { "site.yaml": GREEN };
  const shown = await policyTest(files, args, { interactive: true, now });
  assert.match(shown.stderr, /trying changes: 2 of 15/);
  const hidden = await policyTest(files, args, { now });
  assert.equal(hidden.stderr, "");
});

Deno.test("--output takes the report away from standard output", async () => {
  const { code, stdout, written } = await policyTest({ "site.yaml": GREEN }, [
    "site.yaml",
    "--format=junit",
    "--output",
    "out",
  ]);
  assert.equal(code, 0);
  assert.equal(stdout, "");
  assert.match(written("out"), /^<\?xml/);
});

Deno.test("what cannot be understood on the command line ends with 2", async () => {
  const wrong = [
    [],
    ["site.yaml", "--coverage-threshold=101"],
    ["site.yaml", "--coverage-threshold=9.5"],
    ["site.yaml", "--format=xml"],
    ["site.yaml", "--mutat"],
  ];
  for (const args of wrong) {
    const { code, stdout, stderr } = await policyTest({}, args);
    assert.equal(code, 2, args.join(" "));
    assert.equal(stdout, "");
    assert.match(stderr, /^oauth-pam: error: /);
  }
});

Deno.test("names cannot steer the terminal", async () => {
  const { stdout } = await policyTest({
    "site.yaml": RED.replace("name: unverified", 'name: "\\e[2Jx"'),
  });
  assert.match(stdout, /failed: \\u001b\[2Jx/);
});

Deno.test("what must never be is admitted where the rule that forbids it ends", async () => {
  const policy = (end: string) =>
    `version: 1
issuers: {campus: {issuer: "https://login.example.edu", audiences: [ssh]}}
never: {deploy: {accounts: [deploy]}}
rules:
  all: {accounts: [{claim: sub}]}
  keep: {effect: deny, accounts: [{names: [deploy]}]${end}}
tests:
  - {name: "yes", account: alice, claims: {sub: alice}, expect: allow}
  - {name: "no", account: bob, claims: {sub: alice}, expect: deny}
`;
  const run = (end: string) =>
    cli(["policy", "test", "p.yaml"], { files: { "p.yaml": policy(end) } });
  assert.equal((await run("")).code, 0);
  const { code, stdout, stderr } = await run(
    ", not_after: 2027-01-31T00:00:00Z",
  );
  assert.equal(code, 1);
  assert.match(
    stdout + stderr,
    /"deploy" must never be, and rule "all" admits it: .*, no remote address, at 2027-01-31T00:00:00Z, claims \{"sub":"deploy"\}/,
  );
});

Deno.test("policy test fails where what must never be is admitted, whatever the tests say", async () => {
  const policy = (rhosts: string) =>
    `version: 1
issuers: {campus: {issuer: "https://login.example.edu", audiences: [ssh]}}
never: {outside: {accounts: [deploy], unless: {rhosts: [10.0.0.0/8]}}}
rules: {ci: {${rhosts}when: {job: release}, accounts: [{names: [deploy]}]}}
tests:
  - {name: in, account: deploy, rhost: 10.0.0.1, claims: {job: release}, expect: allow}
  - {name: out, account: deploy, claims: {job: other}, expect: deny}
`;
  const broken = await policyTest({ "site.yaml": policy("") });
  assert.equal(broken.code, 1);
  assert.match(
    broken.stdout,
    /"outside" must never be, and rule "ci" admits it/,
  );
  const fine = await policyTest({
    "site.yaml": policy("rhosts: [10.0.0.0/8], "),
  });
  assert.equal(fine.code, 0, fine.stdout);
});
