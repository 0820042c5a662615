/**
 * `policy test --format github|markdown`: annotations, and a table for a job summary.
 *
 * @module
 */
import assert from "node:assert/strict";
import { cli, type CliResult } from "../../../support/cli.ts";
import { POLICY, STAFF } from "../../../support/suites.ts";

const TESTS = `defaults: {issuer: campus, account: alice, claims: ${STAFF}}
tests:
  - {name: staff, expect: {decision: allow, rule: staff}}
  - {name: one factor, claims: {amr: [pwd]}, expect: deny}
`;
const GREEN = `${POLICY}${TESTS}`;
const RED =
  `${GREEN}  - {name: unverified, claims: {email_verified: false}, expect: allow}\n`;

async function policyTest(
  text: string,
  ...args: string[]
): Promise<CliResult> {
  return await cli(["policy", "test", "site.yaml", ...args], {
    files: { "site.yaml": text },
  });
}

Deno.test("policy test --format github: a wrong decision is an error where the test is written", async () => {
  const { code, stdout, stderr } = await policyTest(RED, "--format", "github");
  assert.deepEqual([code, stderr], [1, ""]);
  assert.equal(
    stdout,
    "::error file=site.yaml,line=22,title=policy test%3A unverified::" +
      "expected allow, got deny (account_not_permitted) by no rule" +
      '%0Arule "staff" does not match: when.email_verified.equals: expected true, got false (claim_mismatch)' +
      '%0Arule "nobody-as-backup" does not match: accounts: expected ["backup"], got "alice" (account_mismatch)\n' +
      "::notice title=policy test::site.yaml: 3 tests, 2 passed, 1 failed\n",
  );
});

Deno.test("policy test --format github: all is well", async () => {
  const { code, stdout } = await policyTest(GREEN, "--format", "github");
  assert.equal(code, 0);
  assert.equal(
    stdout,
    "::notice title=policy test::site.yaml: 2 tests, 2 passed, 0 failed\n",
  );
});

Deno.test("policy test --format github: an unnoticed change comes with the test that is missing", async () => {
  const { code, stdout } = await policyTest(
    GREEN,
    "--format=github",
    "--mutate",
  );
  assert.equal(code, 1);
  assert.match(
    stdout,
    /^::error file=site\.yaml,line=\d+,title=policy test::removing "services" .*%0Aa test that notices it:%0A {2}- name: /m,
  );
  assert.match(stdout, /%0Achanges tried: \d+, noticed: \d+, unnoticed: \d+/);
  // ten, and the others by name
  assert.equal([...stdout.matchAll(/^::error /gm)].length <= 10, true);
});

Deno.test("policy test --format github: a policy that cannot be used", async () => {
  const broken = GREEN.replace("rules:", "rulez:");
  const { code, stdout } = await policyTest(broken, "--format", "github");
  assert.equal(code, 3);
  assert.match(
    stdout,
    /^::error file=site\.yaml,line=\d+,.*title=policy\/unknown-key::/m,
  );
});

Deno.test("policy test --format markdown: a table of what failed, with the reasons folded", async () => {
  const { code, stdout, stderr } = await policyTest(
    RED,
    "--format",
    "markdown",
  );
  assert.deepEqual([code, stderr], [1, ""]);
  assert.equal(
    stdout,
    `### Tests of <code>site.yaml</code>

3 tests, 2 passed, 1 failed

|  | place | what | why |
| --- | --- | --- | --- |
| failed | <code>site.yaml:22</code> | <code>unverified</code> | expected allow, got deny (account_not_permitted) by no rule<details><summary>more</summary><pre>rule "staff" does not match: when.email_verified.equals: expected true, got false (claim_mismatch)<br>rule "nobody-as-backup" does not match: accounts: expected &#91;"backup"&#93;, got "alice" (account_mismatch)</pre></details> |
`,
  );
});

Deno.test("policy test --format markdown: the numbers, and no table where nothing is wrong", async () => {
  const { code, stdout } = await policyTest(
    GREEN,
    "--format",
    "markdown",
    "--coverage",
  );
  assert.equal(code, 0);
  assert.match(
    stdout,
    /^### Tests of <code>site\.yaml<\/code>\n\n2 tests, 2 passed, 0 failed; coverage: \d+ % \(\d+ of \d+\)\n/,
  );
  assert.doesNotMatch(stdout, /failed \|/);
  assert.match(
    stdout,
    /<details><summary>\d+ conditions? not covered<\/summary><pre>site\.yaml:/,
  );
});

const NAMES = [
  "a|b",
  "::error::x",
  "##[error]x",
  "</details><script>",
  "`x`",
  "two\\nlines",
  "@everyone",
];

for (const name of NAMES) {
  for (const format of ["github", "markdown"]) {
    Deno.test(`policy test --format ${format}: a test called ${name} begins nothing`, async () => {
      const text = RED.replace("name: unverified", `name: "${name}"`);
      const { code, stdout } = await policyTest(text, "--format", format);
      assert.equal(code, 1);
      const plain = (await policyTest(RED, "--format", format)).stdout;
      const lines = stdout.split("\n");
      assert.equal(lines.length, plain.split("\n").length);
      if (format === "github") {
        const commands = lines.map((line) => /^\s*::(\w+) /.exec(line)?.[1]);
        assert.deepEqual(commands, ["error", "notice", undefined]);
      } else {
        assert.doesNotMatch(stdout, /::|##\[|@|`|<script|<\/details><s/);
        const rows = lines.filter((line) => line.startsWith("|"));
        const cells = rows.map((row) => row.split(/(?<!\\)\|/).length);
        assert.deepEqual(cells, [6, 6, 6]);
      }
    });
  }
}

Deno.test("policy test --reporter writes several reports of one run", async () => {
  const { code, stdout, written } = await policyTest(
    RED,
    "--reporter=pretty",
    "--reporter=github=notes",
    "--reporter=markdown=summary.md",
  );
  assert.equal(code, 1);
  assert.match(stdout, /^site\.yaml:22: failed: unverified$/m);
  assert.match(written["notes"] ?? "", /^::error /);
  assert.match(written["summary.md"] ?? "", /^### Tests/);
  const twice = await policyTest(RED, "--format=json", "--reporter=tap");
  assert.equal(twice.code, 2);
  assert.match(twice.stderr, /two reports would go to standard output/);
});

Deno.test("policy test ends in the same way for every format", async () => {
  const broken = GREEN.replace("rules:", "rulez:");
  const none = POLICY;
  const expected = [[GREEN, 0], [RED, 1], [broken, 3], [none, 4]] as const;
  for (
    const format of ["pretty", "json", "junit", "tap", "github", "markdown"]
  ) {
    for (const [text, code] of expected) {
      const ran = await policyTest(text, "--format", format);
      assert.equal(ran.code, code, `${format} ${code}`);
      // what went wrong is said in the report itself
      if (code !== 0) assert.match(ran.stdout, /fail|error|no tests|unknown/);
    }
  }
});
