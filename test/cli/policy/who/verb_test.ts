/**
 * `policy who`: what it prints, and how it ends.
 *
 * @module
 */
import assert from "node:assert/strict";
import { cli } from "../../../support/cli.ts";

const POLICY = `version: 1
issuers: {campus: {issuer: "https://login.example.edu", audiences: [ssh]}}
assurance: {max_auth_age: 8h}
rules:
  staff:
    services: [sshd]
    rhosts: [10.0.0.0/8]
    when: {groups: {any: [staff]}}
    accounts: [{claim: sub}]
  ops:
    assurance: {mfa: true}
    when: {team: "a|b"}
    accounts: [{names: [deploy]}]
`;

const who = (args: readonly string[], policy = POLICY) =>
  cli(["policy", "who", "p.yaml", ...args], { files: { "p.yaml": policy } });

Deno.test("policy who shows who reaches an account, and the least that is admitted", async () => {
  const { code, stdout, stderr } = await who(["--account", "deploy"]);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.equal(
    stdout,
    `deploy: 2 ways
  rule staff: issuer campus, service sshd, from 10.0.0.0/8, their own account
    groups any ["staff"]
    signed in at most 8h ago
    the least: service sshd, from 10.0.0.1, claims {"groups":["staff"],"sub":"deploy","auth_time":1767268800}
  rule ops: issuer campus, any service, from anywhere, shared by all of them
    team equals "a|b"
    several factors
    signed in at most 8h ago
    the least: service sshd, claims {"team":"a|b","amr":["mfa"],"auth_time":1767268800}
`,
  );
});

Deno.test("policy who tells until when a way is open, and when the least is admitted", async () => {
  const policy = POLICY.replace(
    "    rhosts: [10.0.0.0/8]\n",
    "    not_after: 2025-01-31T01:00:00+01:00\n",
  );
  const pretty = await who(["--account", "alice"], policy);
  assert.equal(
    pretty.stdout,
    `alice: 1 way
  rule staff: issuer campus, service sshd, from anywhere, until 2025-01-31T00:00:00Z, their own account
    groups any ["staff"]
    signed in at most 8h ago
    the least: service sshd, at 2025-01-30T23:59:59Z, claims {"groups":["staff"],"sub":"alice","auth_time":1738281599}
`,
  );
  const json = await who(["--format", "json", "--account", "alice"], policy);
  const [way] = JSON.parse(json.stdout).accounts[0].ways;
  assert.deepEqual(
    [way.not_after, way.least.now],
    ["2025-01-31T00:00:00Z", "2025-01-30T23:59:59Z"],
  );
  const table = await who(["--format", "markdown"], policy);
  assert.match(table.stdout, /from anywhere, until 2025-01-31T00:00:00Z \|/);
});

Deno.test("policy who --format markdown is a table, whatever values hold", async () => {
  const { code, stdout } = await who(["--format", "markdown"]);
  assert.equal(code, 0);
  const lines = stdout.trim().split("\n");
  assert.deepEqual(lines.map((line) => line.split(/(?<!\\)\|/).length), [
    8,
    8,
    8,
    8,
    8,
    8,
  ]);
  assert.match(stdout, /^\| root \| nobody \|/m);
  assert.match(stdout, /team equals "a\\\|b"/);
});

Deno.test("policy who --format json names its schema, and what is shared", async () => {
  const { stdout } = await who(["--format", "json", "--account", "deploy"]);
  const { schema, accounts } = JSON.parse(stdout);
  assert.equal(schema, "oauth-pam/who@1");
  assert.deepEqual(
    accounts[0].ways.map(({ rule, shared }: Record<string, unknown>) => [
      rule,
      shared,
    ]),
    [["staff", false], ["ops", true]],
  );
});

Deno.test("policy who says that there is more, and does not end with 0 then", async () => {
  const rules = Array.from(
    { length: 250 },
    (_, index) => `  r${index}: {accounts: [{names: [user${index}]}]}\n`,
  );
  const { code, stdout, stderr } = await who(
    [],
    `${POLICY.split("rules:")[0]}rules:\n${rules.join("")}`,
  );
  assert.equal(code, 3);
  assert.match(stderr, /25\d accounts are too many to show.*--account/);
  assert.match(stdout, /^user0: 1 way$/m);
});

for (
  const [what, args, message] of [
    ["no file", ["policy", "who"], /name one policy file/],
    ["an account that cannot be", [
      "policy",
      "who",
      "p.yaml",
      "--account",
      "A b",
    ], /no account can be called$/m],
    [
      "a full name where names are plain",
      ["policy", "who", "p.yaml", "--account", "alice@corp.example"],
      /"alice@corp.example", which no account can be called without "accounts_pattern: sssd"$/m,
    ],
    [
      "another format",
      ["policy", "who", "p.yaml", "--format", "xml"],
      /--format is "xml"/,
    ],
  ] as const
) {
  Deno.test(`policy who refuses ${what}`, async () => {
    const { code, stderr } = await cli(args, { files: { "p.yaml": POLICY } });
    assert.equal(code, 2);
    assert.match(stderr, message);
  });
}

Deno.test("policy who says of a way that the provider is not known to open it", async () => {
  const policy = POLICY.replace("login.example.edu", "accounts.google.com");
  const args = ["--account", "alice"];
  const { stdout } = await who(args, policy);
  const doubts = [
    'Google never sends "groups"',
    'Google is not known to send "auth_time"',
  ];
  assert.ok(
    stdout.endsWith(doubts.map((doubt) => `    but ${doubt}\n`).join("")),
    stdout,
  );
  const json = await who([...args, "--format", "json"], policy);
  const [{ ways: [way] }] = JSON.parse(json.stdout).accounts;
  assert.deepEqual(way.doubts, doubts);
  const markdown = await who([...args, "--format", "markdown"], policy);
  for (const doubt of doubts) assert.ok(markdown.stdout.includes(doubt));
});
