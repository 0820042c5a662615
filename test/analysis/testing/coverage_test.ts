/**
 * Coverage counts what tests have shown, and never says more than that.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import {
  coverageOf,
  percentage,
} from "../../../src/analysis/testing/coverage.ts";
import { POLICY, readSuite, STAFF } from "../../support/suites.ts";

/** The uncovered points of a policy with tests, as `rule condition outcome`. */
function uncovered(text: string): string[] {
  const { policy, results, findings } = readSuite(text);
  assert.equal(findings, "");
  return coverageOf(policy, results).uncovered.map((
    { rule, condition, outcome },
  ) => `${rule} ${condition?.join(".") ?? "-"} ${outcome}`);
}

const COMPLETE = `${POLICY}
defaults: {issuer: campus, account: alice, claims: ${STAFF}}
tests:
  - {name: staff, expect: {decision: allow, rule: staff}}
  - {name: other issuer, issuer: partner, expect: {decision: deny, rule: null}}
  - {name: other service, service: login, expect: deny}
  - {name: other group, claims: {groups: [students]}, expect: deny}
  - {name: unverified, claims: {email_verified: false}, expect: deny}
  - {name: long ago, claims: {auth_time: now-61m}, expect: {reason: reauthentication_required}}
  - {name: one factor, claims: {amr: [pwd]}, expect: {reason: mfa_required}}
  - {name: somebody else, account: bob, expect: deny}
  - {name: backup, account: backup, expect: {reason: denied_by_rule}}
`;

Deno.test("coverageOf() finds nothing missing in a sensible suite", () => {
  const { policy, results } = readSuite(COMPLETE);
  assert.ok(results.every(({ passed }) => passed));
  const coverage = coverageOf(policy, results);
  assert.deepEqual(coverage.uncovered, []);
  assert.deepEqual(
    [coverage.percent, coverage.covered, coverage.total],
    [100, 21, 21],
  );
});

const MISSING: readonly (readonly [string, readonly string[]])[] = [
  ["other issuer", ["staff issuers fails"]],
  ["other service", ["staff services fails"]],
  ["other group", ["staff when.groups.any fails"]],
  ["unverified", ["staff when.email_verified.equals fails"]],
  ["long ago", ["staff assurance.max_auth_age fails"]],
  ["one factor", ["staff policy.assurance.mfa fails"]],
  ["backup", [
    "nobody-as-backup - matched",
    "nobody-as-backup - decided",
    "nobody-as-backup accounts.0 holds",
  ]],
];

for (const [name, expected] of MISSING) {
  Deno.test(`coverageOf() misses the test "${name}" and nothing else`, () => {
    const without = COMPLETE.split("\n")
      .filter((line) => !line.includes(`name: ${name},`)).join("\n");
    assert.deepEqual(uncovered(without), expected);
  });
}

Deno.test("a condition behind one that fails is looked at all the same", () => {
  const text = `${POLICY}
tests:
  - {name: all wrong, issuer: campus, account: alice, service: login, claims: ${
    STAFF.replace("groups: [staff]", "groups: [x]")
  }, expect: deny}
`;
  const seen = uncovered(text);
  assert.ok(!seen.includes("staff when.email_verified.equals holds"));
  assert.ok(!seen.includes("staff policy.assurance.mfa holds"));
  assert.ok(seen.includes("staff when.groups.any holds"));
});

Deno.test("issuers that are all of them need no test in which they fail", () => {
  const text = `version: 1
issuers: {campus: {issuer: https://login.example.edu, audiences: [ssh]}}
rules: {own: {issuers: [campus], accounts: [{claim: sub}]}}
tests:
  - {name: own, account: alice, claims: {sub: alice}, expect: allow}
  - {name: other, account: bob, claims: {sub: alice}, expect: deny}
`;
  assert.deepEqual(uncovered(text), []);
});

Deno.test("tests of other issuers show nothing about a rule's conditions", () => {
  const text = COMPLETE.replace(
    "{name: unverified,",
    "{name: unverified, issuer: partner,",
  );
  assert.deepEqual(uncovered(text), ["staff when.email_verified.equals fails"]);
});

Deno.test("allow_protected is covered by a test in which it opens an account", () => {
  const policy = `version: 1
issuers: {campus: {issuer: https://login.example.edu, audiences: [ssh]}}
rules: {admins: {accounts: [{names: [root, deploy]}], allow_protected: true}}
tests:
  - {name: deploy, account: deploy, expect: allow}
  - {name: other, account: other, expect: deny}
`;
  assert.deepEqual(uncovered(policy), ["admins allow_protected opened"]);
  const more = `${policy}  - {name: root, account: root, expect: allow}\n`;
  assert.deepEqual(uncovered(more), []);
});

Deno.test("the end of a rule is covered by a test before it and one after", () => {
  const text = `version: 1
issuers: {campus: {issuer: https://login.example.edu, audiences: [ssh]}}
rules:
  own: {not_after: 2027-01-31T00:00:00Z, accounts: [{claim: sub}]}
tests:
  - {name: own, account: alice, claims: {sub: alice}, expect: allow}
  - {name: other, account: bob, claims: {sub: alice}, expect: deny}
`;
  assert.deepEqual(uncovered(text), ["own not_after fails"]);
  const late = (now: string) =>
    `${text}  - {name: late, account: alice, claims: {sub: alice}, now: ${now}, expect: EXPECTED}\n`;
  const before = late("2027-01-30T23:59:59Z").replace("EXPECTED", "allow");
  assert.deepEqual(uncovered(before), ["own not_after fails"]);
  const after = late("2027-01-31T00:00:00Z").replace("EXPECTED", "deny");
  assert.deepEqual(uncovered(after), []);
});

Deno.test("a requirement that the policy has is asked of each allow rule", () => {
  const text = COMPLETE.replace(
    "  nobody-as-backup",
    "  partners: {issuers: [partner], accounts: [{claim: sub}]}\n  nobody-as-backup",
  );
  const seen = uncovered(text);
  assert.ok(seen.includes("partners policy.assurance.mfa fails"));
  assert.ok(!seen.includes("partners policy.assurance.mfa holds"));
});

Deno.test("each sentence names the condition and has a place", () => {
  const { policy, results } = readSuite(
    COMPLETE.replace(/ {2}- \{name: unverified.*\n/, ""),
  );
  const [point] = coverageOf(policy, results).uncovered;
  assert.equal(
    point?.message,
    'in no test "when.email_verified.equals" of the rule "staff" fails',
  );
  assert.deepEqual(point?.path, [
    "rules",
    "staff",
    "when",
    "email_verified",
    "equals",
  ]);
});

Deno.test("percentage() says 100 of everything only, and never rounds up", () => {
  fc.assert(fc.property(
    fc.integer({ min: 1, max: 1e6 }),
    fc.integer({ min: 0, max: 1e6 }),
    (total, part) => {
      const covered = Math.min(part, total);
      const percent = percentage(covered, total);
      assert.ok(percent * total <= covered * 100);
      assert.equal(percent === 100, covered === total);
    },
  ));
  assert.equal(percentage(11999, 12000), 99);
});

Deno.test("coverageOf() only ever grows with more tests", () => {
  const { policy, results } = readSuite(COMPLETE);
  fc.assert(fc.property(fc.subarray([...results]), (some) => {
    const coverage = coverageOf(policy, some);
    const all = coverageOf(policy, [...some, ...results]);
    assert.ok(coverage.covered <= all.covered && coverage.total === all.total);
    assert.ok(coverage.percent <= 100);
    assert.equal(
      coverage.covered + coverage.uncovered.length,
      coverage.total,
    );
  }));
});
