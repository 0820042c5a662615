/**
 * Conditions compare without conversion and say why they do not hold.
 *
 * @module
 */
// Threats: A21, E7, E11

import { assertFast } from "../../support/timing.ts";
import assert from "node:assert/strict";
import {
  checkCondition,
  claimLocation,
  matchesGlob,
  operand,
} from "../../../src/policy/evaluate/conditions.ts";
import type { Condition } from "../../../src/policy/model.ts";
import { policyWith } from "../../support/policies.ts";

const policy = policyWith(`
version: 1
issuers:
  campus:
    issuer: https://login.example.edu
    audiences: [ssh]
    claims: {groups: /realm/roles, acr: level}
rules:
  staff: {accounts: [{claim: sub}]}
`);
const issuer = policy.issuers[0];
if (issuer === undefined) throw new Error("no issuer");

type Operator = Condition["operator"];

/** `holds`, or the reason why not. */
function outcome(operator: Operator, wanted: unknown, actual: unknown): string {
  const parts = operator === "like"
    ? { pattern: wanted }
    : operator === "equals"
    ? { value: wanted }
    : operator === "word" || operator === "has"
    ? { text: wanted }
    : { values: wanted };
  const condition = { claim: "c", operator, ...parts } as Condition;
  const claims = actual === undefined ? {} : { c: actual };
  const result = checkCondition(condition, { issuer: issuer!, claims });
  return result.holds ? "holds" : result.because;
}

const TABLE: readonly [Operator, unknown, unknown, string][] = [
  ["any", ["staff", "faculty"], ["guest", "faculty"], "holds"],
  ["any", ["staff"], ["guest"], "claim_mismatch"],
  ["any", ["staff"], [], "claim_mismatch"],
  ["any", ["admin"], "admins", "claim_type"],
  ["any", ["staff"], "staff", "claim_type"],
  ["any", ["staff"], { 0: "staff", length: 1 }, "claim_type"],
  ["any", ["staff"], undefined, "claim_missing"],
  ["any", ["staff"], null, "claim_missing"],
  [
    "any",
    ["staff"],
    ["Staff", "staff ", "staff\n", "staff\0", ["staff"]],
    "claim_mismatch",
  ],
  ["any", ["/cms"], ["/cms/uscms"], "claim_mismatch"],
  ["any", ["/cms/uscms"], ["/cms"], "claim_mismatch"],
  ["any", [1], ["1"], "claim_mismatch"],
  ["any", [1], [1], "holds"],
  ["any", [true], ["true", 1], "claim_mismatch"],
  ["all", ["a", "b"], ["b", "c", "a"], "holds"],
  ["all", ["a", "b"], ["a"], "claim_mismatch"],
  ["all", ["a"], "a", "claim_type"],
  ["all", ["a"], undefined, "claim_missing"],
  ["none", ["banned"], ["staff"], "holds"],
  ["none", ["banned"], [], "holds"],
  ["none", ["banned"], ["staff", "banned"], "claim_mismatch"],
  ["none", ["banned"], "staff", "claim_type"],
  ["none", ["banned"], undefined, "claim_missing"],
  ["none", ["banned"], null, "claim_missing"],
  ["in", ["physics", "maths"], "maths", "holds"],
  ["in", ["physics"], "Physics", "claim_mismatch"],
  ["in", ["physics"], ["physics"], "claim_type"],
  ["in", [1], "1", "claim_mismatch"],
  ["in", [0, ""], false, "claim_mismatch"],
  ["in", ["physics"], {}, "claim_type"],
  ["in", ["physics"], undefined, "claim_missing"],
  ["like", "*@example.edu", "alice@example.edu", "holds"],
  ["like", "*@example.edu", "alice@example.edu.evil", "claim_mismatch"],
  ["like", "*@example.edu", "alice@example.edu\n", "claim_mismatch"],
  ["like", "*@example.edu", ["alice@example.edu"], "claim_type"],
  ["like", "1*", 12, "claim_type"],
  ["like", "*", undefined, "claim_missing"],
  ["like", "*", "", "holds"],
  ["word", "ssh.login", "openid ssh.login", "holds"],
  ["word", "ssh.login", "ssh.login", "holds"],
  ["word", "ssh.login", "openid,ssh.login; email", "holds"],
  ["word", "ssh.login", "openid\tssh.login\n", "holds"],
  ["word", "ssh.login", "ssh.logins", "claim_mismatch"],
  ["word", "ssh.login", "x-ssh.login y", "claim_mismatch"],
  ["word", "ssh.login", "SSH.LOGIN", "claim_mismatch"],
  ["word", "a*", "ab a c", "claim_mismatch"],
  ["word", "employee@uni.test", "staff@uni.test;employee@uni.test", "holds"],
  ["word", "employee@uni.test", "xemployee@uni.test.evil", "claim_mismatch"],
  ["word", "ssh.login", ["ssh.login"], "claim_type"],
  ["word", "1", 1, "claim_type"],
  ["word", "x", "", "claim_mismatch"],
  ["word", "x", undefined, "claim_missing"],
  ["has", "ssh", { ssh: { org: "x" } }, "holds"],
  ["has", "ssh", { ssh: false }, "holds"],
  ["has", "ssh", { ssh: null }, "claim_mismatch"],
  ["has", "ssh", {}, "claim_mismatch"],
  ["has", "ssh", { SSH: 1, "ssh ": 1 }, "claim_mismatch"],
  ["has", "a/b~c", { "a/b~c": 1 }, "holds"],
  ["has", "toString", {}, "claim_mismatch"],
  ["has", "__proto__", {}, "claim_mismatch"],
  ["has", "__proto__", JSON.parse('{"__proto__": 1}'), "holds"],
  ["has", "0", ["x"], "claim_type"],
  ["has", "length", ["x"], "claim_type"],
  ["has", "ssh", "ssh", "claim_type"],
  ["has", "ssh", null, "claim_missing"],
  ["equals", true, true, "holds"],
  ["equals", true, "true", "claim_type"],
  ["equals", true, 1, "claim_type"],
  ["equals", true, false, "claim_mismatch"],
  ["equals", "true", true, "claim_type"],
  ["equals", "alice", ["alice"], "claim_type"],
  ["equals", "alice", { toString: "alice" }, "claim_type"],
  ["equals", 0, -0, "holds"],
  ["equals", 0, "", "claim_type"],
  ["equals", "", "", "holds"],
  ["equals", "", null, "claim_missing"],
  ["equals", false, undefined, "claim_missing"],
];

for (const [operator, wanted, actual, expected] of TABLE) {
  const title = `${operator} ${JSON.stringify(wanted)} on ${
    JSON.stringify(actual)
  }`;
  Deno.test(`checkCondition() answers ${expected} for ${title}`, () => {
    assert.equal(outcome(operator, wanted, actual), expected);
  });
}

Deno.test("checkCondition() reports the value it saw, and null for none", () => {
  const condition: Condition = { claim: "c", operator: "equals", value: 1 };
  assert.deepEqual(checkCondition(condition, { issuer, claims: { c: [2] } }), {
    holds: false,
    because: "claim_type",
    actual: [2],
  });
  assert.equal(checkCondition(condition, { issuer, claims: {} }).actual, null);
});

Deno.test("claimLocation() follows the issuer for the five names, and for no other", () => {
  const located = [
    "groups",
    "idp",
    "auth_time",
    "amr",
    "acr",
    "sub",
    "toString",
    "__proto__",
  ];
  assert.deepEqual(located.map((claim) => claimLocation(issuer, claim)), [
    "/realm/roles",
    "idp",
    "auth_time",
    "amr",
    "level",
    "sub",
    "toString",
    "__proto__",
  ]);
});

Deno.test("checkCondition() takes groups from where the issuer keeps them, and only from there", () => {
  const condition: Condition = {
    claim: "groups",
    operator: "any",
    values: ["staff"],
  };
  const check = (claims: Record<string, unknown>) =>
    checkCondition(condition, { issuer, claims });
  assert.equal(check({ realm: { roles: ["staff"] } }).holds, true);
  assert.equal(check({ groups: ["staff"] }).holds, false);
});

const GLOBS: readonly [string, string, boolean][] = [
  ["alice", "alice", true],
  ["alice", "malice", false],
  ["alice", "alice ", false],
  ["alice", "Alice", false],
  ["*", "", true],
  ["*", "any\nthing\0", true],
  ["a*", "a", true],
  ["*a", "ba", true],
  ["a*a", "a", false],
  ["a*a", "aa", true],
  ["ab*ba", "aba", false],
  ["*a*", "bab", true],
  ["a**b", "ab", true],
  ["*ab*ab*", "abab", true],
  ["*ab*ab*", "abcab", true],
  ["*ab*ab*", "aab", false],
  ["a*bc*bc", "abcbc", true],
  ["a*bc*bc", "abc", false],
  ["a?c", "abc", false],
  ["a?c", "a?c", true],
  ["[ab]*", "axx", false],
  ["a.c", "abc", false],
  ["(a+)+$", "aaaa", false],
  ["\\*", "*", false],
  ["\\*", "\\x", true],
  ["*@example.edu", "@example.edu", true],
];

for (const [pattern, text, expected] of GLOBS) {
  const verb = expected ? "matches" : "does not match";
  Deno.test(`the glob ${pattern} ${verb} ${JSON.stringify(text)}`, () => {
    assert.equal(matchesGlob(pattern, text), expected);
  });
}

for (
  const [pattern, text] of [
    ["(a+)+$", `${"a".repeat(65_536)}!`],
    [`${"a*".repeat(1000)}b`, "a".repeat(65_536)],
    [`${"*a".repeat(1000)}b*`, "a".repeat(65_536)],
    [`*${"a".repeat(1000)}b*`, "a".repeat(65_536)],
    [`*${"ab".repeat(500)}c*`, "ab".repeat(32_768)],
  ] as const
) {
  Deno.test(`the glob ${pattern.slice(0, 12)}… of ${pattern.length} is fast on 64 KiB`, () => {
    assertFast(100, () => assert.equal(matchesGlob(pattern, text), false));
  });
}

Deno.test("checkCondition() is fast where very many groups meet very many", () => {
  const many = (count: number, name: string) =>
    Array.from({ length: count }, (_, index) => `${name}${index}`);
  const there = many(100_000, "g");
  for (
    const [operator, wanted, expected] of [
      ["any", many(20_000, "w"), "claim_mismatch"],
      ["any", [...many(20_000, "w"), "g99999"], "holds"],
      ["none", many(20_000, "w"), "holds"],
      ["all", many(20_000, "g"), "holds"],
    ] as const
  ) {
    // one by one it takes seconds
    assertFast(
      400,
      () => assert.equal(outcome(operator, wanted, there), expected),
      { tries: 5 },
    );
  }
});

for (const [operator, wanted, actual, expected] of TABLE) {
  if (!Array.isArray(actual) || actual.length === 0) continue;
  Deno.test(`${operator} ${JSON.stringify(wanted)} is the same of a long list of ${JSON.stringify(actual)}`, () => {
    const long = Array.from({ length: 100 }, () => actual).flat(1);
    assert.equal(outcome(operator, wanted, long), expected);
  });
}

Deno.test("operand() is what the condition compares with", () => {
  assert.equal(operand({ claim: "c", operator: "like", pattern: "a*" }), "a*");
  assert.equal(
    operand({ claim: "c", operator: "equals", value: false }),
    false,
  );
  assert.deepEqual(operand({ claim: "c", operator: "none", values: [1] }), [1]);
});
