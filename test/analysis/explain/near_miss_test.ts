/**
 * What is told as almost right, and what is not.
 *
 * @module
 */

import assert from "node:assert/strict";
import { evaluate } from "../../../src/policy/evaluate/evaluate.ts";
import type { Policy } from "../../../src/policy/model.ts";
import {
  issuerHints,
  nearMisses,
} from "../../../src/analysis/explain/near_miss.ts";
import {
  type Asked,
  NOW,
  policyWith,
  requestFor,
  rules,
} from "../../support/policies.ts";

/** The hints as `rule kind: message`. */
function hints(
  policy: Policy,
  asked: Asked,
  mapFiles: ReadonlyMap<string, string> = new Map(),
): string[] {
  const request = requestFor(policy, asked);
  const decision = evaluate(policy, request, { mapFiles });
  return nearMisses(policy, request, { decision, mapFiles }).map((
    { rule, kind, message },
  ) => `${rule} ${kind}: ${message}`);
}

const NAMED = "accounts: [{names: [alice]}]";
const when = (condition: string) =>
  rules({ a: `${NAMED}, when: {${condition}}` });

for (
  const [title, condition, claims, expected] of [
    [
      "case",
      "groups: {any: [staff]}",
      { groups: ["Staff"] },
      'case: "Staff" differs from "staff" only in case',
    ],
    [
      "white space",
      "org: physics",
      { org: " physics" },
      'white-space: " physics" differs from "physics" only in white space',
    ],
    [
      "an invisible character",
      "org: physics",
      { org: "phys\u200bics" },
      'white-space: "phys\u200bics" differs from "physics" only in white space',
    ],
    [
      "a slash",
      'org: "https://a.example.edu"',
      { org: "https://a.example.edu/" },
      'trailing-slash: "https://a.example.edu/" differs from "https://a.example.edu" only in a "/" at the end',
    ],
    [
      "a scheme",
      'org: "https://a.example.edu"',
      { org: "http://a.example.edu" },
      'scheme: "http://a.example.edu" differs from "https://a.example.edu" only in http or https',
    ],
    [
      "a look-alike",
      "org: physics",
      { org: "ｐhysics" },
      'look-alike: "ｐhysics" differs from "physics" only in characters that look alike',
    ],
    [
      "several things at once",
      'org: "https://a.example.edu"',
      { org: "HTTPS://a.example.edu/ " },
      'similar: "HTTPS://a.example.edu/ " differs from "https://a.example.edu" only in spelling',
    ],
    [
      "a typing mistake",
      "org: {in: [physics, maths]}",
      { org: "phyiscs" },
      'similar: "phyiscs" is almost "physics"',
    ],
    [
      "a text for a value",
      "email_verified: true",
      { email_verified: "true" },
      'type: "email_verified" is the text "true", and the rule wants the value true: nothing is converted',
    ],
    [
      "a number for a text",
      'level: "3"',
      { level: 3 },
      'type: "level" is the value 3, and the rule wants the text "3": nothing is converted',
    ],
    [
      "a text for a list",
      "groups: {any: [staff]}",
      { groups: "staff" },
      'list-expected: "groups" is the text "staff", and "any" looks into a list: name it under "lists" of the issuer, or use "in" or "like" for a single value',
    ],
    [
      "a list for a text",
      "org: physics",
      { org: ["physics"] },
      'list-unexpected: "org" is a list, and "equals" compares a single value: use "any"',
    ],
    [
      "several values in one text for a list",
      "scp: {any: [ssh.login]}",
      { scp: "openid ssh.login" },
      'list-expected: "scp" packs several values into the one text "openid ssh.login": ask for {word: "ssh.login"}',
    ],
    [
      "several values in one text for one",
      "scp: ssh.login",
      { scp: "openid ssh.login" },
      'list-expected: "scp" packs several values into the one text "openid ssh.login": ask for {word: "ssh.login"}',
    ],
    [
      "a word that is almost there",
      "scp: {word: ssh.login}",
      { scp: "openid SSH.login" },
      'case: "SSH.login" differs from "ssh.login" only in case',
    ],
    [
      "a list for a word",
      "scp: {word: ssh.login}",
      { scp: ["ssh.login"] },
      'list-unexpected: "scp" is a list, and "word" looks into a text: use "any"',
    ],
    [
      "an object for a list",
      "/roles: {any: [ssh]}",
      { roles: { ssh: { 12: "example.edu" } } },
      'type: "/roles" is an object, and "any" looks into a list: ask whether it has the member, {has: "ssh"}',
    ],
    [
      "an object for a list that it does not say",
      "roles: {any: [ssh]}",
      { roles: { admin: true } },
      'type: "roles" is an object, and "any" looks into a list: name a member of it with a JSON Pointer, such as "/roles/MEMBER"',
    ],
    [
      "a member in another case",
      "roles: {has: ssh}",
      { roles: { SSH: {} } },
      'case: "SSH" differs from "ssh" only in case',
    ],
    [
      "a list for an object",
      "roles: {has: ssh}",
      { roles: ["ssh"] },
      'list-unexpected: "roles" is a list, and "has" looks into an object: use "any"',
    ],
    [
      "a text for an object",
      "roles: {has: ssh}",
      { roles: "ssh" },
      'type: "roles" is the text "ssh", and "has" looks into an object: use "in", or "word" for one of several in a text',
    ],
    [
      "a list in one text",
      "groups: {any: [staff]}",
      { groups: ["guest staff"] },
      'list-expected: "groups" packs several values into the one text "guest staff"',
    ],
    [
      "a claim of another name",
      "groups: {any: [staff]}",
      { group: ["staff"] },
      'claim-name: there is no claim at "groups", but one at "group"',
    ],
    [
      "a claim in another case",
      "email_verified: true",
      { Email_Verified: true },
      'claim-name: there is no claim at "email_verified", but one at "Email_Verified"',
    ],
    [
      "a claim below",
      "/realm/roles: {any: [x]}",
      { roles: ["x"] },
      'claim-name: there is no claim at "/realm/roles", but one at "roles"',
    ],
    [
      "a claim with a prefix",
      "roles: {any: [x]}",
      { "https://example.edu/roles": ["x"] },
      'claim-name: there is no claim at "roles", but one at "https://example.edu/roles"',
    ],
    [
      "a member of another name",
      "/org/unit: x",
      { org: { units: "x" } },
      'claim-name: there is no claim at "/org/unit", but one at "/org/units"',
    ],
    ["a longer end", 'email: {like: "*@example.edu"}', {
      email: "joe@example.edu.evil",
    }, 'suffix: "joe@example.edu.evil" goes on after "@example.edu"'],
    ["a domain below", 'email: {like: "*@example.edu"}', {
      email: "joe@cs.example.edu",
    }, 'suffix: "cs.example.edu" is below "example.edu", not the same'],
    [
      "an end in another case",
      'email: {like: "*@example.edu"}',
      { email: "joe@Example.EDU" },
      'case: the end of "joe@Example.EDU": "@Example.EDU" differs from "@example.edu" only in case',
    ],
    ["an end with a mistake", 'email: {like: "*@example.edu"}', {
      email: "joe@exmaple.edu",
    }, 'suffix: the end of "joe@exmaple.edu" is almost "@example.edu"'],
  ] as const
) {
  Deno.test(`nearMisses() tells of ${title}`, () => {
    assert.deepEqual(hints(when(condition), { claims }), [`a ${expected}`]);
  });
}

for (
  const [title, condition, claims] of [
    ["a value that has nothing to do with it", "org: physics", { org: "law" }],
    ["a claim that nothing resembles", "org: physics", { sub: "u1" }],
    ["a list that must not have a value", "groups: {none: [banned]}", {
      groups: ["banned"],
    }],
  ] as const
) {
  Deno.test(`nearMisses() is silent about ${title}`, () => {
    assert.deepEqual(hints(when(condition), { claims }), []);
  });
}

const OWN = 'accounts: [{claim: email, strip_suffix: "@example.edu"}]';
for (
  const [title, rule, claims, expected] of [
    ["an account in another case", OWN, { email: "Alice@example.edu" }, [
      'a case: "Alice" is not an account name, and is not made into one: it differs from "alice"',
    ]],
    ["a name that is no account", OWN, { email: "al ice+x@example.edu" }, [
      'a account-name: "al ice+x" is not an account name, and is not made into one',
    ]],
    ["a full name", "accounts: [{claim: email}]", { email: "bob@a.example" }, [
      'a account-name: "bob@a.example" is not an account name, and is not made into one; with "accounts_pattern: sssd" it is one',
    ]],
    ["a suffix that is almost right", OWN, { email: "alice@cs.example.edu" }, [
      'a suffix: "cs.example.edu" is below "example.edu", not the same',
    ]],
    ["a missing claim", OWN, { mail: "alice@example.edu" }, [
      'a claim-name: there is no claim at "email", but one at "mail"',
    ]],
    [
      "an identity",
      'accounts: [{identity: email, strip_suffix: "@example.edu"}]',
      { email: "ALICE@example.edu" },
      ['a case: "ALICE" is not an account name, and is not made into one: it differs from "alice"'],
    ],
    [
      "a key in another case",
      'accounts: [{map: {"joe@example.edu": [alice]}, keys: [email]}]',
      { email: "Joe@example.edu" },
      ['a case: "Joe@example.edu" differs from "joe@example.edu" only in case'],
    ],
    ["somebody else", OWN, { email: "bob@example.edu" }, []],
  ] as const
) {
  Deno.test(`nearMisses() tells of accounts: ${title}`, () => {
    assert.deepEqual(hints(rules({ a: rule }), { claims }), [...expected]);
  });
}

Deno.test("nearMisses() says of an id that is a number that no map is asked for it", () => {
  for (
    const map of [
      'map: {"12345": [alice]}',
      "map_file: /etc/x.map",
    ]
  ) {
    const site = rules({ a: `accounts: [{${map}, keys: [user_id]}]` });
    const files = new Map([["/etc/x.map", "12345 alice\n"]]);
    assert.deepEqual(
      hints(site, { claims: { user_id: 12345 } }, files),
      [
        'a type: "user_id" is the value 12345, and a map is asked for texts only: ' +
        'open the account in a rule of its own with "when: {user_id: 12345}" and "names"',
      ],
    );
  }
});

Deno.test("nearMisses() finds a key of a map file in another case", () => {
  const policy = rules({
    a: "accounts: [{map_file: /etc/x.map, keys: [identity.email]}]",
  });
  const files = new Map([["/etc/x.map", "joe@example.edu alice\n"]]);
  assert.deepEqual(
    hints(policy, { claims: { email: "Joe@example.edu" } }, files),
    [
      'a case: "Joe@example.edu" is in "/etc/x.map" in another case',
    ],
  );
});

for (
  const [rhost, expected] of [
    ["10.1.0.5", '"10.1.0.5" is near "10.1.2.0/24", but outside of it'],
    ["192.0.2.1", null],
    [
      "2001:db8::1",
      '"2001:db8::1" is an IPv6 address, and all networks are IPv4',
    ],
    [null, "there is no remote address, which is in no network"],
    [
      "host.example.edu",
      '"host.example.edu" is not an address: host names are not looked up (sshd: "UseDNS no")',
    ],
  ] as const
) {
  Deno.test(`nearMisses() tells of the remote address ${rhost}`, () => {
    const policy = rules({ a: `${NAMED}, rhosts: [10.1.2.0/24]` });
    assert.deepEqual(
      hints(policy, { rhost }),
      expected === null ? [] : [`a network: ${expected}`],
    );
  });
}

Deno.test("nearMisses() tells of a service in another case", () => {
  const policy = rules({ a: `${NAMED}, services: [sshd]` });
  assert.deepEqual(hints(policy, { service: "SSHD" }), [
    'a case: "SSHD" differs from "sshd" only in case',
  ]);
});

for (
  const [title, assurance, claims, expected] of [
    [
      "a provider with a slash",
      "permitted_idps: ['https://idp.example.edu']",
      { idp: "https://idp.example.edu/" },
      'trailing-slash: "https://idp.example.edu/" differs from "https://idp.example.edu" only in a "/" at the end',
    ],
    [
      "factors that the policy does not know",
      "mfa: true",
      { amr: ["pwd", "otp"] },
      'factors: "amr" shows ["otp"], which "mfa" of the issuer "campus" does not list',
    ],
    [
      "factors in another case",
      "mfa: true",
      { amr: ["MFA"] },
      'case: "MFA" differs from "mfa" only in case',
    ],
    [
      "factors as a text",
      "mfa: true",
      { amr: "mfa" },
      'list-expected: "amr" is the text "mfa", and a list is expected',
    ],
    [
      "a time in milliseconds",
      "max_auth_age: 1h",
      { auth_time: NOW * 1000 },
      'clock: "auth_time" is in milliseconds',
    ],
    [
      "a time in the future",
      "max_auth_age: 1h",
      { auth_time: NOW + 120 },
      'clock: "auth_time" lies 2m in the future: compare the clocks',
    ],
    [
      "a time just missed",
      "max_auth_age: 1h",
      { auth_time: NOW - 3610 },
      "clock: too late by 10s",
    ],
    [
      "a time just missed, with a fraction",
      "max_auth_age: 1h",
      { auth_time: NOW - 3609.5 },
      "clock: too late by 10s",
    ],
    [
      "a time in the future, with a fraction",
      "max_auth_age: 1h",
      { auth_time: NOW + 119.5 },
      'clock: "auth_time" lies 2m in the future: compare the clocks',
    ],
    [
      "a time as a text",
      "max_auth_age: 1h",
      { auth_time: String(NOW) },
      `type: "auth_time" is the text "${NOW}", and a number is expected`,
    ],
  ] as const
) {
  Deno.test(`nearMisses() tells of assurance: ${title}`, () => {
    const policy = rules({ a: `${NAMED}, assurance: {${assurance}}` });
    assert.deepEqual(hints(policy, { claims }), [`a ${expected}`]);
  });
}

Deno.test("nearMisses() tells what a protected account needs", () => {
  const policy = rules({ a: "accounts: [{claim: sub}]" });
  assert.deepEqual(
    hints(policy, { account: "root", claims: { sub: "root" } }),
    [
      'a protected: "root" opens only where a rule lists it under "names" and sets "allow_protected: true"',
    ],
  );
});

Deno.test("nearMisses() says nothing about a grant or a deny rule that does not match", () => {
  const policy = rules({ a: NAMED, d: "effect: deny, when: {org: Physics}" });
  assert.deepEqual(hints(policy, { claims: { org: "physics" } }), []);
  const refusing = rules({ d: "effect: deny, when: {org: Physics}" });
  assert.deepEqual(hints(refusing, { claims: { org: "physics" } }), []);
});

Deno.test("nearMisses() cuts long values short", () => {
  const [hint] = hints(when("org: physics"), {
    claims: { org: ["x".repeat(9000)] },
  });
  assert.ok((hint ?? "").length < 300);
  const [typed] = hints(when("org: 1"), {
    claims: { org: `${"0".repeat(9000)}` },
  });
  assert.ok((typed ?? "").length < 300);
});

Deno.test("issuerHints() tells of an issuer that is almost in the policy", () => {
  const policy = policyWith(`version: 1
issuers:
  campus: {issuer: https://login.example.edu, audiences: [ssh]}
rules: {a: {${NAMED}}}
`);
  assert.deepEqual(
    [
      "https://login.example.edu/",
      "http://login.example.edu",
      "Campus",
      "https://other.example.org",
    ]
      .map((unknown) => issuerHints(policy, unknown).map(({ kind }) => kind)),
    [["trailing-slash"], ["scheme"], ["case"], []],
  );
});

// What a provider never sends, nobody has misspelt.
for (
  const [issuer, rule, expected] of [
    [
      "https://accounts.google.com",
      "when: {groups: {any: [staff]}}",
      'Google never sends "groups"',
    ],
    [
      "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0",
      "when: {email_verified: true}",
      'never sends "email_verified": ask for "xms_edov"',
    ],
    [
      "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0",
      "assurance: {max_auth_age: 8h}",
      'sends "auth_time" only where it is set up to',
    ],
  ] as const
) {
  Deno.test(`a hint knows the provider: ${expected}`, () => {
    const policy = policyWith(`version: 1
issuers:
  campus: {issuer: "${issuer}", audiences: [ssh]}
rules: {a: {${rule}, ${NAMED}}}
`);
    const [first] = hints(policy, { claims: { sub: "u1" } });
    assert.ok(first?.startsWith("a provider: "), first);
    assert.ok(first?.endsWith(expected), first);
  });
}
