/**
 * Findings about grants, conditions, claims, assurance and accounts, beside the fixtures.
 *
 * @module
 */

import assert from "node:assert/strict";
import { lintPolicy } from "../../../src/analysis/lint/lint.ts";
import { parsePolicy } from "../../../src/policy/syntax/parse.ts";
import { NAMES, SUB, testCases } from "./cases.ts";

testCases({
  "a rule that maps people to their own accounts needs no condition": {
    rule: `issuers: [campus], ${SUB}`,
    finds: [],
  },
  "tenants and kinds of sign-in are nobody in particular": {
    rule:
      `issuers: [campus], when: {hd: example.edu, acr: "2", idp: x}, ${NAMES}`,
    finds: ["error grant/no-subject-condition"],
  },
  "a wildcard and an exclusion are not a subject either": {
    rule:
      `issuers: [campus], when: {groups: {none: [x]}, unit: {like: "*"}}, ${NAMES}`,
    finds: ["error grant/no-subject-condition", "error match/wildcard-only"],
  },
  "root for everybody is an error": {
    rule:
      `issuers: [campus], accounts: [{names: [root]}], allow_protected: true`,
    finds: [
      "error grant/no-subject-condition",
      "error grant/privileged-account",
    ],
  },
  "root with a group, a second factor and a recent sign-in is information": {
    rule:
      `issuers: [campus], when: {groups: {any: [a]}}, assurance: {mfa: true, max_auth_age: 5m}, accounts: [{names: [root]}], allow_protected: true`,
    finds: ["info grant/privileged-account"],
  },
  "the policy's own assurance counts for root": {
    rest: "assurance: {mfa: true, max_auth_age: 5m}",
    rule:
      `issuers: [campus], when: {groups: {any: [a]}}, accounts: [{names: [root]}], allow_protected: true`,
    finds: ["info grant/privileged-account"],
  },
  "root without allow_protected is said to grant nothing": {
    rule:
      `issuers: [campus], when: {groups: {any: [a]}}, accounts: [{names: [root]}]`,
    finds: ["warning grant/privileged-account", "warning rule/unreachable"],
  },
  "a map to docker is privileged too": {
    rule:
      `issuers: [campus], accounts: [{map: {u1: [docker, joe]}, keys: [sub]}]`,
    finds: ["warning grant/privileged-account"],
  },
  "a domain's administrator is privileged, in any case": {
    rest: "accounts_pattern: sssd",
    rule:
      `issuers: [campus], when: {groups: {any: [a]}}, accounts: [{names: ['CORP\\Administrator', root@corp.example, ALICE]}]`,
    finds: [
      "warning grant/privileged-account",
      "warning grant/privileged-account",
    ],
  },
  "a claim that is a full name is of any domain, but not where names are plain":
    {
      rest: "accounts_pattern: posix",
      rule: `issuers: [campus], ${SUB}`,
      finds: [],
    },
  "a deny rule for root is fine": {
    rules: {
      r: `issuers: [campus], ${SUB}`,
      keep: "effect: deny, accounts: [{names: [root, backup]}]",
    },
    finds: [],
  },
  "a claim that the allow rule asks for cannot be left out": {
    rules: {
      r: `issuers: [campus], when: {groups: {any: [staff]}}, ${SUB}`,
      keep: "effect: deny, when: {groups: {any: [leavers]}}",
    },
    finds: [],
  },
  "a claim that the account comes from cannot be left out": {
    rules: {
      r: `issuers: [campus], when: {email_verified: true}, accounts: [{claim: email, strip_suffix: "@example.edu"}]`,
      keep: `effect: deny, when: {email: {like: "a*"}}`,
    },
    finds: [],
  },
  "a deny rule about what no account has refuses nobody": {
    rules: {
      r: `issuers: [campus], when: {email_verified: true}, accounts: [{claim: email, strip_suffix: "@example.edu"}]`,
      keep: `effect: deny, when: {email: {like: "*+*"}}`,
    },
    finds: ["info deny/without-effect"],
  },
  "a deny rule about other accounts, services or issuers is not dodged": {
    rules: {
      r: `issuers: [campus], services: [sshd], when: {u: x}, ${NAMES}`,
      a: `effect: deny, services: [sudo], when: {groups: {any: [a]}}`,
      b: `effect: deny, issuers: [globus], when: {groups: {any: [b]}}`,
      c: `effect: deny, when: {groups: {any: [c]}}, accounts: [{names: [another]}]`,
    },
    // nor does it refuse anybody
    finds: [
      "info deny/without-effect",
      "info deny/without-effect",
      "info deny/without-effect",
    ],
  },
  "one allow rule that does not ask for the claim is enough": {
    rules: {
      r: `issuers: [campus], when: {groups: {any: [staff]}}, ${SUB}`,
      s: `issuers: [campus], when: {u: x}, ${NAMES}`,
      keep: "effect: deny, when: {groups: {any: [leavers]}, sub: x}",
    },
    finds: ["warning deny/absent-claim-admits"],
  },
  "GitHub needs a repository or an owner": {
    rule: `issuers: [github], when: {ref: refs/heads/main}, ${NAMES}`,
    finds: ["error grant/multi-tenant-issuer"],
  },
  "a repository's owner is a tenant": {
    rule: `issuers: [github], when: {repository_owner_id: "65"}, ${NAMES}`,
    finds: [],
  },
  "a beginning of a repository ends at a slash": {
    rule: `issuers: [github], when: {repository: {like: "example*"}}, ${NAMES}`,
    finds: ["error match/unanchored-prefix"],
  },
  "Microsoft's common endpoint needs a tenant": {
    rule: `issuers: [entra], when: {tid: t, oid: {in: [a]}}, ${SUB}`,
    finds: [],
  },
  "a wildcard is no tenant": {
    rule: `issuers: [google], when: {hd: {like: "*"}}, ${SUB}`,
    finds: ["error grant/multi-tenant-issuer", "error match/wildcard-only"],
  },
  "a list of people at Google needs no tenant": {
    rule: `issuers: [google], accounts: [{map: {u1: [joe]}, keys: [sub]}]`,
    finds: [],
  },
  "an ending at a dot or at an @ is anchored": {
    rule:
      `issuers: [campus], when: {email_verified: true, host: {like: "*.example.edu"}, email: {like: "*@example.edu"}}, ${SUB}`,
    finds: [],
  },
  "an ending that is not a name is left alone": {
    rule: `issuers: [campus], when: {title: {like: "*professor"}}, ${SUB}`,
    finds: [],
  },
  "a wide glob in a deny rule harms nobody": {
    rules: {
      r: `issuers: [campus], ${SUB}`,
      keep:
        `effect: deny, issuers: [campus], when: {unit: {like: "*"}, host: {like: "*example.edu"}}, accounts: [{names: [joe]}]`,
    },
    // but a token without the claims passes it
    finds: [
      "warning deny/absent-claim-admits",
      "warning deny/absent-claim-admits",
    ],
  },
  "a login name that becomes the account is information": {
    rule:
      "issuers: [campus], when: {unit: x}, accounts: [{claim: preferred_username}]",
    finds: ["info match/mutable-identifier"],
  },
  "a login name without a condition lets everybody in, and is a warning": {
    rule: "issuers: [campus], accounts: [{claim: preferred_username}]",
    finds: ["info match/mutable-identifier", "warning grant/everybody"],
  },
  "a chosen name that becomes the account is a warning": {
    rule: "issuers: [campus], accounts: [{claim: nickname}]",
    finds: ["warning match/mutable-identifier"],
  },
  "a map by sub and by e-mail has something stable": {
    rule:
      `issuers: [campus], when: {email_verified: true}, accounts: [{map_file: /etc/oauth-pam/map, keys: [sub, email]}]`,
    finds: [],
  },
  "an e-mail address in a map is one that must be verified": {
    rule:
      `issuers: [campus], accounts: [{map_file: /etc/oauth-pam/map, keys: [sub, email]}]`,
    finds: ["error claim/email-unverified"],
  },
  "email_verified as a text is no verification": {
    rule:
      `issuers: [campus], when: {email_verified: "true"}, accounts: [{claim: email, strip_suffix: "@example.edu"}]`,
    finds: ["error claim/email-unverified", "error claim/type"],
  },
  "a group compared with a text never holds": {
    rule: `issuers: [campus], when: {groups: staff}, ${SUB}`,
    finds: ["error claim/type"],
  },
  "a time is a number": {
    rule: `issuers: [campus], when: {exp: {in: ["1"]}}, ${SUB}`,
    finds: ["error claim/type"],
  },
  "a deny rule of the wrong type is an error as well": {
    rules: {
      r: `issuers: [campus], ${SUB}`,
      keep: "effect: deny, when: {sub: {any: [x]}}",
    },
    // what it cannot judge it denies, and that is everything
    finds: ["error claim/type", "warning rule/shadowed"],
  },
  "aud has two forms": {
    rule: `issuers: [campus], when: {aud: {any: [ssh]}}, ${SUB}`,
    finds: ["warning claim/type"],
  },
  "groups as one text are told of, and lists take both": {
    rule: `issuers: [campus], when: {groups: {in: [a]}}, ${SUB}`,
    finds: ["info claim/type"],
  },
  "groups without an operator may be a slip": {
    rule: `issuers: [campus], when: {groups: a}, ${SUB}`,
    finds: ["error claim/type"],
  },
  "a list and a single value at once, where the issuer sends both": {
    issuers:
      "\n  a: {issuer: https://a.example.edu, audiences: [ssh], lists: [groups]}\n",
    rule: `when: {groups: {any: [a], like: "a*"}}, ${SUB}`,
    finds: ["info claim/type"],
  },
  "a list and a single value at once, where it sends lists": {
    rule: `issuers: [campus], when: {groups: {any: [a], like: "a*"}}, ${SUB}`,
    finds: ["info claim/type", "warning rule/unreachable"],
  },
  "accounts looked up by a list": {
    rules: {
      map:
        `issuers: [campus], accounts: [{map: {staff: [joe]}, keys: [sub, groups]}]`,
      file:
        `issuers: [campus], accounts: [{map_file: /etc/oauth-pam/map, keys: [groups]}]`,
      name: `issuers: [campus], when: {unit: x}, accounts: [{claim: groups}]`,
    },
    finds: ["warning claim/type", "warning claim/type", "warning claim/type"],
  },
  "accounts looked up by what a standard says is no text": {
    rules: {
      map: `issuers: [campus], accounts: [{map: {pwd: [joe]}, keys: [amr]}]`,
      name:
        `issuers: [campus], when: {unit: x}, accounts: [{claim: updated_at}]`,
    },
    finds: ["error claim/type", "error claim/type"],
  },
  "a word of a text": {
    rule: `issuers: [campus], when: {scope: {word: ssh}}, ${SUB}`,
    finds: [],
  },
  "a word of what is a list": {
    rule: `issuers: [campus], when: {amr: {word: mfa}}, ${SUB}`,
    finds: ["error claim/type"],
  },
  "a member of an object": {
    rule: `issuers: [campus], when: {realm_access: {has: roles}}, ${SUB}`,
    finds: [],
  },
  "a member of what is a text": {
    rule: `issuers: [campus], when: {scope: {has: ssh}}, ${SUB}`,
    finds: ["error claim/type"],
  },
  "a text and an object at once": {
    rule: `issuers: [campus], when: {unit: {has: a, word: b}}, ${SUB}`,
    finds: ["warning rule/unreachable"],
  },
  "two words of one text, and a text that lacks one": {
    rules: {
      both: `issuers: [campus], when: {unit: {word: a, equals: "a b"}}, ${SUB}`,
      none: `issuers: [campus], when: {unit: {word: c, equals: "a b"}}, ${SUB}`,
    },
    finds: ["warning rule/unreachable"],
  },
  "a word covers a text that has it": {
    rules: {
      wide: `issuers: [campus], when: {unit: {word: a}}, ${SUB}`,
      narrow: `issuers: [campus], when: {unit: {in: ["a b", "c a"]}}, ${SUB}`,
    },
    finds: ["warning rule/redundant"],
  },
  "claims that nobody fixed may have any type": {
    rule:
      `issuers: [campus], when: {level: 3, roles: admin, entitlements: {all: [a]}}, ${SUB}`,
    finds: [],
  },
  "assurance that says less has no effect": {
    rest: "assurance: {mfa: true, permitted_idps: [a, b], same_identity: true}",
    rule:
      `issuers: [campus], assurance: {mfa: false, permitted_idps: [a, c], same_identity: false}, ${SUB}`,
    finds: [
      "warning assurance/loosened",
      "warning assurance/loosened",
      "warning assurance/loosened",
    ],
  },
  "assurance that says more is what rules are for": {
    rest: "assurance: {max_auth_age: 8h, permitted_idps: [a, b]}",
    rule:
      `issuers: [campus], assurance: {mfa: true, max_auth_age: 1h, permitted_idps: [a]}, ${SUB}`,
    finds: [],
  },
  "Google tells neither when nor how somebody signed in": {
    rule:
      `issuers: [google], when: {hd: x}, assurance: {mfa: true, max_auth_age: 1h}, ${SUB}`,
    finds: [
      "warning assurance/auth-time-unavailable",
      "warning assurance/mfa-unavailable",
    ],
  },
  "two issuers give out the same names": {
    rules: {
      a: `issuers: [campus], accounts: [{claim: login}]`,
      b: `issuers: [globus], accounts: [{claim: login}]`,
    },
    finds: ["warning accounts/suffix-collision"],
  },
  "a rule for every issuer mixes their names": {
    issuers:
      "\n  a: {issuer: https://a.example.edu, audiences: [ssh]}\n  b: {issuer: https://b.example.edu, audiences: [ssh]}\n",
    rule: "accounts: [{claim: login}]",
    finds: ["warning accounts/suffix-collision"],
  },
  "one suffix at two issuers is one set of people": {
    rules: {
      a: `issuers: [campus], when: {email_verified: true}, accounts: [{claim: email, strip_suffix: "@example.edu"}]`,
      b: `issuers: [globus], accounts: [{identity: username, strip_suffix: "@example.edu"}]`,
    },
    finds: [],
  },
});

Deno.test("a simple policy without tests gives no error", () => {
  const text = `version: 1
issuers:
  campus: {issuer: https://login.example.edu, audiences: [ssh]}
rules:
  staff:
    when: {groups: {any: [staff]}}
    accounts: [{claim: preferred_username}]
`;
  const levels = lintPolicy(parsePolicy(text, { file: "x.yaml" }))
    .map(({ level }) => level);
  assert.ok(!levels.includes("error"));
});
