/**
 * Recorded logins decided again: which count, and which cannot be decided.
 *
 * @module
 */

import assert from "node:assert/strict";
import {
  LoginReplay,
  replayLogins,
} from "../../../src/analysis/diff/replay.ts";
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

/** A replay of lines, one file after the other. */
function replayed(
  files: Readonly<Record<string, readonly unknown[]>>,
  { old, next = old, oldSha256 }: {
    old: Policy;
    next?: Policy;
    oldSha256?: string;
  },
): LoginReplay {
  const replay = new LoginReplay({
    old,
    new: next,
    mapFiles: new Map(),
    ...(oldSha256 === undefined ? {} : { oldSha256 }),
  });
  const names = Object.keys(files);
  for (const [name, records] of Object.entries(files)) {
    replay.begin(names.length > 1 ? name : null);
    for (const record of records) {
      replay.add(typeof record === "string" ? record : JSON.stringify(record));
    }
  }
  return replay;
}

Deno.test("LoginReplay tells why lines cannot be decided, how many, and where the first is", () => {
  const { claims: _, ...bare } = RECORD;
  const replay = replayed({
    "audit.jsonl.1": [
      "{torn",
      "[]",
      RECORD,
      { ...RECORD, reason: "token_expired" },
      { ...RECORD, reason: "of_next_year" },
    ],
    "audit.jsonl": [
      "",
      { ...RECORD, reason: "token_expired", user: null },
      { ...RECORD, user: null },
      bare,
      { ...RECORD, claims: {} },
      { ...RECORD, issuer: "gone" },
      { ...RECORD, reason: "token_expired" },
    ],
  }, { old: rules({ a: STAFF }) });
  const { unusable } = replay.notes();
  assert.deepEqual(
    unusable.map(({ because, count, first }) =>
      `${count} ${because} ${first.file}:${first.line}`
    ),
    [
      '3 refused before the policy was asked: "token_expired" audit.jsonl.1:4',
      "1 not JSON audit.jsonl.1:1",
      "1 not a JSON object audit.jsonl.1:2",
      '1 a reason that this version does not know: "of_next_year" audit.jsonl.1:5',
      '1 "user" is missing audit.jsonl:3',
      "1 no claims were recorded audit.jsonl:4",
      "1 not recorded: groups audit.jsonl:5",
      '1 of an issuer that neither policy has: "gone" audit.jsonl:6',
    ],
  );
  const { skipped, decided, records } = replay.result();
  assert.deepEqual(skipped, { unreadable: 3, undecided: 4, incomplete: 3 });
  assert.equal(records, 11);
  assert.equal(decided, 1);
});

Deno.test("LoginReplay counts what it does not keep, and keeps of both directions", () => {
  const allowed = (index: number) => ({ ...RECORD, user: `u${index}` });
  const records = [
    ...Array.from({ length: 10_500 }, (_, index) => allowed(index)),
    { ...RECORD, user: "late", reason: "account_not_permitted" },
  ];
  const old = rules({
    a: "accounts: [{claim: sub}], when: {groups: {any: [staff]}}",
  });
  const next = rules({
    a: "accounts: [{names: [late]}], when: {groups: {any: [staff]}}",
  });
  const withSub = records.map((record) => ({
    ...record,
    claims: {
      groups: ["staff"],
      sub: record.user === "late" ? "other" : record.user,
    },
  }));
  const replay = replayed({ a: withSub }, { old, next });
  const { wider, narrower } = replay.notes();
  assert.deepEqual({ wider, narrower }, { wider: 1, narrower: 10_500 });
  const { changes } = replay.result();
  assert.equal(changes.length, 10_001);
  assert.equal(changes.at(-1)?.account, "late");
});

Deno.test("LoginReplay tells which policies decided, and where the old one no longer decides as it did", () => {
  const old = rules({ a: STAFF });
  const replay = replayed({
    a: [
      { ...RECORD, policy_sha256: "aaaa" },
      { ...RECORD, policy_sha256: "aaaa" },
      { ...RECORD, policy_sha256: "bbbb", reason: "account_not_permitted" },
      { ...RECORD, policy_sha256: "aaaa", reason: "denied_by_rule" },
      RECORD,
    ],
  }, { old, oldSha256: "aaaa" });
  const { policies, differing } = replay.notes();
  assert.deepEqual(policies, [
    { sha256: "aaaa", records: 3 },
    { sha256: "bbbb", records: 1 },
    { sha256: null, records: 1 },
  ]);
  assert.deepEqual(differing, { count: 1, first: { file: null, line: 4 } });
});

Deno.test("LoginReplay does not judge a certificate's answer for all networks as if it came from none", () => {
  const certificate = { ...RECORD, method: "certificate", rhost: null };
  const inside = rules({ a: `${STAFF}, rhosts: [10.0.0.0/8]` });
  const decided = (record: unknown, old: Policy, next: Policy) => {
    const { decided, changes } = replayed({ a: [record] }, { old, next })
      .result();
    return [decided, changes.length];
  };
  const open = rules({ a: STAFF });
  assert.deepEqual(decided(certificate, inside, inside), [0, 0]);
  assert.deepEqual(decided(certificate, open, inside), [0, 0]);
  assert.deepEqual(decided(certificate, open, open), [1, 0]);
  // with %C the address is known
  const known = { ...certificate, rhost: "192.0.2.1" };
  assert.deepEqual(decided(known, open, inside), [1, 1]);
  assert.deepEqual(
    decided({ ...certificate, method: undefined }, open, inside),
    [1, 1],
  );
});
