/**
 * `policy diff --format github|markdown`: annotations, and who gains and who loses as a table.
 *
 * @module
 */
import assert from "node:assert/strict";
import { cli, type CliOptions, type CliResult } from "../../../support/cli.ts";

const OLD = `version: 1
issuers:
  campus: {issuer: https://login.example.edu, audiences: [ssh]}
rules:
  staff: {when: {groups: {any: [staff]}}, accounts: [{names: [alice]}]}
  ops: {when: {groups: {any: [ops]}}, accounts: [{names: [deploy]}]}
`;
const WIDER = OLD.replace("[staff]", "[staff, guest]");
const BOTH = WIDER.replace("  ops: {when", "  ops: {services: [sshd], when");
const HOSTILE = "</details>|`::error::x`@all ##[error]x\\n";

async function diff(
  next: string,
  args: readonly string[],
  options: CliOptions = {},
): Promise<CliResult> {
  return await cli(["policy", "diff", "old.yaml", "new.yaml", ...args], {
    ...options,
    files: { "old.yaml": OLD, "new.yaml": next, ...options.files },
  });
}

Deno.test("policy diff --format github: what fails the gate is an error at its line", async () => {
  const args = ["--format", "github", "--fail-on", "wider"];
  const { code, stdout, stderr } = await diff(BOTH, args);
  assert.deepEqual([code, stderr], [1, ""]);
  const [gains, loses, verdict, ...none] = stdout.split("\n");
  assert.equal(
    gains,
    '::error file=new.yaml,line=5,title=policy diff%3A wider::rule "staff" admits more: when.groups.any, added "guest"' +
      "%0Aaccount alice%0Aissuer campus, service sshd, no remote address" +
      '%0Aclaims {"groups":["guest"]}%0Aold: deny, account_not_permitted%0Anew: allow by rule staff',
  );
  assert.match(
    loses ?? "",
    /^::notice file=new\.yaml,line=6,title=policy diff%3A narrower::rule "ops" admits less: services/,
  );
  assert.equal(
    verdict,
    "::notice title=policy diff::incomparable: the new policy admits what the old one refuses, and the reverse",
  );
  assert.deepEqual(none, [""]);
});

Deno.test("policy diff --format github: the level follows --fail-on, and the code does not follow the format", async () => {
  const levels = {
    wider: [1, "error"],
    any: [1, "error"],
    narrower: [0, "warning"],
    never: [0, "warning"],
  } as const;
  for (const [failOn, [code, level]] of Object.entries(levels)) {
    for (const format of ["github", "markdown", "pretty", "json"]) {
      const ran = await diff(WIDER, ["--format", format, "--fail-on", failOn]);
      assert.equal(ran.code, code, `${format} ${failOn}`);
      if (format !== "github") continue;
      assert.match(ran.stdout, new RegExp(`^::${level} file=new`), failOn);
    }
  }
});

Deno.test("policy diff --format github: the same decisions are one notice", async () => {
  const { code, stdout } = await diff(OLD, ["--format", "github"]);
  assert.equal(code, 0);
  assert.equal(
    stdout,
    "::notice title=policy diff::equivalent: both policies decide the same\n",
  );
});

Deno.test("policy diff --format markdown: who gains and who loses, by which rule and line", async () => {
  const { code, stdout, stderr } = await diff(BOTH, ["--format", "markdown"]);
  assert.deepEqual([code, stderr], [0, ""]);
  const request = (...lines: string[]) =>
    `<details><summary>request</summary><pre>${
      lines.join("<br>")
    }</pre></details>`;
  assert.equal(
    stdout,
    `### Change of <code>new.yaml</code>: incomparable

The new policy admits what the old one refuses, and the reverse.

|  | account | rule | line | what changes | request |
| --- | --- | --- | --- | --- | --- |
| gains | <code>alice</code> | <code>staff</code> | 5 | rule "staff" admits more: when.groups.any, added "guest" | ${
      request(
        "issuer campus, service sshd, no remote address",
        'claims {"groups":&#91;"guest"&#93;}',
        "old: deny, account_not_permitted",
        "new: allow by rule staff",
      )
    } |
| loses | <code>deploy</code> | <code>ops</code> | 6 | rule "ops" admits less: services is new | ${
      request(
        "issuer campus, service other, no remote address",
        'claims {"groups":&#91;"ops"&#93;}',
        "old: allow by rule ops",
        "new: deny, account_not_permitted",
      )
    } |

2 other accounts: equivalent
`,
  );
});

Deno.test("policy diff --format markdown: a rule that is gone has no line, one that is new has", async () => {
  const gone = OLD.replace(/^ {2}ops:.*\n/m, "");
  const rows = async (next: string) =>
    (await diff(next, ["--format", "markdown"])).stdout.split("\n")
      .filter((line) => /^\| (gains|loses)/.test(line))
      .map((line) => line.split(" | ").slice(0, 5));
  assert.deepEqual(await rows(gone), [[
    "| loses",
    "<code>deploy</code>",
    "<code>ops</code>",
    "gone",
    'rule "ops" is gone',
  ]]);
  const extra =
    `${OLD}  more: {when: {groups: {any: [ops]}}, accounts: [{names: [alice]}]}\n`;
  assert.deepEqual(await rows(extra), [[
    "| gains",
    "<code>alice</code>",
    "<code>more</code>",
    "7",
    'rule "more" is new',
  ]]);
});

Deno.test("policy diff --format markdown: every account that changes has a row", async () => {
  const two = (text: string) =>
    text.replace("names: [alice]", "names: [alice, bob]");
  const { stdout } = await diff(two(WIDER), ["--format", "markdown"], {
    files: { "old.yaml": two(OLD) },
  });
  const rows = stdout.split("\n").filter((line) => line.startsWith("| gains"));
  assert.equal(rows.length, 2);
  assert.match(
    rows[1] ?? "",
    /^\| gains \| <code>bob<\/code> \| <code>staff<\/code> \| 5 \| deny, account_not_permitted → allow by rule staff \|/,
  );
});

Deno.test("policy diff shows settings and sessions in each format", async () => {
  const sessions = OLD.replace("[ssh]", "[ssh], ssh_certificates: {}")
    .replace("{names: [alice]}]", "{names: [alice]}], ssh: {permit: [pty]}");
  const files = { "old.yaml": sessions };
  const next = sessions.replace("[pty]", "[pty, x11]");
  const github = await diff(next, ["--format=github", "--fail-on=wider"], {
    files,
  });
  assert.equal(github.code, 1);
  assert.match(
    github.stdout,
    /^::error file=new\.yaml,title=policy diff%3A wider::sessions of alice may use more%0A/m,
  );
  assert.match(
    github.stdout,
    /^::error file=new\.yaml,title=policy diff%3A wider::rules\.staff\.ssh\.permit: added "x11"$/m,
  );
  const { stdout } = await diff(next, ["--format=markdown"], { files });
  assert.match(
    stdout,
    /^\| more \| <code>alice<\/code> \| <code>staff<\/code> \| 5 \| pty → pty, x11 \| <details>/m,
  );
  assert.match(
    stdout,
    /^\| wider \| <code>rules\.staff\.ssh\.permit<\/code> \| added "x11" \|$/m,
  );
});

Deno.test("policy diff --format github: a setting without a say is an error where any change is", async () => {
  const next =
    `${OLD}audit: {file: /var/cache/oauth-pam/audit.jsonl}\ncache: {directory: /var/cache/oauth-pam}\n`;
  const files = {
    "old.yaml": `${OLD}cache: {directory: /var/cache/oauth-pam}\n`,
  };
  for (
    const [failOn, code, level] of [["any", 1, "error"], [
      "wider",
      0,
      "notice",
    ]] as const
  ) {
    const ran = await diff(next, ["--format=github", `--fail-on=${failOn}`], {
      files,
    });
    assert.equal(ran.code, code, ran.stderr);
    assert.match(
      ran.stdout,
      new RegExp(
        `^::${level} file=new\\.yaml,title=policy diff%3A equivalent::audit`,
      ),
    );
  }
});

Deno.test("policy diff: what was not looked at, and recorded logins, are in each format", async () => {
  const files = { "audit.jsonl": "nonsense\n" };
  const args = ["--replay", "audit.jsonl", "--fail-on", "wider"];
  const github = await diff(OLD, [...args, "--format=github"], { files });
  assert.match(
    github.stdout,
    /^::notice title=policy diff%3A replay::replay: 0 of 0 logins .*1 unreadable/m,
  );
  const markdown = await diff(OLD, [...args, "--format=markdown"], { files });
  assert.match(markdown.stdout, /<summary>replay: 0 of 0 logins .*<\/summary>/);
});

for (const format of ["github", "markdown"]) {
  Deno.test(`policy diff --format ${format}: what a policy holds begins nothing`, async () => {
    const next = OLD.replace("[staff]", `[staff, "${HOSTILE}"]`);
    const { stdout } = await diff(next, ["--format", format]);
    const lines = stdout.trimEnd().split("\n");
    if (format === "github") {
      assert.deepEqual(lines.map((line) => /^::(\w+) /.exec(line)?.[1]), [
        "warning",
        "notice",
      ]);
      return;
    }
    assert.doesNotMatch(stdout, /::|##\[|@|`|<\/details>(?! \|)/);
    const rows = lines.filter((line) => line.startsWith("|"));
    assert.deepEqual(
      rows.map((row) => row.split(/(?<!\\)\|/).length),
      [8, 8, 8],
    );
  });

  Deno.test(`policy diff --format ${format}: a policy that cannot be used is said there too, and ends with 3`, async () => {
    const broken = OLD.replace("rules:", `"::error::|@all": 1\nrulez:`);
    const { code, stdout, stderr } = await diff(broken, ["--format", format]);
    assert.equal(code, 3);
    assert.match(stderr, /^new\.yaml:\d+:\d+: error/);
    assert.match(
      stdout,
      format === "github"
        ? /^::error title=policy diff::new\.yaml:\d+:\d+: error.*\n$/
        : /^### Change of <code>new\.yaml<\/code>: not compared\n\n<code>new\.yaml:/,
    );
    if (format === "markdown") assert.doesNotMatch(stdout, /::|@/);
  });
}

Deno.test("policy diff: of many changes the gains come first, and the rest is counted", async () => {
  const many = Array.from(
    { length: 80 },
    (_, index) =>
      `  r${index}: {when: {groups: {any: [g${index}]}}, accounts: [{names: [u${index}]}]}\n`,
  ).join("");
  const { stdout } = await diff(`${BOTH}${many}`, ["--format", "markdown"]);
  const rows = stdout.split("\n").filter((line) =>
    /^\| (gains|loses)/.test(line)
  );
  assert.equal(rows.length, 50);
  assert.ok(rows.every((row) => row.startsWith("| gains")));
  assert.match(stdout, /^and 3\d more rows$/m);
  const github = await diff(`${BOTH}${many}`, ["--format", "github"]);
  assert.match(github.stdout, /^::notice title=7\d more changes::new\.yaml:/m);
});

Deno.test("policy diff --format markdown fits into a job summary, whatever a policy holds", async () => {
  const long = (index: number) =>
    JSON.stringify(`${index}${"<`".repeat(1500)}`);
  const many = Array.from(
    { length: 80 },
    (_, index) =>
      `  r${index}: {when: {${long(index)}: {equals: ${
        long(index)
      }}}, accounts: [{names: [u${index}]}]}\n`,
  ).join("");
  const { stdout } = await diff(`${OLD}${many}`, ["--format", "markdown"]);
  assert.match(stdout, /^\| gains /m);
  assert.match(stdout, /^and \d\d more rows$/m);
  assert.ok(new TextEncoder().encode(stdout).length < 1024 * 1024);
});

Deno.test("policy diff --reporter writes several reports of one run", async () => {
  const { code, stdout, written } = await diff(WIDER, [
    "--fail-on=wider",
    "--reporter=pretty",
    "--reporter=github=notes",
    "--reporter=markdown=summary.md",
    "--reporter=json=diff.json",
  ]);
  assert.equal(code, 1);
  assert.match(stdout, /^wider: /);
  assert.match(written["notes"] ?? "", /^::error /);
  assert.match(written["summary.md"] ?? "", /^### Change/);
  assert.equal(JSON.parse(written["diff.json"] ?? "").verdict, "wider");
});
