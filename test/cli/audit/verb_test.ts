/**
 * `audit summary`: of records that logins left, of rotated files, as text, JSON and metrics that a
 * collector reads.
 *
 * @module
 */
import assert from "node:assert/strict";
import { cli, cliOnDisk } from "../../support/cli.ts";
import { createScene } from "../../support/login_scene.ts";
import { PYTHON } from "../../support/metered.ts";
import { createKeyScene } from "../../support/ssh_keys.ts";

const POLICY = `version: 1
issuers:
  campus: {issuer: https://login.example.edu, audiences: [ssh]}
rules:
  staff: {accounts: [{claim: sub}]}
  unused: {accounts: [{names: [backup]}]}
`;
const RECORD = {
  time: "2026-01-01T12:00:00.000Z",
  decision: "allow",
  reason: "allowed",
  user: "alice",
  service: "sshd",
  rhost: "10.0.0.1",
  issuer: "campus",
  sub: "u1",
  rule: "staff",
  policy_sha256: "aaaa",
};
const LINE = `${JSON.stringify(RECORD)}\n`;

/** What a parser of the OpenMetrics text format and one of Prometheus' own make of a text. */
async function parsed(text: string): Promise<Record<string, number>> {
  const script = `
import json, sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families as om
from prometheus_client.parser import text_string_to_metric_families as prom
text = sys.stdin.read()
def samples(parse):
    return {s.name + json.dumps(s.labels, sort_keys=True): s.value for f in parse(text) for s in f.samples}
strict, old = samples(om), samples(prom)
assert strict == old, (strict, old)
assert all(f.type == "gauge" and f.documentation for f in om(text))
print(json.dumps(strict))
`;
  const child = new Deno.Command(PYTHON, {
    args: ["-c", script],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
  const { success, stdout, stderr } = await child.output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

Deno.test("audit summary tells what logins left, by the policy's own files and those they were rotated to", async () => {
  await using scene = await createScene();
  const { policyFile, cacheDirectory } = scene.site;
  const audit = `${cacheDirectory}/audit.jsonl`;
  await Deno.writeTextFile(policyFile, `audit: {file: ${audit}}\n`, {
    append: true,
  });
  const login = async (claims: Record<string, unknown>) => {
    const token = await scene.token({ claims });
    return (await scene.attempt({ token })).reason;
  };
  assert.equal(await login({}), "allowed");
  assert.equal(await login({ exp: 1000 }), "token_expired");
  await Deno.rename(audit, `${audit}.2`);
  const { success } = await new Deno.Command("gzip", { args: [`${audit}.2`] })
    .output();
  assert.ok(success);
  assert.equal(await login({ sub: "u2" }), "allowed");
  await Deno.rename(audit, `${audit}-20260101`);
  assert.equal(
    await login({ email: "bob@example.edu" }),
    "account_not_permitted",
  );
  // not of ours
  await Deno.writeTextFile(`${audit}.bak`, LINE);

  const { code, stdout } = await cliOnDisk([
    ..."audit summary --format json --policy".split(" "),
    policyFile,
  ]);
  assert.equal(code, 0);
  const summary = JSON.parse(stdout);
  assert.equal(summary.schema, "oauth-pam/audit-summary@1");
  const { records, allowed, denied, unusable, people } = summary;
  assert.deepEqual({ records, allowed, denied, unusable, people }, {
    records: 4,
    allowed: 2,
    denied: 2,
    unusable: [],
    people: { seen: 2, admitted: 2 },
  });
  assert.deepEqual(
    summary.reasons.map(({ reason }: { reason: string }) => reason),
    ["account_not_permitted", "allowed", "token_expired"],
  );
  assert.deepEqual(
    summary.accounts.map((use: Record<string, unknown>) => [
      use.account,
      use.issuer,
      use.rule,
      use.allowed,
    ]),
    [["alice", "campus", "staff", 2]],
  );
  const policy = await Deno.readTextFile(policyFile);
  const line = policy.split("\n").findIndex((each) => /^ +staff:/.test(each));
  const [staff] = summary.rules;
  assert.deepEqual([staff.rule, staff.allowed, staff.line], [
    "staff",
    2,
    line + 1,
  ]);
});

Deno.test("audit summary reads the records of certificates too, which another user wrote elsewhere", async () => {
  await using scene = await createKeyScene();
  const { policyFile, cacheDirectory } = scene.site;
  await Deno.writeTextFile(
    policyFile,
    `audit: {file: ${cacheDirectory}/audit.jsonl}\n`,
    { append: true },
  );
  const summary = async () => {
    const { code, stdout } = await cliOnDisk([
      ..."audit summary --format json --policy".split(" "),
      policyFile,
    ]);
    assert.equal(code, 0);
    return JSON.parse(stdout).methods.map((
      { method, allowed, denied }: Record<string, unknown>,
    ) => [method, allowed, denied]);
  };
  assert.equal((await scene.ask()).reason, "allowed");
  assert.deepEqual(await summary(), [["certificate", 1, 0]]);
  assert.equal((await scene.attempt({ token: "x" })).reason, "token_malformed");
  assert.deepEqual(await summary(), [["certificate", 1, 0], ["token", 0, 1]]);
});

Deno.test("audit summary names the rules that decided nothing, with their lines", async () => {
  const files = { a: LINE, "site.yaml": POLICY };
  const args = "audit summary a --policy site.yaml".split(" ");
  const { stdout, code } = await cli(args, { files });
  assert.equal(code, 0);
  assert.match(stdout, /^1 record, 2026-01-01T12:00:00.000Z to /);
  assert.match(stdout, /decided nothing:\n {2}unused {2}line 6\n/);
  assert.match(
    stdout,
    /accounts:\n {2}alice {2}by rule staff \(campus\) {2}1 allowed {2}last 2026/,
  );
  const json = await cli([...args, "--format", "json"], { files });
  assert.deepEqual(JSON.parse(json.stdout).unused_rules, [
    { rule: "unused", line: 6 },
  ]);
});

Deno.test("audit summary --format openmetrics is read alike by both of the formats' parsers", async () => {
  const hostile = {
    ...RECORD,
    rule: 'a"}\n# EOF\n',
    service: "\x1b[31m\u202e",
  };
  const files = {
    a: LINE + LINE + JSON.stringify(hostile),
    "site.yaml": POLICY,
  };
  const args = "audit summary a --format openmetrics".split(" ");
  for (const more of [[], ["--policy", "site.yaml"]]) {
    const { stdout, code } = await cli([...args, ...more], { files });
    assert.equal(code, 0);
    const samples = await parsed(stdout);
    assert.equal(
      samples[
        'oauth_pam_audit_records{"decision": "allow", "reason": "allowed"}'
      ],
      3,
    );
    assert.equal(
      samples[
        'oauth_pam_audit_rule_records{"decision": "allow", "rule": "staff"}'
      ],
      2,
    );
    assert.equal(
      samples[
        'oauth_pam_audit_rule_records{"decision": "allow", "rule": "(other)"}'
      ],
      1,
    );
    assert.equal(samples["oauth_pam_audit_people{}"], 1);
  }
});

Deno.test("audit summary --output replaces a file at once, readable for a collector, and never through a link", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const [audit, output] = [`${folder}/audit.jsonl`, `${folder}/oauth.prom`];
    await Deno.writeTextFile(audit, LINE);
    await Deno.writeTextFile(output, "older");
    await Deno.chmod(output, 0o600);
    const before = await Deno.open(output);
    const args = ["audit", "summary", audit, "--format", "openmetrics"];
    const ran = await cliOnDisk([...args, "--output", output]);
    assert.deepEqual([ran.code, ran.stdout, ran.stderr], [0, "", ""]);
    assert.equal(
      await parsed(await Deno.readTextFile(output)).then((all) =>
        all["oauth_pam_audit_people{}"]
      ),
      1,
    );
    assert.equal(((await Deno.stat(output)).mode ?? 0) & 0o777, 0o644);
    // who had it open still reads the whole of what it was
    assert.equal(await new Response(before.readable).text(), "older");
    await Deno.symlink(audit, `${folder}/link.prom`);
    const linked = await cliOnDisk([
      ...args,
      "--output",
      `${folder}/link.prom`,
    ]);
    assert.equal(linked.code, 3);
    assert.match(linked.stderr, /is a symbolic link/);
    assert.equal(await Deno.readTextFile(audit), LINE);
    const nowhere = await cliOnDisk([...args, "--output", `${folder}/no/x`]);
    assert.equal(nowhere.code, 3);
    assert.match(nowhere.stderr, /its folder does not exist/);
    // nothing is left behind
    const names = await Array.fromAsync(Deno.readDir(folder), (e) => e.name);
    assert.deepEqual(names.sort(), ["audit.jsonl", "link.prom", "oauth.prom"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

for (
  const [what, args, code, says] of [
    ["no record", "empty", 4, /^$/],
    ["words", "words", 4, /^$/],
    [
      "a file that is not there",
      "none",
      3,
      /"none" cannot be read: it does not/,
    ],
    ["a file twice", "a a", 2, /named twice/],
    [
      "no policy",
      "",
      3,
      /oauth-pam\/policy\.yaml:1:1: error: the file does not/,
    ],
    [
      "a policy that records nothing",
      "--policy site.yaml",
      3,
      /the policy has no "audit".*\nhint: say "audit: \{file: …\}"/,
    ],
    ["an unknown format", "a --format xml", 2, /expected "pretty", "json" or/],
  ] as const
) {
  Deno.test(`audit summary of ${what} ends with ${code}`, async () => {
    const files = {
      a: LINE,
      empty: "",
      words: "Nov 21 sshd: hello\n",
      "site.yaml": POLICY,
    };
    const words = args === "" ? [] : args.split(" ");
    const ran = await cli(["audit", "summary", ...words], { files });
    assert.equal(ran.code, code);
    assert.match(ran.stderr, says);
  });
}
