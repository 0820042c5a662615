/**
 * For every way of not matching or not granting, what is told about it.
 *
 * @module
 */
// Threats: E8

import assert from "node:assert/strict";
import type { RuleOutcome } from "../../../src/policy/decision.ts";
import { ask, type Asked, NOW, rules, short } from "../../support/policies.ts";

const IDP = "https://idp.example.edu";
const GOOD = {
  sub: "alice",
  groups: ["staff"],
  idp: IDP,
  amr: ["mfa"],
  auth_time: NOW - 60,
};

/** The one outcome of a policy of one rule. */
function outcome(body: string, asked: Asked): Partial<RuleOutcome> {
  const [first] = ask(rules({ r: body }), asked).rules;
  assert.ok(first !== undefined);
  return first;
}

/** A rule's body, what is asked, and why it does not match or grant. */
const WHY: readonly [string, string, Asked, Partial<RuleOutcome>][] = [
  ["another issuer", "issuers: [campus], accounts: [{claim: sub}]", {
    issuer: "lab",
  }, {
    because: "issuer_mismatch",
    condition: ["issuers"],
    expected: ["campus"],
    actual: "lab",
  }],
  ["another service", "services: [sshd], accounts: [{claim: sub}]", {
    service: "SSHD",
  }, {
    because: "service_mismatch",
    condition: ["services"],
    expected: ["sshd"],
    actual: "SSHD",
  }],
  ["another network", "rhosts: [10.0.0.0/8], accounts: [{claim: sub}]", {
    rhost: "192.0.2.7",
  }, {
    because: "rhost_mismatch",
    condition: ["rhosts"],
    expected: ["10.0.0.0/8"],
    actual: "192.0.2.7",
  }],
  ["no remote host", "rhosts: [0.0.0.0/0, '::/0'], accounts: [{claim: sub}]", {
    rhost: null,
  }, {
    because: "rhost_mismatch",
    actual: null,
  }],
  ["a host name", "rhosts: [0.0.0.0/0, '::/0'], accounts: [{claim: sub}]", {
    rhost: "localhost",
  }, {
    because: "rhost_mismatch",
    actual: "localhost",
  }],
  [
    "a missing claim",
    "when: {groups: {any: [staff]}}, accounts: [{claim: sub}]",
    {},
    {
      because: "claim_missing",
      condition: ["when", "groups", "any"],
      expected: ["staff"],
      actual: null,
    },
  ],
  [
    "a claim of another type",
    "when: {groups: {any: [admin]}}, accounts: [{claim: sub}]",
    {
      claims: { groups: "admins" },
    },
    {
      because: "claim_type",
      condition: ["when", "groups", "any"],
      actual: "admins",
    },
  ],
  [
    "another value",
    "when: {/org/unit: {in: [physics]}}, accounts: [{claim: sub}]",
    {
      claims: { org: { unit: "maths" } },
    },
    {
      because: "claim_mismatch",
      condition: ["when", "/org/unit", "in"],
      actual: "maths",
    },
  ],
  [
    "a string that reads true",
    "when: {email_verified: true}, accounts: [{claim: sub}]",
    {
      claims: { sub: "alice", email_verified: "true" },
    },
    {
      because: "claim_type",
      condition: ["when", "email_verified", "equals"],
      expected: true,
    },
  ],
  ["another account", "accounts: [{claim: sub}, {names: [deploy]}]", {
    claims: { sub: "bob" },
  }, {
    because: "account_mismatch",
    condition: ["accounts"],
    expected: ["bob", "deploy"],
    actual: "alice",
  }],
  ["an account that the host does not know", "accounts: [{claim: sub}]", {
    claims: { sub: "alice" },
    host: "unknown",
  }, {
    because: "account_mismatch",
    expected: "an account of this host",
    matched: false,
  }],
  ["an account of another name", "accounts: [{claim: sub}]", {
    claims: { sub: "alice" },
    host: { uid: 1000, name: "Alice" },
  }, {
    because: "account_mismatch",
    expected: "an account of this host",
    matched: false,
  }],
  [
    "the wrong provider",
    `assurance: {permitted_idps: ["${IDP}"]}, accounts: [{claim: sub}]`,
    {
      claims: { ...GOOD, idp: `${IDP}/` },
    },
    {
      because: "idp_not_permitted",
      condition: ["assurance"],
      expected: [IDP],
      matched: true,
    },
  ],
  ["one factor", "assurance: {mfa: true}, accounts: [{claim: sub}]", {
    claims: { ...GOOD, amr: ["pwd"] },
  }, {
    because: "mfa_required",
    expected: ["mfa"],
    actual: ["pwd"],
    matched: true,
  }],
  [
    "an old authentication",
    "assurance: {max_auth_age: 59s}, accounts: [{claim: sub}]",
    {
      claims: GOOD,
    },
    {
      because: "reauthentication_required",
      expected: 59,
      actual: NOW - 60,
      matched: true,
    },
  ],
  ["a protected account", "accounts: [{claim: sub}]", {
    account: "root",
    claims: { sub: "root" },
  }, {
    because: "account_protected",
    condition: ["allow_protected"],
    expected: true,
    actual: false,
    matched: true,
  }],
];

for (const [name, body, asked, expected] of WHY) {
  Deno.test(`evaluate() explains ${name}`, () => {
    const found = outcome(body, asked);
    assert.equal(found.granted, false);
    for (const [key, value] of Object.entries(expected)) {
      assert.deepEqual(found[key as keyof RuleOutcome], value, key);
    }
  });
}

Deno.test("evaluate() explains every rule, in the order of the policy", () => {
  const policy = rules({
    z: "accounts: [{claim: sub}]",
    a: "services: [sudo], accounts: [{claim: sub}]",
    m: "effect: deny, accounts: [{names: [backup]}]",
  });
  const decision = ask(policy, { claims: { sub: "alice" } });
  assert.equal(short(decision), "allow allowed z");
  assert.deepEqual(
    decision.rules.map(({ id, effect, matched, because }) => ({
      id,
      effect,
      matched,
      because,
    })),
    [
      { id: "z", effect: "allow", matched: true, because: null },
      { id: "a", effect: "allow", matched: false, because: "service_mismatch" },
      { id: "m", effect: "deny", matched: false, because: "account_mismatch" },
    ],
  );
});

Deno.test("evaluate() does not see claims named like JavaScript's machinery", () => {
  const claims = JSON.parse(
    '{"sub": "alice", "__proto__": {"groups": ["staff"], "level": 9}}',
  );
  assert.equal(
    outcome("when: {groups: {any: [staff]}}, accounts: [{claim: sub}]", {
      claims,
    }).because,
    "claim_missing",
  );
  assert.equal(
    outcome("when: {level: 9}, accounts: [{claim: sub}]", { claims }).because,
    "claim_missing",
  );
  for (
    const path of [
      "/constructor/name",
      "toString",
      "/toString/name",
      "/sub/length",
      "/groups/length",
    ]
  ) {
    const body = `when: {"${path}": {like: "*"}}, accounts: [{claim: sub}]`;
    assert.equal(
      outcome(body, { claims: { sub: "alice", groups: ["staff"] } }).because,
      "claim_missing",
    );
  }
  assert.equal(
    ask(rules({ r: "accounts: [{claim: constructor}]" }), { account: "object" })
      .reason,
    "account_not_permitted",
  );
});
