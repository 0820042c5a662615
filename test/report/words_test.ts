/**
 * Conditions, claims and sources as sentences.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  claimWords,
  conditionWords,
  listed,
  ruleLabel,
  sourceWords,
} from "../../src/report/words.ts";
import { rules } from "../support/policies.ts";

Deno.test("conditions say what they ask for", () => {
  const policy = rules({
    all:
      `accounts: [{names: [deploy]}], when: {groups: {any: [staff, faculty], none: [leavers]}, ` +
      `teams: {all: [a, b]}, email_verified: true, unit: {in: [x, 7]}, email: {like: "*@example.edu"}, ` +
      `org: acme, scope: {word: ssh}, roles: {has: admin}}`,
  });
  assert.deepEqual(policy.rules[0]?.when.map(conditionWords).sort(), [
    "a verified address",
    'email is like "*@example.edu"',
    'groups has "staff" or "faculty"',
    'groups has none of "leavers"',
    'org is "acme"',
    'roles has the member "admin"',
    'scope has the word "ssh"',
    'teams has "a" and "b"',
    'unit is "x" or 7',
  ]);
});

Deno.test("claims say what a token has", () => {
  const now = 1_767_268_800;
  assert.deepEqual(
    claimWords({
      sub: "u1",
      groups: ["a", "b"],
      none: [],
      email_verified: true,
      realm: { roles: ["x"], deep: { on: false } },
      auth_time: now,
      "other_auth_time": now - 900,
      exp: now,
      nothing: null,
      list: [{ a: 1 }],
    }, now),
    [
      'sub is "u1"',
      'groups has "a" and "b"',
      "none is an empty list",
      "a verified address",
      'realm.roles has "x"',
      "realm.deep.on is false",
      "auth_time is the time of the login",
      "other_auth_time is 15 min before",
      `exp is ${now}`,
      "nothing is null",
      'list is [{"a":1}]',
    ],
  );
});

Deno.test("long lists are counted, and one more is not", () => {
  const names = (count: number) =>
    Array.from({ length: count }, (_, index) => `n${index}`);
  assert.equal(listed(names(3), { most: 2 }), "n0, n1, n2");
  assert.equal(listed(names(4), { most: 2 }), "n0, n1, and 2 more");
});

Deno.test("sources say where an account comes from", () => {
  const policy = rules({
    all:
      'accounts: [{names: [a, b]}, {claim: email, strip_suffix: "@x.edu"}, {map: {u1: [c]}, keys: [sub]}, {map_file: /etc/m, keys: [sub, email]}]',
  });
  assert.deepEqual(policy.rules[0]?.accounts?.map(sourceWords).sort(), [
    "a, b",
    "by a map of sub: c",
    "by the file /etc/m, by sub, email",
    'email without "@x.edu"',
  ]);
});

Deno.test("a label has services, networks, factors and age", () => {
  const nothing = { services: null, rhosts: null };
  assert.equal(
    ruleLabel(nothing, { mfa: false, maxAuthAge: null }),
    "any service · from anywhere",
  );
  assert.equal(
    ruleLabel({ services: ["sshd", "sudo"], rhosts: ["10.0.0.0/8"] }, {
      mfa: true,
      maxAuthAge: 900,
    }),
    "sshd, sudo · 10.0.0.0/8 · MFA · sign-in at most 15m old",
  );
});
