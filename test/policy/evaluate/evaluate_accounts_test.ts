/**
 * Names that are none, protected accounts, and what the host knows.
 *
 * @module
 */
// Threats: E2, E5

import assert from "node:assert/strict";
import { ask, type Asked, rules, short } from "../../support/policies.ts";

const EVERYBODY = rules({
  r: "accounts: [{claim: name}, {identity: id}, {map: {u1: [alice]}, keys: [sub, name]}]",
});

const BAD_NAMES = [
  ...[
    "",
    " ",
    "Alice",
    "alice ",
    " alice",
    "alice\n",
    "alice\r",
    "alice\0",
    "alice\0root",
    "al\tice",
  ],
  ...[
    "0",
    "1000",
    "00",
    "-1",
    "-rf",
    ".",
    "..",
    "/",
    "a/b",
    "a:b",
    "alice,bob",
    "$(id)",
    "%h",
    "a".repeat(33),
  ],
  ...[
    "\u212aelvin",
    "ｒoot",
    "r\u043eot",
    "r\u200boot",
    "\ufb01sh",
    "\u202eroot",
    "root\ufeff",
    "r\u0131ta",
  ],
];

for (const account of BAD_NAMES) {
  Deno.test(`evaluate() takes ${JSON.stringify(account)} for no account, though claims map to it`, () => {
    const decision = ask(EVERYBODY, {
      account,
      claims: { sub: account, name: account },
    });
    assert.equal(short(decision), "deny request_invalid null");
    assert.equal(decision.detail, "the account is not a plain account name");
  });
}

for (
  const name of [
    ["alice"],
    { a: 1 },
    123,
    true,
    "",
    null,
    "alice\n",
    "alice\0",
    "alice ",
    "ALICE",
    { toString: "alice" },
  ]
) {
  Deno.test(`evaluate() does not make alice of ${JSON.stringify(name)}`, () => {
    const decision = ask(EVERYBODY, { claims: { sub: "u9", name } });
    assert.equal(short(decision), "deny account_not_permitted null");
    assert.equal(decision.rules[0]?.because, "account_mismatch");
  });
}

const PROTECTED: readonly [string, string, Asked, string][] = [
  [
    "root by a claim",
    "accounts: [{claim: sub}]",
    { account: "root" },
    "deny account_protected r",
  ],
  [
    "root by a claim with allow_protected",
    "allow_protected: true, accounts: [{claim: sub}]",
    {
      account: "root",
    },
    "deny account_protected r",
  ],
  [
    "root by name alone",
    "accounts: [{names: [root]}]",
    { account: "root" },
    "deny account_protected r",
  ],
  [
    "root by name with allow_protected",
    "allow_protected: true, accounts: [{names: [root]}]",
    {
      account: "root",
    },
    "allow allowed r",
  ],
  [
    "root by name and the host",
    "allow_protected: true, accounts: [{names: [root]}]",
    {
      account: "root",
      host: { uid: 0, name: "root" },
    },
    "allow allowed r",
  ],
  [
    "root by a claim and another name",
    "allow_protected: true, accounts: [{claim: sub}, {names: [deploy]}]",
    {
      account: "root",
    },
    "deny account_protected r",
  ],
  ["uid 0 under another name", "accounts: [{claim: sub}]", {
    account: "toor",
    host: { uid: 0, name: "toor" },
  }, "deny account_protected r"],
  [
    "uid 0 under another name by names",
    "allow_protected: true, accounts: [{names: [toor]}]",
    {
      account: "toor",
      host: { uid: 0, name: "toor" },
    },
    "allow allowed r",
  ],
  [
    "a name that the host calls root",
    "allow_protected: true, accounts: [{names: [toor]}]",
    {
      account: "toor",
      host: { uid: 0, name: "root" },
    },
    "deny account_not_permitted null",
  ],
  ["a system account", "accounts: [{claim: sub}]", {
    account: "www-data",
    host: { uid: 33, name: "www-data" },
  }, "deny account_protected r"],
  ["a system account by names alone", "accounts: [{names: [www-data]}]", {
    account: "www-data",
    host: { uid: 33, name: "www-data" },
  }, "deny account_protected r"],
  [
    "a system account by names with allow_protected",
    "allow_protected: true, accounts: [{names: [www-data]}]",
    {
      account: "www-data",
      host: { uid: 33, name: "www-data" },
    },
    "allow allowed r",
  ],
  ["the last system uid", "accounts: [{claim: sub}]", {
    host: { uid: 999, name: "alice" },
  }, "deny account_protected r"],
  ["the first user uid", "accounts: [{claim: sub}]", {
    host: { uid: 1000, name: "alice" },
  }, "allow allowed r"],
  ["nobody", "accounts: [{claim: sub}]", {
    account: "nobody",
    host: { uid: 65534, name: "nobody" },
  }, "deny account_protected r"],
  ["a negative uid", "accounts: [{claim: sub}]", {
    host: { uid: -2, name: "alice" },
  }, "deny account_protected r"],
  ["a uid that is no number", "accounts: [{claim: sub}]", {
    host: { uid: NaN, name: "alice" },
  }, "deny account_protected r"],
  [
    "an unknown account",
    "accounts: [{claim: sub}]",
    { host: "unknown" },
    "deny account_not_permitted null",
  ],
  [
    "an unknown account by names",
    "allow_protected: true, accounts: [{names: [alice]}]",
    {
      host: "unknown",
    },
    "deny account_not_permitted null",
  ],
];

for (const [name, body, asked, expected] of PROTECTED) {
  Deno.test(`evaluate() decides ${expected} about ${name}`, () => {
    const claims = { sub: asked.account ?? "alice" };
    assert.equal(
      short(ask(rules({ r: body }), { claims, ...asked })),
      expected,
    );
  });
}

Deno.test("protected_accounts protects what it lists, and root whatever it lists", () => {
  const policy = rules(
    { r: "accounts: [{claim: sub}]" },
    "protected_accounts: [backup]",
  );
  for (const account of ["backup", "root"]) {
    assert.equal(
      ask(policy, { account, claims: { sub: account } }).reason,
      "account_protected",
    );
  }
  assert.equal(ask(policy, { claims: { sub: "alice" } }).reason, "allowed");
});

Deno.test("a rule's allow_protected does not spread to another rule", () => {
  const policy = rules({
    a: "allow_protected: true, when: {admin: true}, accounts: [{names: [root]}]",
    b: "accounts: [{claim: sub}]",
  });
  assert.equal(
    short(ask(policy, { account: "root", claims: { sub: "root" } })),
    "deny account_protected b",
  );
});
