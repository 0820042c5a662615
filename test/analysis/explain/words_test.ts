/**
 * Outcomes as people say them.
 *
 * @module
 */
import assert from "node:assert/strict";
import { explain } from "../../../src/analysis/explain/explain.ts";
import { span } from "../../../src/analysis/explain/words.ts";
import type { Policy } from "../../../src/policy/model.ts";
import { type Asked, NOW, requestFor, rules } from "../../support/policies.ts";

const [MINUTE, HOUR, DAY] = [60, 3600, 86400];

for (
  const [seconds, than, expected] of [
    [0, null, "0 s"],
    [59, null, "59 s"],
    [10 * MINUTE, null, "10 min"],
    [HOUR + 10, null, "1 h 10 s"],
    [8 * HOUR, null, "8 h"],
    [9 * HOUR + 12 * MINUTE + 3, null, "9 h 12 min"],
    [25 * HOUR, null, "25 h"],
    [2 * DAY, null, "2 d"],
    [9 * DAY + 3 * HOUR + 5, null, "9 d 3 h"],
    // what is said must differ where the spans do
    [490 * MINUTE + 5, 490 * MINUTE, "8 h 10 min 5 s"],
    [490 * MINUTE, 490 * MINUTE, "8 h 10 min"],
    [9 * HOUR, 490 * MINUTE, "9 h"],
  ] as const
) {
  Deno.test(`span() of ${seconds} s beside ${than} is ${expected}`, () => {
    assert.equal(span(seconds, than), expected);
  });
}

const ALICE = "accounts: [{names: [alice]}]";

/** What the nearest rule lacks, in words, and what stands beside the rule. */
function words(
  policy: Policy,
  asked: Asked,
  mapFiles: ReadonlyMap<string, string> = new Map(),
): { lacks: string[]; rule: string } {
  const { nearest, order } = explain(policy, requestFor(policy, asked), {
    mapFiles,
  });
  const [first] = order;
  return {
    lacks: nearest?.conditions.map(({ message }) => message) ?? [],
    rule: first?.told
      ? `${first.told.because}: ${first.told.expected}, ${first.told.actual}`
      : "",
  };
}

for (
  const [title, claims, lacks, rule] of [
    [
      "too old",
      { auth_time: NOW - 9 * HOUR },
      "the user signed in 9 h ago, at most 8 h",
      "the user authenticated too long ago: at most 8 h ago, 9 h ago",
    ],
    [
      "too old by a fraction",
      { auth_time: NOW - 8 * HOUR - 0.5 },
      "the user signed in 8 h 1 s ago, at most 8 h: too late by 1s",
      "the user authenticated too long ago: at most 8 h ago, 8 h 1 s ago",
    ],
    [
      "missing",
      {},
      "the issuer sent no auth_time",
      "the issuer sent no auth_time: at most 8 h ago, none",
    ],
    [
      "null",
      { auth_time: null },
      "the issuer sent no auth_time",
      "the issuer sent no auth_time: at most 8 h ago, none",
    ],
    [
      "under another name",
      { authTime: NOW },
      'there is no claim at "auth_time", but one at "authTime"',
      "the issuer sent no auth_time: at most 8 h ago, none",
    ],
    [
      "a text",
      { auth_time: `${NOW}` },
      `"auth_time" is the text "${NOW}", and a number is expected`,
      `"auth_time" is the text "${NOW}", and not a time in seconds: at most 8 h ago, none`,
    ],
    [
      "in the future",
      { auth_time: NOW + 120 },
      'the time of the sign-in lies in the future: "auth_time" lies 2m in the future: compare the clocks',
      "the time of the sign-in lies in the future: at most 8 h ago, in 2 min",
    ],
  ] as const
) {
  Deno.test(`explain() says of an auth_time that is ${title}`, () => {
    const policy = rules({ a: `${ALICE}, assurance: {max_auth_age: 8h}` });
    const said = words(policy, { claims: { sub: "u1", ...claims } });
    assert.deepEqual(said, { lacks: [lacks], rule });
  });
}

for (
  const [title, rule, asked, lacks] of [
    [
      "all of the values that are missing",
      `${ALICE}, when: {groups: {all: [a, b, c]}}`,
      { claims: { groups: ["b"] } },
      ['"groups" lacks "a" and "c"'],
    ],
    [
      "almost the value that is missing, not almost one that is there",
      `${ALICE}, when: {groups: {all: [staff, admins]}}`,
      { claims: { groups: ["staff", "Admins", "Staff"] } },
      [
        '"groups" lacks "admins": "Admins" differs from "admins" only in case',
      ],
    ],
    [
      "what must not be there",
      `${ALICE}, when: {groups: {none: [banned, guest]}}`,
      { claims: { groups: ["guest"] } },
      ['"groups" has "guest", which must not be there'],
    ],
    [
      "a claim that must be there to see what it lacks",
      `${ALICE}, when: {groups: {none: [banned]}}`,
      {},
      ['there is no claim "groups", expected a list to look into'],
    ],
    [
      "a claim that the issuer keeps elsewhere",
      `${ALICE}, when: {groups: {any: [staff]}}`,
      { claims: { hasgroups: true } },
      ['the issuer keeps the claim "groups" elsewhere'],
    ],
    [
      "groups that are too many for the token",
      `${ALICE}, when: {groups: {any: [staff]}}`,
      { claims: { _claim_names: { groups: "src1" } } },
      ['the issuer keeps the claim "groups" elsewhere'],
    ],
    [
      "a claim that is null",
      `${ALICE}, when: {org: physics}`,
      { claims: { org: null } },
      ['the claim "org" is null, expected "physics"'],
    ],
    [
      "a suffix",
      'accounts: [{claim: email, strip_suffix: "@example.edu"}]',
      { claims: { email: "alice@other.org" } },
      ['"alice@other.org" does not end in "@example.edu"'],
    ],
    [
      "a claim that accounts come from",
      "accounts: [{claim: uid}]",
      {},
      ['there is no "uid" to take the account from'],
    ],
    [
      "a key that is in no map",
      "accounts: [{map: {u2: [alice]}, keys: [sub]}]",
      {},
      ['"u1" is in no map: "map" lacks it'],
    ],
    [
      "a key that a map gives to somebody else",
      "accounts: [{map: {u1: [bob]}, keys: [sub]}]",
      {},
      ['it gives "bob", not "alice"'],
    ],
    [
      "a key claim that is missing",
      "accounts: [{map: {x: [alice]}, keys: [uid]}]",
      {},
      ['there is no "uid" to look up in "map"'],
    ],
    [
      "a key claim that is a list",
      "accounts: [{map: {staff: [alice]}, keys: [groups]}]",
      { claims: { groups: ["guests", "staff"] } },
      [
        '"groups" is a list, and a map is asked for texts only: open the account in a rule of its own with "when: {groups: {any: ["staff"]}}" and "names"',
      ],
    ],
    [
      "a key claim that is an object, beside one that is missing",
      "accounts: [{map_file: /etc/a.map, keys: [uid, org]}]",
      { claims: { org: { unit: "a" } } },
      ['"org" is an object, and a map is asked for texts only'],
    ],
    [
      "a claim that accounts come from and that is a list",
      "accounts: [{claim: groups}]",
      { claims: { groups: ["alice"] } },
      ["an account name is a text, and this is a list"],
    ],
    [
      "a host that does not have the account",
      ALICE,
      { host: "unknown" },
      ['the host has no account "alice"'],
    ],
    [
      "nobody having signed in",
      `${ALICE}, assurance: {mfa: true}`,
      { subject: { authentications: [] } },
      ["the issuer told of no sign-in"],
    ],
    [
      "a group that is wanted with its path",
      `${ALICE}, when: {groups: {any: [/campus/staff]}}`,
      { claims: { groups: ["staff"] } },
      [
        '"groups" lacks "/campus/staff": the rule wants the full group path "/campus/staff", and the issuer sends "staff": Keycloak writes full group paths where its mapper says so',
      ],
    ],
  ] as [string, string, Asked, string[]][]
) {
  Deno.test(`explain() names ${title}`, () => {
    assert.deepEqual(
      words(rules({ a: rule }), asked, new Map([["/etc/a.map", "u2 alice\n"]]))
        .lacks,
      lacks,
    );
  });
}

Deno.test("explain() names each map file that lacks the key, and none where one has it", () => {
  const source = (path: string) => `{map_file: ${path}, keys: [sub]}`;
  const policy = rules({
    a: `accounts: [${source("/etc/a.map")}, ${source("/etc/b.map")}]`,
  });
  const files = (a: string, b: string) =>
    new Map([["/etc/a.map", a], ["/etc/b.map", b]]);
  assert.deepEqual(words(policy, {}, files("", "u2 alice\n")).lacks, [
    '"u1" is in no map: "/etc/a.map" and "/etc/b.map" lack it',
  ]);
  assert.deepEqual(words(policy, {}, files("", "u1 bob\n")).lacks, [
    'it gives "bob", not "alice"',
  ]);
});

Deno.test("explain() does not call an empty list what is expected of an account", () => {
  const policy = rules({ a: "accounts: [{map: {u2: [alice]}, keys: [sub]}]" });
  assert.equal(
    words(policy, {}).rule,
    'the identity does not map to the account: (it gives no account), "alice"',
  );
});

Deno.test("explain() says of a deny rule what it found", () => {
  const denial = (rule: string, asked: Asked) => {
    const policy = rules({ a: ALICE, d: `effect: deny, ${rule}` });
    return explain(policy, requestFor(policy, asked)).denial;
  };
  const list = { claims: { groups: ["a", "b"] } };
  for (
    const [rule, asked, expected] of [
      ["when: {suspended: true}", { claims: { suspended: true } }, [
        '"suspended" is true',
      ]],
      ["when: {groups: {any: [b, c]}}", list, ['"groups" has "b"']],
      ["when: {groups: {none: [c]}}", list, ['"groups" has none of "c"']],
      ["services: [sshd], rhosts: [192.0.2.0/24]", {}, [
        'the service is "sshd"',
        'the remote address is "192.0.2.7"',
      ]],
      [ALICE, {}, ['the account is "alice"']],
      ["issuers: [campus]", {}, ['the issuer is "campus"']],
      ["when: {suspended: true}", { claims: { suspended: "yes" } }, [
        '"when.suspended.equals" cannot be told',
      ]],
    ] as [string, Asked, string[]][]
  ) {
    assert.equal(denial(rule, asked), expected.join(", "));
  }
  assert.equal(denial("when: {suspended: true}", {}), null);
});
