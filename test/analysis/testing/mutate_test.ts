/**
 * Changes that matter are noticed or named, each with the test that is missing.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { evaluate } from "../../../src/policy/evaluate/evaluate.ts";
import { mutate, Noticing } from "../../../src/analysis/testing/mutate.ts";
import { mutationsOf } from "../../../src/analysis/testing/mutations.ts";
import type { AccessRequest } from "../../../src/policy/request.ts";
import { subjectFromClaims } from "../../../src/policy/evaluate/subject.ts";
import {
  runTest,
  type TestResult,
} from "../../../src/analysis/testing/expectation.ts";
import {
  MAP_FILES,
  policyArbitrary,
  policyOf,
  requestArbitrary,
} from "../../support/policy_generators.ts";
import { holds } from "../../support/properties.ts";
import {
  POLICY,
  type ReadSuite,
  readSuite,
  STAFF,
} from "../../support/suites.ts";

const NOW = 1767268800;

function report({ policy, results, suite }: ReadSuite) {
  assert.deepEqual(results.filter(({ passed }) => !passed), []);
  return mutate(policy, results, { defaults: suite.defaults });
}

const DEFAULTS = `defaults: {issuer: campus, account: alice, claims: ${STAFF}}
tests:
`;

/** Every change of POLICY that matters shows in one of these. */
const COMPLETE = `${POLICY}${DEFAULTS}
  - {name: staff, expect: {decision: allow, rule: staff}}
  - {name: faculty, claims: {groups: [faculty]}, expect: allow}
  - {name: other issuer, issuer: partner, expect: deny}
  - {name: other service, service: login, expect: deny}
  - {name: other group, claims: {groups: [students]}, expect: deny}
  - {name: unverified, claims: {email_verified: false}, expect: deny}
  - {name: long ago, claims: {auth_time: now-61m}, expect: deny}
  - {name: one factor, claims: {amr: [pwd]}, expect: deny}
  - {name: backup, account: backup, claims: {email: backup@example.edu}, expect: deny}
  - {name: root, account: root, claims: {email: root@example.edu}, expect: deny}
`;

Deno.test("mutate() finds nothing that a thorough suite lets pass", () => {
  const { tried, noticed, equivalent, survived } = report(readSuite(COMPLETE));
  assert.deepEqual(survived.map(({ message }) => message), []);
  assert.equal(equivalent, 0);
  assert.equal(noticed, tried);
  assert.ok(tried >= 15, String(tried));
});

const NEEDED: readonly (readonly [string, readonly string[]])[] = [
  ["faculty", [
    'removing "faculty" from "groups.any" of the rule "staff" changes no test',
  ]],
  ["other issuer", [
    'removing "issuers" of the rule "staff" changes no test',
  ]],
  ["other service", [
    'removing "services" of the rule "staff" changes no test',
  ]],
  ["other group", [
    'removing the condition "groups.any" of the rule "staff" changes no test',
  ]],
  ["unverified", [
    'removing the condition "email_verified.equals" of the rule "staff" changes no test',
  ]],
  ["long ago", [
    'removing "max_auth_age" from the assurance of the rule "staff" changes no test',
    'doubling "max_auth_age" to 2h in the assurance of the rule "staff" changes no test',
  ]],
  ["one factor", [
    'removing "mfa" from the policy\'s assurance changes no test',
  ]],
  ["root", ['emptying "protected_accounts" changes no test']],
];

for (const [name, expected] of NEEDED) {
  Deno.test(`mutate() names what only the test "${name}" notices`, () => {
    const text = COMPLETE.split("\n")
      .filter((line) => !line.includes(`name: ${name},`)).join("\n");
    const { survived } = report(readSuite(text));
    assert.deepEqual(survived.map(({ message }) => message), expected);
  });
}

const RICH = `version: 1
issuers:
  campus:
    issuer: https://login.example.edu
    audiences: [ssh]
    claims: {groups: /realm/groups, auth_time: /session/at}
    mfa: {amr_any: [mfa, hwk], acr_any: [gold]}
  globus: {kind: globus, issuer: https://auth.globus.org, audiences: [c], client_id: c, client_secret_file: /etc/s}
assurance: {permitted_idps: [https://idp.example.edu, idp.example.org], mfa: true, max_auth_age: 8h, same_identity: true}
protected_accounts: [oper]
rules:
  staff:
    issuers: [campus]
    services: [sshd, login]
    rhosts: [10.0.0.0/8, "2001:db8::/32"]
    when:
      groups: {any: [staff, faculty], none: [locked], all: [people, active]}
      email_verified: true
      /org/unit: {in: [physics, maths]}
      email: {like: "*@example.edu"}
    assurance: {max_auth_age: 1h}
    accounts:
      - {claim: email, strip_suffix: "@example.edu"}
      - {identity: username, strip_suffix: "@example.edu"}
      - {map_file: /etc/oauth-pam/accounts.map, keys: [identity.username, identity.id]}
      - {map: {"joe@foo.org": [joe], u7: [joe]}, keys: [sub, "/org/mail"]}
  linked:
    issuers: [globus]
    accounts: [{identity: username, strip_suffix: "@example.edu"}]
  operators:
    when: {role: operator}
    accounts: [{names: [oper, deploy]}]
    allow_protected: true
  nobody-as-backup:
    effect: deny
    accounts: [{names: [backup]}]
  suspended:
    effect: deny
    when: {suspended: true}
defaults: {issuer: campus, map_files: {/etc/oauth-pam/accounts.map: "m@example.org mapped\\n"}, claims: {note: "yes"}}
tests:
  - {name: nobody, account: nobody, expect: deny}
`;

Deno.test("the tests that mutate() proposes can be pasted, pass, and leave nothing unnoticed", () => {
  const first = report(readSuite(RICH));
  assert.ok(first.survived.length > 50, String(first.survived.length));
  const pasted = RICH + first.survived.map(({ yaml }) => yaml).join("");
  const read = readSuite(pasted);
  assert.equal(read.findings, "");
  const second = report(read);
  assert.deepEqual(second.survived.map(({ message }) => message), []);
});

/** Two rules that end, one of them before the clock of the tests; ages beside them. */
const ENDING = `version: 1
issuers: {campus: {issuer: https://login.example.edu, audiences: [ssh], claims: {auth_time: /at}}}
rules:
  staff:
    not_after: 2027-01-31T00:00:00Z
    assurance: {max_auth_age: 1h}
    accounts: [{claim: sub}]
  guests:
    not_after: 2025-01-31T00:00:00Z
    accounts: [{names: [guest]}]
  nobody:
    effect: deny
    not_after: 2026-06-30T00:00:00Z
    accounts: [{names: [bob]}]
defaults: {claims: {sub: alice, at: now}}
tests:
  - {name: staff, account: alice, expect: allow}
  - {name: root, account: root, claims: {sub: root}, expect: deny}
`;

Deno.test("mutate() removes and moves the end of a rule, and proposes the tests that notice it", () => {
  const first = report(readSuite(ENDING));
  const about = first.survived.filter(({ message }) =>
    message.includes("not_after")
  );
  assert.deepEqual(about.map(({ message }) => message), [
    'removing "not_after" of the rule "staff" changes no test',
    'moving "not_after" to 2027-02-01T00:00:00Z of the rule "staff" changes no test',
    'removing "not_after" of the rule "guests" changes no test',
    'moving "not_after" to 2025-02-01T00:00:00Z of the rule "guests" changes no test',
    'removing "not_after" of the rule "nobody" changes no test',
    'moving "not_after" to 2026-06-29T00:00:00Z of the rule "nobody" changes no test',
  ]);
  for (const { path, rule } of about) {
    assert.deepEqual(path, ["rules", rule, "not_after"]);
  }
  const pasted = ENDING + first.survived.map(({ yaml }) => yaml).join("");
  const read = readSuite(pasted);
  assert.equal(read.findings, "");
  const second = report(read);
  assert.deepEqual(second.survived.map(({ message }) => message), []);
  assert.equal(second.equivalent, first.equivalent);
});

Deno.test("mutate() names no change that changes no decision", () => {
  // two rules that say the same, a weaker requirement, and issuers that are all
  const { survived, equivalent } = report(readSuite(`version: 1
issuers: {campus: {issuer: https://login.example.edu, audiences: [ssh]}}
assurance: {mfa: true, max_auth_age: 1h}
rules:
  one: {issuers: [campus], when: {role: staff}, assurance: {mfa: true, max_auth_age: 2h}, accounts: [{claim: sub}]}
  two: {when: {role: staff}, accounts: [{claim: sub}]}
defaults: {account: alice, claims: {sub: alice, role: staff, amr: [mfa], auth_time: now}}
tests:
  - {name: staff, expect: allow}
  - {name: late, claims: {auth_time: now-61m}, expect: deny}
  - {name: one factor, claims: {amr: [pwd]}, expect: deny}
  - {name: others, claims: {role: guest}, expect: deny}
  - {name: root, account: root, claims: {sub: root}, expect: deny}
`));
  assert.deepEqual(survived.map(({ message }) => message), []);
  // each rule without the other, and three requirements that hold anyway
  assert.equal(equivalent, 5);
});

Deno.test("each mutation has a place of its own in the policy and another meaning as data", () => {
  const { policy } = readSuite(RICH);
  const mutations = mutationsOf(policy);
  const descriptions = mutations.map(({ description }) => description);
  assert.deepEqual(descriptions, [...new Set(descriptions)]);
  for (const { policy: changed, path } of mutations) {
    assert.notDeepEqual(changed, policy);
    assert.ok(path.length > 0);
  }
});

Deno.test("a mutation that a test's request is decided differently by is noticed", () => {
  const { policy } = readSuite(COMPLETE);
  const mutations = mutationsOf(policy);
  const pick = <Value>(...values: Value[]) => fc.constantFrom(...values);
  const requests = fc.record({
    issuer: pick(...policy.issuers),
    account: pick("alice", "backup", "root", "bob"),
    service: pick("sshd", "login"),
    email: pick("alice@example.edu", "backup@example.edu", "root@example.edu"),
    email_verified: pick<unknown>(true, false, "true"),
    groups: pick<unknown>(["staff"], ["faculty"], [], "staff"),
    amr: pick(["mfa"], ["pwd"]),
    auth_time: pick(NOW, NOW - 3600, NOW - 3601, NOW - 7201),
  });
  fc.assert(
    fc.property(
      requests,
      pick(...mutations),
      ({ issuer, account, service, ...claims }, mutation) => {
        const request: AccessRequest = {
          account,
          service,
          rhost: null,
          now: NOW,
          subject: subjectFromClaims(issuer, { sub: "u1", ...claims }),
        };
        const actual = evaluate(policy, request);
        const { decision } = actual;
        const test = {
          name: "x",
          file: "x",
          line: 1,
          request,
          mapFiles: new Map(),
          expected: { decision },
        };
        const result: TestResult = runTest(policy, test);
        const changed = evaluate(mutation.policy, request).decision;
        assert.equal(
          new Noticing(policy, [result]).notices(mutation),
          changed !== decision,
        );
      },
    ),
    { numRuns: 1000 },
  );
});

Deno.test("whether a mutation is noticed is told as if each test were run again", () => {
  const cases = policyArbitrary.chain((document) => {
    const policy = policyOf(document);
    const requests = fc.array(requestArbitrary(policy), {
      minLength: 30,
      maxLength: 30,
    });
    return fc.record({ policy: fc.constant(policy), requests });
  });
  let met = 0;
  holds(
    fc.property(cases, ({ policy, requests }) => {
      for (const request of requests) {
        const actual = evaluate(policy, request, { mapFiles: MAP_FILES });
        const { decision, reason, rule } = actual;
        const place = { name: "x", file: "x", line: 1 };
        const expected = { decision, reason, rule };
        const test = { ...place, request, mapFiles: MAP_FILES, expected };
        const noticing = new Noticing(policy, [runTest(policy, test)]);
        for (const mutation of mutationsOf(policy)) {
          const { passed } = runTest(mutation.policy, test);
          assert.equal(noticing.notices(mutation), !passed);
          if (!passed) met += 1;
        }
      }
    }),
    { runs: 60 },
  );
  assert.ok(met > 200, String(met));
});

const THOROUGH = readSuite(COMPLETE);

Deno.test({
  name: "mutate() runs without any permission",
  permissions: "none",
  fn() {
    assert.deepEqual(report(THOROUGH).survived, []);
  },
});
