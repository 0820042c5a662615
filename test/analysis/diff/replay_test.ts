/**
 * Recorded logins decided again: which count, and which cannot be decided.
 *
 * @module
 */

import assert from "node:assert/strict";
import { replayLogins } from "../../../src/analysis/diff/replay.ts";
import type { Policy } from "../../../src/policy/model.ts";
import { policyWith, rules } from "../../support/policies.ts";

const RECORD = {
  time: "2026-01-01T12:00:00.250Z",
  decision: "allow",
  reason: "allowed",
  user: "alice",
  service: "sshd",
  rhost: "10.0.0.1",
  issuer: "campus",
  claims: { groups: ["staff"] },
};
const STAFF = "accounts: [{names: [alice]}], when: {groups: {any: [staff]}}";

function replay(records: readonly unknown[], old: Policy, next: Policy = old) {
  const text = records.map((record) =>
    typeof record === "string" ? record : JSON.stringify(record)
  ).join("\n");
  return replayLogins(text, { old, new: next, mapFiles: new Map() });
}

Deno.test("replayLogins() skips what it cannot decide and says why", () => {
  const policy = rules({ a: STAFF });
  const { claims: _, ...bare } = RECORD;
  const result = replay([
    RECORD,
    "",
    "{torn",
    "[]",
    { ...RECORD, time: "yesterday" },
    { ...RECORD, reason: "signature_invalid" },
    { ...RECORD, issuer: null },
    bare,
    { ...RECORD, claims: {} },
  ], policy);
  assert.deepEqual(result, {
    records: 8,
    decided: 1,
    skipped: { unreadable: 3, undecided: 2, incomplete: 2 },
    missing: ["groups"],
    changes: [],
  });
});

Deno.test("replayLogins() takes a claim recorded as null for missing", () => {
  const record = {
    ...RECORD,
    reason: "account_not_permitted",
    claims: { groups: null },
  };
  const next = rules({ a: "accounts: [{names: [alice]}]" });
  const { decided, changes } = replay([record], rules({ a: STAFF }), next);
  assert.equal(decided, 1);
  assert.deepEqual(
    changes.map(({ line, old, new: next }) => [line, old.reason, next.reason]),
    [
      [1, "account_not_permitted", "allowed"],
    ],
  );
});

Deno.test("replayLogins() decides at the time of the login", () => {
  const policy = (age: string) =>
    rules({
      a: `accounts: [{names: [alice]}], assurance: {max_auth_age: ${age}}`,
    });
  const record = {
    ...RECORD,
    claims: { auth_time: Date.parse(RECORD.time) / 1000 - 90.25 },
  };
  assert.equal(
    replay([record], policy("90s"), policy("89s")).changes.length,
    1,
  );
  assert.equal(
    replay([record], policy("90s"), policy("91s")).changes.length,
    0,
  );
});

Deno.test("replayLogins() finds the issuer by the old policy's name for it", () => {
  const policy = (name: string, rule: string) =>
    policyWith(`version: 1
issuers:
  ${name}: {issuer: https://login.example.edu, audiences: [ssh]}
rules: {a: {${rule}}}
`);
  const next = policy("uni", `${STAFF}, services: [sudo]`);
  assert.equal(
    replay([RECORD], policy("campus", STAFF), policy("uni", STAFF)).changes
      .length,
    0,
  );
  assert.equal(
    replay([RECORD], policy("campus", STAFF), next).changes.length,
    1,
  );
  assert.equal(
    replay([{ ...RECORD, issuer: "gone" }], policy("campus", STAFF)).changes
      .length,
    0,
  );
});

Deno.test("replayLogins() remembers that the host, and no list, protected an account", () => {
  const open = { a: "accounts: [{claim: sub}]" };
  const record = {
    ...RECORD,
    user: "games",
    reason: "account_protected",
    claims: { sub: "games" },
  };
  const allowed = rules({
    a: "accounts: [{claim: sub}, {names: [games]}], allow_protected: true",
  });
  assert.deepEqual(replay([record], rules(open), rules(open)).changes, []);
  assert.equal(replay([record], rules(open), allowed).changes.length, 1);
  // a list that lets go of the account may well open it
  const listed = rules(open, "protected_accounts: [games]");
  assert.equal(replay([record], listed, rules(open)).changes.length, 1);
});
