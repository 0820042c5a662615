/**
 * `lists`, `word` and `has`: claims as providers send them, for allow and deny rules, and shapes that
 * nobody should send.
 *
 * @module
 */
// Threats: A21, E7, E11
import assert from "node:assert/strict";
import type { Claims } from "../../../src/policy/claims.ts";
import { ask, policyWith } from "../../support/policies.ts";

/** A policy whose issuer has these lines, that admits or keeps out whom the condition holds for. */
function decided(
  issuer: string,
  { effect, when, lines = "" }: {
    effect: "allow" | "deny";
    when: string;
    lines?: string;
  },
  claims: Claims,
): string {
  const policy = policyWith(
    [
      "version: 1",
      "issuers:",
      `  campus: {issuer: "https://login.example.edu", audiences: [ssh], ${issuer}}`,
      lines,
      "rules:",
      effect === "allow"
        ? `  r: {when: {${when}}, accounts: [{names: [alice]}]}`
        : `  all: {accounts: [{names: [alice]}], when: {sub: {like: "*"}}}\n  r: {effect: deny, when: {${when}}}`,
      "",
    ].join("\n"),
  );
  return ask(policy, { claims: { sub: "u1", ...claims } }).decision;
}

const PROTO = JSON.parse('{"__proto__": {"x": 1}}');
const ANY = "groups: {any: [x]}";
const NONE = "groups: {none: [x]}";
const ALL = "groups: {all: [x, z]}";
const WORD = "scp: {word: x}";
const HAS = "roles: {has: x}";
const LISTS = "lists: [groups]";
const AT = "lists: [/realm/roles]";
const ROLES = "/realm/roles: {any: [x]}";

/** Lines of the issuer, condition, claims; whether it admits, and whether it keeps out. */
const TABLE: readonly [string, string, Claims, boolean, boolean][] = [
  // a bare value counts as a list of one, only where the policy says so, and only a scalar
  ["lists: [other]", ANY, { groups: "x" }, false, true],
  [LISTS, ANY, { groups: "x" }, true, true],
  [LISTS, ANY, { groups: ["x"] }, true, true],
  [LISTS, ANY, { groups: "y" }, false, false],
  [LISTS, ANY, { groups: "x y" }, false, false],
  [LISTS, ANY, { groups: "" }, false, false],
  [LISTS, ANY, { groups: "X" }, false, false],
  [LISTS, ANY, { groups: { x: true } }, false, true],
  [LISTS, ANY, { groups: { 0: "x", length: 1 } }, false, true],
  [LISTS, ANY, { groups: [["x"]] }, false, true],
  [LISTS, ANY, { groups: [null, "z"] }, false, true],
  [LISTS, ANY, { groups: PROTO }, false, true],
  [LISTS, ANY, { groups: null }, false, false],
  [LISTS, ANY, {}, false, false],
  [LISTS, ANY, { _claim_names: { groups: "s" } }, false, true],
  [LISTS, ANY, { groups: null, _claim_names: { groups: "s" } }, false, true],
  [LISTS, ANY, { hasgroups: true }, false, true],
  [LISTS, NONE, { groups: "y" }, true, true],
  [LISTS, NONE, { groups: "x" }, false, false],
  [LISTS, NONE, { groups: { x: 1 } }, false, true],
  [LISTS, NONE, { groups: ["y", { x: 1 }] }, false, true],
  [LISTS, NONE, { hasgroups: true }, false, true],
  [LISTS, NONE, {}, false, false],
  [LISTS, ALL, { groups: "x" }, false, false],
  [LISTS, ALL, { groups: "x y" }, false, false],
  // at a pointer, by either name of it
  [AT, ROLES, { realm: { roles: "x" } }, true, true],
  [AT, ROLES, { realm: { roles: { x: 1 } } }, false, true],
  [AT, ROLES, { realm: "x" }, false, false],
  [AT, ROLES, { "/realm/roles": "x" }, false, false],
  [AT, ROLES, { _claim_names: { realm: "s" } }, false, true],
  [
    `claims: {groups: /realm/roles}, ${LISTS}`,
    ANY,
    {
      realm: { roles: "x" },
      groups: "y",
    },
    true,
    true,
  ],
  [
    `claims: {groups: /realm/roles}, ${AT}`,
    ANY,
    {
      realm: { roles: "x" },
    },
    true,
    true,
  ],
  [
    `claims: {groups: /realm/roles}, ${LISTS}`,
    ANY,
    { groups: "x" },
    false,
    false,
  ],
  // a word of a text, never of a list
  ["", WORD, { scp: "a x" }, true, true],
  ["", WORD, { scp: "a xx" }, false, false],
  ["", WORD, { scp: ["x"] }, false, true],
  ["", WORD, { scp: null }, false, false],
  ["", WORD, { scp: { x: 1 } }, false, true],
  ["lists: [scp]", WORD, { scp: "a x" }, true, true],
  ["", WORD, { _claim_names: { scp: "s" } }, false, true],
  ["", WORD, { _claim_names: "scp" }, false, true],
  // a member of an object, its own
  ["", HAS, { roles: { x: { 12: "example.edu" } } }, true, true],
  ["", HAS, { roles: { y: 1 } }, false, false],
  ["", HAS, { roles: PROTO }, false, false],
  ["", HAS, { roles: ["x"] }, false, true],
  ["", HAS, { roles: "x" }, false, true],
  ["", HAS, { roles: null }, false, false],
  ["", HAS, { _claim_names: { roles: "s" } }, false, true],
  ["", "roles: {has: __proto__}", { roles: {} }, false, false],
  ["", "roles: {has: constructor}", { roles: {} }, false, false],
  // a claim that is really called so
  ["", "/__proto__: {has: x}", PROTO, true, true],
  ["", "/__proto__: {has: x}", {}, false, false],
];

for (const [issuer, when, claims, admits, keepsOut] of TABLE) {
  const asked = `${when} on ${JSON.stringify(claims)} (${issuer})`;
  Deno.test(`an allow rule with ${asked} ${admits ? "admits" : "refuses"}`, () => {
    assert.equal(
      decided(issuer, { effect: "allow", when }, claims),
      admits ? "allow" : "deny",
    );
  });
  Deno.test(`a deny rule with ${asked} ${keepsOut ? "refuses" : "lets by"}`, () => {
    assert.equal(
      decided(issuer, { effect: "deny", when }, claims),
      keepsOut ? "deny" : "allow",
    );
  });
}

Deno.test("a method that comes bare counts for mfa where the policy says that amr may", () => {
  const mfa = (issuer: string, claims: Claims) =>
    decided(issuer, {
      effect: "allow",
      when: "sub: u1",
      lines: "assurance: {mfa: true}",
    }, claims);
  const listed = "lists: [amr]";
  assert.equal(mfa(listed, { amr: "mfa" }), "allow");
  assert.equal(mfa("", { amr: "mfa" }), "deny");
  for (const amr of ["pwd mfa", "MFA", { mfa: 1 }, [["mfa"]], 1, true, null]) {
    assert.equal(mfa(listed, { amr }), "deny", JSON.stringify(amr));
  }
  assert.equal(
    mfa(`claims: {amr: /ctx/methods}, ${listed}`, { ctx: { methods: "mfa" } }),
    "allow",
  );
  assert.equal(
    mfa(`claims: {amr: /ctx/methods}, ${listed}`, { amr: "mfa" }),
    "deny",
  );
});
