/**
 * Which accounts an identity maps to: exact names, nothing trimmed or folded.
 *
 * @module
 */
// Threats: E4, E6, E9

import assert from "node:assert/strict";
import {
  mappedAccounts,
  stripped,
} from "../../../src/policy/evaluate/accounts.ts";
import type { Claims } from "../../../src/policy/claims.ts";
import type { AccountSource } from "../../../src/policy/model.ts";
import type { Identity, Subject } from "../../../src/policy/request.ts";

const identity = (
  id: string | null,
  username: string | null,
  email: string | null = null,
): Identity => ({
  id,
  username,
  email,
  idp: null,
});

/** The identities of the reference's account map tests. */
const LINKED = [
  identity("e9873f94-032a-11e6-afde-cb613ccc97a9", "jane@globusid.org"),
  identity("da0fcfb8-1231-4999-9b99-627f58f609c7", "john@example.com"),
  identity(
    "2dfa2043-00ad-43b6-b93b-4c39baa00bdd",
    "doe@abc.com@accounts.google.org",
  ),
];

const subject = (
  claims: Claims,
  identities: readonly Identity[] = LINKED,
): Subject => ({
  issuer: "campus",
  claims,
  identities,
  authentications: [],
});

function accounts(
  source: AccountSource,
  whom: Subject,
  files: Record<string, string> = {},
): string[] {
  return mappedAccounts([source], whom, {
    mapFiles: new Map(Object.entries(files)),
  })
    .map(({ account, identity }) => `${account}<-${identity}`);
}

const STRIPPED: readonly [unknown, string | null, string | null][] = [
  ["alice", null, "alice"],
  ["alice@example.edu", "@example.edu", "alice"],
  ["alice@example.edu", "@EXAMPLE.edu", null],
  ["alice@EXAMPLE.edu", "@example.edu", null],
  ["alice@sub.example.edu", "@example.edu", null],
  ["alice@example.edu.evil", "@example.edu", null],
  ["alice@example.edu@evil", "@example.edu", null],
  ["alice@evil@example.edu", "@example.edu", null],
  ["alice@example.edu\n", "@example.edu", null],
  ["alice@example.edu ", "@example.edu", null],
  ["alice", "@example.edu", null],
  ["@example.edu", "@example.edu", null],
  ["example.edu", "@example.edu", null],
  ["", "@example.edu", null],
  ["doe@abc.com@accounts.google.org", "@abc.com@accounts.google.org", "doe"],
  ["doe@abc.com@accounts.google.org", "@accounts.google.org", null],
  ["alice-campus", "-campus", "alice"],
  ["alice-x-campus", "-campus", "alice-x"],
  ["-campus", "-campus", null],
  ["campus", "-campus", null],
  ["alice.example", ".example", "alice"],
  ["alicexexample", ".example", null],
  ["alice.example.edu", ".example", null],
  ["alice+x@example.edu", "+x@example.edu", "alice"],
  [["alice@example.edu"], "@example.edu", null],
  [{ length: 20 }, "@example.edu", null],
  [123, null, null],
  [true, null, null],
  [null, null, null],
  [undefined, null, null],
  [["alice"], null, null],
];

for (const [value, suffix, expected] of STRIPPED) {
  Deno.test(`stripped() makes ${JSON.stringify(expected)} of ${JSON.stringify(value)} less ${suffix}`, () => {
    assert.equal(stripped(value, suffix), expected);
  });
}

const claim = (strip_suffix: string | null = null): AccountSource => ({
  source: "claim",
  claim: "name",
  strip_suffix,
});

Deno.test("a claim source gives the account of the token's own identity", () => {
  assert.deepEqual(accounts(claim(), subject({ name: "alice" })), [
    "alice<-e9873f94-032a-11e6-afde-cb613ccc97a9",
  ]);
  assert.deepEqual(accounts(claim(), subject({ name: "alice" }, [])), [
    "alice<-null",
  ]);
});

const NAMES: readonly [unknown, boolean][] = [
  ["alice", true],
  ["_svc", true],
  ["a", true],
  ["a".repeat(32), true],
  ["a.b-c_9", true],
  ["a".repeat(33), false],
  ...[
    "Alice",
    "9lives",
    "-rf",
    ".",
    "..",
    ".hidden",
    "",
    " alice",
    "alice ",
    "al ice",
  ].map(bad),
  ...[
    "alice\n",
    "alice\r",
    "\nalice",
    "alice\0",
    "alice\0root",
    "al\tice",
    "alice\u200b",
  ].map(bad),
  ...[
    "\u212aelvin",
    "ｒoot",
    "r\u043eot",
    "r\u200boot",
    "\ufb01sh",
    "\u0131nes",
    "alicé",
    "\u202eecila",
  ].map(bad),
  ...[
    "a/b",
    "../alice",
    "a:b",
    "a,b",
    "a;b",
    "$(id)",
    "`id`",
    "%h",
    "a|b",
    "a*",
    "a\\b",
    "a@b",
  ].map(bad),
  ...["0", "1000", "-1", "+alice", "alice$", "~alice", "{{.x}}", "${env.PATH}"]
    .map(bad),
  ...[["alice"], { a: 1 }, 123, 0, true, false, null, { toString: "alice" }]
    .map(bad),
];

function bad(value: unknown): [unknown, boolean] {
  return [value, false];
}

for (const [value, expected] of NAMES) {
  const verb = expected ? "takes" : "does not take";
  Deno.test(`mappedAccounts() ${verb} ${JSON.stringify(value)} for an account`, () => {
    const found = mappedAccounts([claim()], subject({ name: value }), {
      mapFiles: new Map(),
    });
    assert.deepEqual(
      found.map(({ account }) => account),
      expected ? [value] : [],
    );
  });
}

const byUsername = (suffix: string): AccountSource => ({
  source: "identity",
  attribute: "username",
  strip_suffix: suffix,
});

for (
  const [suffix, expected] of [
    ["@abc.net", []],
    ["@globusid.org", ["jane<-e9873f94-032a-11e6-afde-cb613ccc97a9"]],
    ["@abc.com@accounts.google.org", [
      "doe<-2dfa2043-00ad-43b6-b93b-4c39baa00bdd",
    ]],
    ["@accounts.google.org", []],
  ] as const
) {
  Deno.test(`the reference's suffix ${suffix} maps to [${expected}]`, () => {
    assert.deepEqual(accounts(byUsername(suffix), subject({})), expected);
  });
}

const PATH = "/etc/oauth-pam/accounts.map";
const file = (...keys: string[]): AccountSource => ({
  source: "map_file",
  path: PATH,
  keys,
});

for (
  const [text, expected] of [
    ["", []],
    ["e9873f94-032a-11e6-afde-cb613ccc97a9 acct\n", [
      "acct<-e9873f94-032a-11e6-afde-cb613ccc97a9",
    ]],
    ["john@example.com acct\n", ["acct<-da0fcfb8-1231-4999-9b99-627f58f609c7"]],
    ["john@example.com Acct,acct,a b,0\nJohn@example.com joe\n", [
      "acct<-da0fcfb8-1231-4999-9b99-627f58f609c7",
      "a<-da0fcfb8-1231-4999-9b99-627f58f609c7",
      "b<-da0fcfb8-1231-4999-9b99-627f58f609c7",
    ]],
  ] as const
) {
  Deno.test(`the map file ${JSON.stringify(text)} maps to ${expected.length} accounts`, () => {
    const keys = file("identity.username", "identity.id");
    assert.deepEqual(accounts(keys, subject({}), { [PATH]: text }), expected);
  });
}

Deno.test("a map file looks claims up that are strings, and nothing else", () => {
  const found = (value: unknown) =>
    accounts(file("sub"), subject({ sub: value }, []), {
      [PATH]: "7 seven\nu1 alice\ntrue yes_man\n",
    });
  assert.deepEqual(found("u1"), ["alice<-null"]);
  assert.deepEqual(found("7"), ["seven<-null"]);
  for (
    const value of [
      7,
      true,
      ["u1"],
      { u1: 1 },
      null,
      undefined,
      "",
      "u1 alice",
      "u1\n",
      "U1",
    ]
  ) {
    assert.deepEqual(found(value), [], JSON.stringify(value));
  }
});

Deno.test("a map file that was not read is an error, not an empty map", () => {
  assert.throws(
    () => accounts(file("sub"), subject({ sub: "u1" })),
    /was not read/,
  );
});

Deno.test("a map of the policy compares keys byte for byte", () => {
  const source: AccountSource = {
    source: "map",
    map: [{ key: "joe@foo.org", accounts: ["joe"] }, {
      key: "toString",
      accounts: ["odd"],
    }],
    keys: ["sub", "email", "/nested/key"],
  };
  const found = (claims: Claims) =>
    accounts(source, subject(claims, [identity("i", null)]));
  assert.deepEqual(found({ sub: "joe@foo.org" }), ["joe<-i"]);
  assert.deepEqual(found({ email: "joe@foo.org" }), ["joe<-i"]);
  assert.deepEqual(found({ nested: { key: "joe@foo.org" } }), ["joe<-i"]);
  assert.deepEqual(found({ sub: "Joe@foo.org" }), []);
  assert.deepEqual(found({ sub: "constructor" }), []);
  assert.deepEqual(found({ sub: ["joe@foo.org"] }), []);
  assert.deepEqual(found({}), []);
});

Deno.test("names belong to no identity, and sources are united", () => {
  const sources: AccountSource[] = [
    { source: "names", names: ["deploy"] },
    claim(),
  ];
  assert.deepEqual(
    mappedAccounts(sources, subject({ name: "alice" }), {
      mapFiles: new Map(),
    }),
    [
      { account: "deploy", identity: null, source: "names" },
      { account: "alice", identity: LINKED[0]?.id ?? "", source: "claim" },
    ],
  );
});

Deno.test("identity.email is the identities' email, not the claim", () => {
  const source: AccountSource = {
    source: "map",
    map: [{ key: "a@example.org", accounts: ["alice"] }],
    keys: ["identity.email"],
  };
  const whom = subject({
    email: "a@example.org",
    "identity.email": "a@example.org",
  }, [
    identity("i", null, "b@example.org"),
  ]);
  assert.deepEqual(accounts(source, whom), []);
});
