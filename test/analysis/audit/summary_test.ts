/**
 * What a summary of records counts, whoever wrote them.
 *
 * @module
 */
import assert from "node:assert/strict";
import { openMetrics } from "../../../src/analysis/audit/metrics.ts";
import {
  AuditCount,
  type AuditSummary,
} from "../../../src/analysis/audit/summary.ts";

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
  claims: { email: "alice@example.edu" },
};

function summaryOf(records: readonly unknown[]): AuditSummary {
  const count = new AuditCount();
  count.begin(null);
  for (const record of records) {
    count.add(typeof record === "string" ? record : JSON.stringify(record));
  }
  return count.result();
}

Deno.test("AuditCount counts by everything, with the first and the last time in any order", () => {
  const denied = {
    ...RECORD,
    decision: "deny",
    reason: "denied_by_rule",
    rule: "guests",
    sub: "u2",
  };
  const at = (hour: number) => ({ time: `2026-01-01T${hour}:00:00.000Z` });
  const summary = summaryOf([
    RECORD,
    { ...RECORD, ...at(18) },
    { ...RECORD, ...at(10), user: "bob", sub: "u3", service: "sudo" },
    { ...denied, ...at(20), policy_sha256: "bbbb" },
    {
      ...denied,
      ...at(11),
      reason: "token_expired",
      issuer: null,
      rule: null,
      sub: null,
    },
    { ...RECORD, ...at(14), method: "certificate" },
  ]);
  assert.equal(summary.records, 6);
  const { all } = summary;
  assert.deepEqual([all?.allowed, all?.denied, all?.first, all?.last], [
    4,
    2,
    at(10).time,
    at(20).time,
  ]);
  const counts = (tallies: AuditSummary["rules"]) =>
    tallies.named.map(({ name, allowed, denied, last, lastAllowed }) => [
      name,
      allowed,
      denied,
      last.slice(11, 13),
      lastAllowed?.slice(11, 13) ?? null,
    ]);
  assert.deepEqual(counts(summary.reasons), [
    ["allowed", 4, 0, "18", "18"],
    ["denied_by_rule", 0, 1, "20", null],
    ["token_expired", 0, 1, "11", null],
  ]);
  assert.deepEqual(counts(summary.rules), [
    ["guests", 0, 1, "20", null],
    ["staff", 4, 0, "18", "18"],
    [null, 0, 1, "11", null],
  ]);
  assert.deepEqual(counts(summary.issuers), [
    ["campus", 4, 1, "20", "18"],
    [null, 0, 1, "11", null],
  ]);
  assert.deepEqual(counts(summary.policies), [
    ["aaaa", 4, 1, "18", "18"],
    ["bbbb", 0, 1, "20", null],
  ]);
  assert.deepEqual(counts(summary.methods), [
    ["certificate", 1, 0, "14", "14"],
    [null, 3, 2, "20", "18"],
  ]);
  assert.deepEqual(
    summary.accounts.map(({ account, issuer, rule, allowed, last }) => [
      account,
      issuer,
      rule,
      allowed,
      last.slice(11, 13),
    ]),
    [["alice", "campus", "staff", 3, "18"], [
      "bob",
      "campus",
      "staff",
      1,
      "10",
    ]],
  );
  assert.deepEqual(summary.people, { seen: 3, admitted: 2, cut: false });
});

Deno.test("AuditCount does not count what is not a record", () => {
  const { unusable, records } = summaryOf([
    "{torn",
    { ...RECORD, decision: "maybe" },
    { ...RECORD, decision: "deny" },
    { ...RECORD, reason: "token_expired" },
    { ...RECORD, reason: null },
    {},
    "",
    RECORD,
  ]);
  assert.equal(records, 1);
  assert.deepEqual(
    unusable.map(({ because, count, first }) => [because, count, first.line]),
    [
      ['"decision" and "reason" do not fit each other', 2, 3],
      ["not JSON", 1, 1],
      ['"decision" is neither "allow" nor "deny"', 1, 2],
      ['"reason" is missing', 1, 5],
      ['"time" is missing', 1, 6],
    ],
  );
});

Deno.test("what strangers make up fills neither the memory nor the accounts", () => {
  const count = new AuditCount();
  const long = "x".repeat(10_000);
  for (let index = 0; index < 20_000; index++) {
    count.add(JSON.stringify({
      ...RECORD,
      decision: "deny",
      reason: "account_not_permitted",
      user: `${index}${long.slice(0, 300)}`,
      service: `${index}${long}`,
      rule: `${index}`,
    }));
  }
  const { accounts, services, rules } = count.result();
  assert.deepEqual(accounts, []);
  assert.equal(services.named.length, 10_000);
  assert.equal(services.others?.denied, 10_000);
  assert.ok(services.named.every(({ name }) => (name?.length ?? 0) <= 257));
  assert.equal(rules.others?.denied, 10_000);
});

Deno.test("openMetrics() has every reason, and names of closed sets alone", () => {
  const summary = summaryOf([
    RECORD,
    {
      ...RECORD,
      rule: 'x"} 1\nevil{a="',
      service: "Al\u00efce",
      issuer: "gone",
    },
    { ...RECORD, rule: "older" },
    { ...RECORD, decision: "deny", reason: "of_next_year", rule: null },
  ]);
  const known = { rules: ["staff", "unused"], issuers: ["campus"] };
  const text = openMetrics(summary, known);
  const lines = text.split("\n");
  assert.equal(lines.at(-1), "");
  assert.equal(lines.at(-2), "# EOF");
  for (
    const line of [
      'oauth_pam_audit_records{decision="allow",reason="allowed"} 3',
      'oauth_pam_audit_records{decision="deny",reason="token_expired"} 0',
      'oauth_pam_audit_records{decision="deny",reason="(other)"} 1',
      'oauth_pam_audit_rule_records{rule="staff",decision="allow"} 1',
      'oauth_pam_audit_rule_records{rule="(other)",decision="allow"} 2',
      'oauth_pam_audit_rule_records{rule="(none)",decision="deny"} 1',
      'oauth_pam_audit_issuer_records{issuer="(other)",decision="allow"} 1',
      'oauth_pam_audit_service_records{service="(other)",decision="allow"} 1',
      "oauth_pam_audit_last_record_timestamp_seconds 1767268800",
    ]
  ) assert.ok(lines.includes(line), `${line}\n${text}`);
  assert.doesNotMatch(text, /alice|u1|10\.0\.0|example|evil|aaaa/);
  assert.match(
    openMetrics(summary, null),
    /\{rule="older",decision="allow"\} 1/,
  );
});
