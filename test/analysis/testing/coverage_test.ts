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
import { canFailAlone } from "../../../src/analysis/testing/fails_alone.ts";
import { runTest } from "../../../src/analysis/testing/expectation.ts";
import { traceOf } from "../../../src/analysis/testing/rule_trace.ts";
import { subjectFromClaims } from "../../../src/policy/evaluate/subject.ts";
import type { Policy } from "../../../src/policy/model.ts";
import type { AccessRequest } from "../../../src/policy/request.ts";
import {
  MAP_FILES,
  policyArbitrary,
  policyOf,
  requestArbitrary,
} from "../../support/policy_generators.ts";
import { holds } from "../../support/properties.ts";
import { POLICY, readSuite, STAFF } from "../../support/suites.ts";

/** Tokens of these kinds vouch for one identity. */
function single(policy: Policy, request: AccessRequest): AccessRequest {
  const { issuer: name, claims } = request.subject;
  const issuer = policy.issuers.find((one) => one.name === name);
  return issuer === undefined
    ? request
    : { ...request, subject: subjectFromClaims(issuer, claims) };
}

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

/** Why each uncovered point is uncovered, where a test comes near. */
function reasons(text: string): string[] {
  const { policy, results, findings } = readSuite(text);
  assert.equal(findings, "");
  return coverageOf(policy, results).uncovered.flatMap(({ message, why }) =>
    why === undefined ? [] : [`${message}: ${why}`]
  );
}

const ISSUER =
  "version: 1\nissuers: {campus: {issuer: https://login.example.edu, audiences: [ssh]}}\n";

const VACUOUS = `${ISSUER}rules:
  staff:
    services: [sshd]
    when: {groups: {any: [staff]}, email_verified: true}
    accounts: [{claim: email, strip_suffix: "@example.edu"}]
defaults: {account: alice}
tests:
  - {name: staff, claims: {email: alice@example.edu, email_verified: true, groups: [staff]}, expect: allow}
  - {name: nobody, claims: {}, expect: deny}
`;

Deno.test("a test in which everything fails shows nothing of any condition", () => {
  assert.deepEqual(uncovered(VACUOUS), [
    "staff services fails",
    "staff when.groups.any fails",
    "staff when.email_verified.equals fails",
    "staff accounts.0 fails",
  ]);
  // and each is covered by the test in which it is the only one
  const near = [
    "{name: other service, service: login, expect: deny}",
    "{name: guest, claims: {groups: [guest]}, expect: deny}",
    "{name: unverified, claims: {email_verified: false}, expect: deny}",
    "{name: other account, account: bob, expect: deny}",
  ].map((test) => `  - ${test}\n`).join("");
  const claims =
    "claims: {email: alice@example.edu, email_verified: true, groups: [staff]}";
  const thorough = VACUOUS
    .replace("{account: alice}", `{account: alice, ${claims}}`) + near;
  assert.deepEqual(uncovered(thorough), []);
});

Deno.test("an uncovered condition says what else fails in the test that comes nearest", () => {
  assert.deepEqual(reasons(VACUOUS), [
    'in no test "when.groups.any" of the rule "staff" fails alone: ' +
    'in "nobody", "when.email_verified.equals" and "accounts" fail too',
    'in no test "when.email_verified.equals" of the rule "staff" fails alone: ' +
    'in "nobody", "when.groups.any" and "accounts" fail too',
    'in no test "accounts.0" of the rule "staff" fails alone: ' +
    'in "nobody", "when.groups.any" and "when.email_verified.equals" fail too',
  ]);
});

Deno.test("a rule that matches or decides in no test says what keeps it from that", () => {
  const text = `${ISSUER}rules:
  staff: {when: {role: staff}, accounts: [{claim: sub}]}
  locked: {effect: deny, when: {locked: true}, accounts: [{names: [alice]}]}
  guests: {when: {role: guest, site: main}, accounts: [{claim: sub}], assurance: {mfa: true}}
defaults: {account: alice, claims: {sub: alice}}
tests:
  - {name: guest, claims: {role: guest, site: main}, expect: {reason: mfa_required}}
  - {name: locked, claims: {role: staff, locked: true}, expect: deny}
`;
  assert.deepEqual(
    reasons(text).filter((text) => text.startsWith("the rule")),
    [
      'the rule "staff" allows in no test: in "locked", the rule "locked" denies',
      'the rule "guests" allows in no test: in "guest", "assurance" fails',
    ],
  );
  const without = text.replace(
    "role: guest, site: main}, expect",
    "role: guest}, expect",
  )
    .replace("{reason: mfa_required}", "deny");
  assert.ok(
    reasons(without).includes(
      'the rule "guests" matches in no test: in "guest", "when.site.equals" fails',
    ),
  );
});

Deno.test("requirements are covered one by one, each where the others are met", () => {
  const text = (tests: string) =>
    `${ISSUER}assurance: {permitted_idps: [a, b]}
rules:
  own: {accounts: [{claim: sub}], assurance: {permitted_idps: [b, c], mfa: true, max_auth_age: 1h}}
defaults: {account: alice, claims: {sub: alice, idp: b, amr: [mfa], auth_time: now}}
tests:
  - {name: own, expect: allow}
  - {name: other, account: bob, expect: deny}
${tests}`;
  const all = [
    "own policy.assurance.permitted_idps fails",
    "own assurance.permitted_idps fails",
    "own assurance.mfa fails",
    "own assurance.max_auth_age fails",
  ];
  const nothing =
    "  - {name: nothing, claims: {idp: null, amr: null, auth_time: null}, expect: deny}\n";
  assert.deepEqual(uncovered(text(nothing)), all);
  const single = [
    "{name: c, claims: {idp: c}, expect: deny}",
    "{name: a, claims: {idp: a}, expect: deny}",
    "{name: one factor, claims: {amr: [pwd]}, expect: deny}",
    "{name: late, claims: {auth_time: now-61m}, expect: deny}",
  ];
  for (const [index, test] of single.entries()) {
    const others = single.filter((other) => other !== test);
    const tests = others.map((other) => `  - ${other}\n`).join("");
    assert.deepEqual(uncovered(text(nothing + tests)), [all[index]]);
  }
});

Deno.test("a condition that the rest of its rule implies needs no test that cannot be", () => {
  const text = (glob: string) =>
    `${ISSUER}rules:
  own: {when: {email: {like: "${glob}"}}, accounts: [{claim: email, strip_suffix: "@example.edu"}]}
defaults: {account: alice, claims: {email: alice@example.edu}}
tests:
  - {name: own, expect: allow}
  - {name: other, account: bob, expect: deny}
`;
  // whoever gets an account has such an address anyway
  assert.deepEqual(uncovered(text("*@example.edu")), []);
  assert.deepEqual(uncovered(text("a*@example.edu")), [
    "own when.email.like fails",
  ]);
});

Deno.test("no request makes a condition fail alone of which it is said that none can", () => {
  const cases = policyArbitrary.chain((document) => {
    const policy = policyOf(document);
    const requests = fc.array(requestArbitrary(policy), {
      minLength: 60,
      maxLength: 60,
    });
    return fc.record({ policy: fc.constant(policy), requests });
  });
  const met = { alone: 0, implied: 0 };
  holds(
    fc.property(cases, ({ policy, requests }) => {
      const results = requests.map((request) =>
        runTest(policy, {
          ...{ name: "x", file: "x", line: 1 },
          request: single(policy, request),
          mapFiles: MAP_FILES,
          expected: { decision: "deny" },
        })
      );
      for (const rule of policy.rules) {
        const { conditions } = traceOf(rule, policy, results);
        for (const { condition, failedAlone } of conditions) {
          const can = canFailAlone(condition, { rule, policy });
          assert.ok(can || !failedAlone, condition.path.join("."));
          if (failedAlone) met.alone += 1;
          if (!can) met.implied += 1;
        }
      }
    }),
    { runs: 60 },
  );
  assert.ok(met.alone > 20 && met.implied > 5, JSON.stringify(met));
});

Deno.test("a condition of a deny rule is covered where the rest of the rule holds", () => {
  const text = (tests: string) =>
    `${ISSUER}rules:
  own: {accounts: [{claim: sub}]}
  locked: {effect: deny, when: {locked: true}, accounts: [{names: [alice]}]}
defaults: {account: alice, claims: {sub: alice}}
tests:
  - {name: own, expect: allow}
  - {name: locked, claims: {locked: true}, expect: deny}
  - {name: other, account: bob, expect: deny}
${tests}`;
  assert.deepEqual(uncovered(text("")), ["locked accounts.0 fails"]);
  const bob =
    "  - {name: bob, account: bob, claims: {sub: bob, locked: true}, expect: allow}\n";
  assert.deepEqual(uncovered(text(bob)), []);
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
