/**
 * Decisions, row by row: who wins, and which reason is told.
 *
 * @module
 */

import assert from "node:assert/strict";
import { REASONS } from "../../../src/lib/reason.ts";
import { evaluate } from "../../../src/policy/evaluate/evaluate.ts";
import type { AccessRequest } from "../../../src/policy/request.ts";
import {
  ask,
  type Asked,
  NOW,
  policyWith,
  requestFor,
  rules,
  short,
} from "../../support/policies.ts";

const IDP = "https://idp.example.edu";
const GOOD = {
  sub: "alice",
  groups: ["staff"],
  idp: IDP,
  amr: ["mfa"],
  auth_time: NOW - 60,
};

/** Rules, what is asked, and the decision in three words. */
const TABLE: readonly [string, Record<string, string>, Asked, string][] = [
  [
    "the owner",
    { r: "accounts: [{claim: sub}]" },
    { claims: { sub: "alice" } },
    "allow allowed r",
  ],
  ["somebody else's account", { r: "accounts: [{claim: sub}]" }, {
    claims: { sub: "alice" },
    account: "bob",
  }, "deny account_not_permitted null"],
  ["a deny rule beside an allow rule", {
    a: "accounts: [{claim: sub}]",
    z: "effect: deny",
  }, {
    claims: { sub: "alice" },
  }, "deny denied_by_rule z"],
  [
    "a deny rule about another account",
    {
      a: "accounts: [{claim: sub}]",
      z: "effect: deny, accounts: [{names: [backup]}]",
    },
    { claims: { sub: "alice" } },
    "allow allowed a",
  ],
  ["a deny rule about an account nobody maps to", {
    z: "effect: deny, accounts: [{names: [alice]}]",
  }, {
    claims: {},
  }, "deny denied_by_rule z"],
  [
    "a deny rule whose claim is missing",
    {
      a: "accounts: [{claim: sub}]",
      z: "effect: deny, when: {groups: {any: [banned]}}",
    },
    { claims: { sub: "alice" } },
    "allow allowed a",
  ],
  ["a deny rule for unknown accounts of the host", { z: "effect: deny" }, {
    host: "unknown",
  }, "deny denied_by_rule z"],
  [
    "two deny rules",
    { x: "effect: deny", b: "effect: deny" },
    {},
    "deny denied_by_rule b",
  ],
  ["two allow rules", {
    x: "accounts: [{claim: sub}]",
    b: "accounts: [{claim: sub}]",
  }, {
    claims: { sub: "alice" },
  }, "allow allowed b"],
  [
    "one rule that falls short beside one that grants",
    {
      a: "assurance: {mfa: true}, accounts: [{claim: sub}]",
      b: "accounts: [{claim: sub}]",
    },
    { claims: { sub: "alice" } },
    "allow allowed b",
  ],
  ["a rule for another service", {
    r: "services: [sudo], accounts: [{claim: sub}]",
  }, {
    claims: { sub: "alice" },
  }, "deny account_not_permitted null"],
  ["a rule for another issuer", {
    r: "issuers: [campus], accounts: [{claim: sub}]",
  }, {
    issuer: "lab",
    claims: { sub: "alice" },
  }, "deny account_not_permitted null"],
  [
    "two issuers with the same sub, where one maps it",
    {
      r: "issuers: [campus], accounts: [{map: {u1: [alice]}, keys: [sub]}]",
    },
    { issuer: "lab", claims: { sub: "u1" } },
    "deny account_not_permitted null",
  ],
  [
    "reauthentication before mfa before idp",
    {
      c: "assurance: {max_auth_age: 1s}, accounts: [{claim: sub}]",
      b: "assurance: {mfa: true}, accounts: [{claim: sub}]",
      a: "assurance: {permitted_idps: [x]}, accounts: [{claim: sub}]",
    },
    { claims: { sub: "alice", auth_time: NOW - 9 } },
    "deny reauthentication_required c",
  ],
  [
    "mfa before idp",
    {
      b: "assurance: {mfa: true}, accounts: [{claim: sub}]",
      a: "assurance: {permitted_idps: [x]}, accounts: [{claim: sub}]",
    },
    { claims: { sub: "alice" } },
    "deny mfa_required b",
  ],
  [
    "the worstOf lack of one rule",
    {
      a: "assurance: {permitted_idps: [x], mfa: true, max_auth_age: 1s}, accounts: [{claim: sub}]",
    },
    { claims: { sub: "alice" } },
    "deny idp_not_permitted a",
  ],
  [
    "a shortfall before a rule that does not match",
    {
      a: "when: {x: 1}, accounts: [{claim: sub}]",
      b: "assurance: {mfa: true}, accounts: [{claim: sub}]",
    },
    { claims: { sub: "alice" } },
    "deny mfa_required b",
  ],
  [
    "a shortfall before a protected account",
    {
      a: "accounts: [{claim: sub}]",
      b: "assurance: {mfa: true}, allow_protected: true, accounts: [{names: [root]}]",
    },
    { account: "root", claims: { sub: "root" } },
    "deny mfa_required b",
  ],
  [
    "a protected account before its assurance",
    {
      a: "assurance: {mfa: true}, accounts: [{claim: sub}]",
    },
    { account: "root", claims: { sub: "root" } },
    "deny account_protected a",
  ],
  [
    "a denial before a shortfall",
    {
      a: "assurance: {mfa: true}, accounts: [{claim: sub}]",
      b: "effect: deny",
    },
    { claims: { sub: "alice" } },
    "deny denied_by_rule b",
  ],
];

for (const [name, lines, asked, expected] of TABLE) {
  Deno.test(`evaluate() decides ${expected} about ${name}`, () => {
    assert.equal(short(ask(rules(lines), asked)), expected);
    const reversed = Object.fromEntries(Object.entries(lines).reverse());
    assert.equal(
      short(ask(rules(reversed), asked)),
      expected,
      "in the other order",
    );
  });
}

Deno.test("evaluate() refuses an issuer that the policy does not know", () => {
  const policy = rules({ r: "accounts: [{claim: sub}]" });
  const request = requestFor(policy, { claims: { sub: "alice" } });
  const foreign = {
    ...request,
    subject: { ...request.subject, issuer: "https://login.example.edu" },
  };
  assert.equal(short(evaluate(policy, foreign)), "deny issuer_unknown null");
});

const MAPPED = rules({
  r: "accounts: [{map_file: /etc/oauth-pam/accounts.map, keys: [sub]}]",
  z: "effect: deny, when: {banned: true}",
});

Deno.test("a map file that was not handed in denies the whole request", () => {
  const decision = ask(MAPPED, { claims: { sub: "u1" } });
  assert.equal(short(decision), "deny internal_error null");
  assert.equal(
    decision.detail,
    'the map file "/etc/oauth-pam/accounts.map" was not read',
  );
  const both = rules({
    a: "accounts: [{claim: sub}]",
    r: "accounts: [{map_file: /etc/oauth-pam/accounts.map, keys: [sub]}]",
  });
  assert.equal(
    ask(both, { claims: { sub: "alice" } }).reason,
    "internal_error",
  );
});

Deno.test("a map file decides by key, and a deny rule still wins", () => {
  const files = new Map([[
    "/etc/oauth-pam/accounts.map",
    "u1 alice\nu2 bob\n",
  ]]);
  assert.equal(
    short(ask(MAPPED, { claims: { sub: "u1" } }, files)),
    "allow allowed r",
  );
  assert.equal(
    ask(MAPPED, { claims: { sub: "u2" } }, files).reason,
    "account_not_permitted",
  );
  assert.equal(
    short(ask(MAPPED, { claims: { sub: "u1", banned: true } }, files)),
    "deny denied_by_rule z",
  );
});

Deno.test("an error anywhere denies, whatever is thrown", () => {
  const policy = rules({
    a: "accounts: [{claim: sub}]",
    b: "when: {boom: 1}, accounts: [{claim: sub}]",
  });
  for (const thrown of [new Error("boom"), "boom", null, Object.create(null)]) {
    const claims = Object.defineProperty({ sub: "alice" }, "boom", {
      enumerable: true,
      get() {
        throw thrown;
      },
    });
    const request: AccessRequest = {
      ...requestFor(policy, {}),
      subject: { ...requestFor(policy).subject, claims },
    };
    const decision = evaluate(policy, request);
    assert.equal(short(decision), "deny internal_error null");
    assert.equal(
      decision.detail,
      thrown instanceof Error ? "boom" : "an unknown error",
    );
  }
});

const ASSURED = policyWith(`
version: 1
issuers:
  campus: {issuer: https://login.example.edu, audiences: [ssh], clock_skew: 30s}
assurance: {permitted_idps: [${IDP}], mfa: true, max_auth_age: 8h}
rules:
  staff: {accounts: [{claim: sub}], assurance: {max_auth_age: 1h}}
`);

Deno.test("evaluate() does not change what it is given", () => {
  const freeze = <T>(value: T): T => {
    if (value !== null && typeof value === "object") {
      Object.values(Object.freeze(value)).forEach(freeze);
    }
    return value;
  };
  const decision = evaluate(
    freeze(structuredClone(ASSURED)),
    freeze(requestFor(ASSURED, { claims: GOOD })),
  );
  assert.equal(short(decision), "allow allowed staff");
});

Deno.test("evaluate() looks a claim up once, however many rules ask about it", () => {
  const policy = rules(Object.fromEntries(
    Array.from({ length: 50 }, (_, index) => [
      `r${index}`,
      `when: {groups: {any: [g${index}]}}, accounts: [{claim: sub}]`,
    ]),
  ));
  let looks = 0;
  const claims = {
    sub: "alice",
    get groups() {
      looks++;
      return ["g49"];
    },
  };
  const decision = evaluate(
    policy,
    requestFor(policy, { subject: { claims } }),
  );
  assert.equal(short(decision), "allow allowed r49");
  assert.equal(looks, 1);
});

Deno.test("a policy without rules denies", () => {
  assert.equal(
    short(
      evaluate(
        { ...ASSURED, rules: [] },
        requestFor(ASSURED, { claims: GOOD }),
      ),
    ),
    "deny account_not_permitted null",
  );
});

Deno.test("the reasons are the design's, each once", () => {
  assert.equal(new Set(REASONS).size, REASONS.length);
  assert.equal(REASONS.length, 34);
});
