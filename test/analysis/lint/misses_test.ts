/**
 * What administrators get wrong, and what looks like it and is right.
 *
 * @module
 */
import assert from "node:assert/strict";
import { lintPolicy } from "../../../src/analysis/lint/lint.ts";
import { matchesGlob } from "../../../src/policy/evaluate/conditions.ts";
import { parsePolicy } from "../../../src/policy/syntax/parse.ts";
import { NAMES, SUB, testCases } from "./cases.ts";

const STAFF = "issuers: [campus], when: {groups: {any: [staff]}}";
const LOGIN = "accounts: [{claim: preferred_username}]";
const LOGIN_INFO = "info match/mutable-identifier";

const entra = (rest = "") =>
  `\n  entra: {issuer: https://login.microsoftonline.com/7d1f2f2a-3f0e-4c0f-9a53-5d0f4f1f5b11/v2.0, audiences: [ssh]${rest}}\n`;
const keycloak = (audience: string) =>
  `\n  kc: {issuer: https://sso.example.org/realms/main, audiences: [${audience}]}\n`;

testCases({
  // globs
  "a glob for a domain that goes on": {
    rule:
      `issuers: [campus], when: {hd: {like: "example.edu*"}, unit: {like: "*.example.edu*"}, contact: {like: "x@*"}}, ${SUB}`,
    finds: [
      "error match/open-ended",
      "error match/open-ended",
      "error match/open-ended",
    ],
  },
  "globs that end in no domain": {
    rule:
      `issuers: [campus], when: {unit: {like: "physics*"}, sub: {like: "svc.deploy*"}, path: {like: "/a.b/*"}}, ${SUB}`,
    finds: [],
  },
  "a glob that goes on in a deny rule harms nobody": {
    rules: {
      r: `issuers: [campus], when: {mailbox: x}, ${SUB}`,
      keep:
        `effect: deny, issuers: [campus], when: {mailbox: {like: "*@example.org*"}}`,
    },
    // and it has nothing to refuse
    finds: ["info deny/without-effect"],
  },
  // audiences
  "account is no audience to trust": {
    issuers: keycloak("account"),
    rule: `when: {groups: {any: [a]}}, ${SUB}`,
    finds: ["error issuer/shared-audience"],
  },
  "account with the client that may log in": {
    issuers: keycloak("account"),
    rule: `when: {groups: {any: [a]}, azp: ssh-login}, ${SUB}`,
    finds: [],
  },
  "an excluded client leaves all others": {
    issuers: keycloak("account"),
    rule: `when: {groups: {any: [a]}, azp: {like: "*"}}, ${SUB}`,
    finds: ["error issuer/shared-audience", "error match/wildcard-only"],
  },
  "the owner's address is GitHub's default": {
    issuers:
      "\n  gh: {issuer: https://token.actions.githubusercontent.com, audiences: [https://github.com/acme]}\n",
    rule:
      `when: {repository_id: "1", environment: production}, accounts: [{names: [deploy]}]`,
    finds: ["warning issuer/shared-audience"],
  },
  // deny rules and claims that are not there
  "claims of guests and of devices may be left out": {
    rules: {
      r: `${STAFF}, ${SUB}`,
      a: "effect: deny, issuers: [campus], when: {user_type: Guest}",
      b: "effect: deny, issuers: [campus], when: {device_compliant: false}",
    },
    finds: [
      "warning deny/absent-claim-admits",
      "warning deny/absent-claim-admits",
    ],
  },
  // accounts by name
  "a guarded account that a login name gives": {
    rules: {
      r: `${STAFF}, ${LOGIN}`,
      b: `issuers: [campus], when: {groups: {any: [ops]}}, ${NAMES}`,
    },
    finds: [LOGIN_INFO, "warning accounts/claimable"],
  },
  "a protected account is not given by a login name": {
    rest: "protected_accounts: [deploy]",
    rules: {
      r: `${STAFF}, ${LOGIN}`,
      b: `issuers: [campus], when: {groups: {any: [ops]}}, ${NAMES}, allow_protected: true`,
    },
    finds: [LOGIN_INFO],
  },
  "nobody chooses a sub": {
    rules: {
      r: `${STAFF}, ${SUB}`,
      b: `issuers: [campus], when: {groups: {any: [ops]}}, ${NAMES}`,
    },
    finds: [],
  },
  "a deny rule for the name is a guard": {
    rules: {
      r: `${STAFF}, ${LOGIN}`,
      b: `issuers: [campus], when: {groups: {any: [ops]}}, ${NAMES}`,
      d: "effect: deny, when: {preferred_username: {in: [deploy]}}",
    },
    finds: [
      LOGIN_INFO,
      "warning deny/absent-claim-admits",
    ],
  },
  "a condition that excludes the name is a guard": {
    rules: {
      r: `issuers: [campus], when: {groups: {any: [staff]}, preferred_username: {like: "u-*"}}, ${LOGIN}`,
      b: `issuers: [campus], when: {groups: {any: [ops]}}, ${NAMES}`,
    },
    finds: [LOGIN_INFO],
  },
  "whoever gets it by name gets it anyhow": {
    rules: {
      r: `${STAFF}, services: [sshd], ${LOGIN}`,
      b: `${STAFF}, ${NAMES}`,
    },
    finds: [LOGIN_INFO],
  },
  "one finding for all accounts that a claim gives": {
    rules: {
      r: `${STAFF}, ${LOGIN}`,
      s: `issuers: [campus], when: {groups: {any: [people]}}, ${LOGIN}`,
      b: `issuers: [campus], when: {groups: {any: [ops]}}, accounts: [{names: [deploy, release]}]`,
      c: `issuers: [campus], when: {groups: {any: [on-call]}}, accounts: [{names: [emergency]}]`,
    },
    finds: [LOGIN_INFO, "warning accounts/claimable"],
  },
  // services
  "services that exist, or have a name of the site's own": {
    rule:
      `${STAFF}, services: [sshd, sshd-internal, sshd2, sudo-i, su-l, cockpit, portal], ${SUB}`,
    finds: [],
  },
  "a deny rule for a service that does not exist": {
    rules: {
      r: `${STAFF}, ${SUB}`,
      d: "effect: deny, services: [ssh], issuers: [campus], when: {groups: {any: [staff]}}",
    },
    finds: ["error rule/unknown-service"],
  },
  "a file is not a service": {
    rule: `${STAFF}, services: [/etc/pam.d/sshd], ${SUB}`,
    finds: ["error rule/unknown-service"],
  },
  // the age of a sign-in
  "Entra sends auth_time where it is asked for": {
    issuers: entra(),
    rule:
      `when: {groups: {any: [g]}}, assurance: {max_auth_age: 8h}, accounts: [{map: {o1: [alice]}, keys: [oid]}]`,
    finds: ["warning assurance/auth-time-unavailable"],
  },
  "a place for auth_time is one that somebody looked up": {
    issuers: entra(", claims: {auth_time: extn.auth_time}"),
    rule:
      `when: {groups: {any: [g]}}, assurance: {max_auth_age: 8h}, accounts: [{map: {o1: [alice]}, keys: [oid]}]`,
    finds: [],
  },
  // jobs
  "every branch of one repository": {
    rule: `issuers: [github], when: {sub: {like: "repo:acme/app:*"}}, ${NAMES}`,
    finds: ["warning grant/any-job"],
  },
  "every branch of one repository, in one environment": {
    rule:
      `issuers: [github], when: {sub: {like: "repo:acme/app:*"}, environment: production}, ${NAMES}`,
    finds: [],
  },
  "every repository of an owner on the main branch": {
    rule:
      `issuers: [github], when: {repository: {like: "acme/*"}, ref: refs/heads/main}, ${NAMES}`,
    finds: ["warning grant/any-job"],
  },
  "a subject of somebody else's": {
    rule:
      `issuers: [campus], when: {sub: {like: "repo:acme/*"}, groups: {any: [a]}}, ${NAMES}`,
    finds: [],
  },
  // networks
  "both halves and all of IPv6": {
    rule: `${STAFF}, rhosts: [0.0.0.0/1, 128.0.0.0/1, "::/0"], ${SUB}`,
    finds: ["warning match/network-everywhere"],
  },
  "all but one half": {
    rule: `${STAFF}, rhosts: [0.0.0.0/1, 128.0.0.0/2, 10.0.0.0/8], ${SUB}`,
    finds: [],
  },
  "a deny rule from everywhere lets IPv6 by": {
    rules: {
      r: `${STAFF}, rhosts: [192.0.2.0/24], ${SUB}`,
      d: "effect: deny, issuers: [campus], rhosts: [0.0.0.0/0], when: {groups: {any: [guests]}}",
    },
    finds: ["warning match/network-everywhere"],
  },
  // claims
  "claims that are called almost like standard ones": {
    rule:
      `issuers: [campus], when: {emailverified: true, groups: {any: [a]}, /realm_acces/roles: {any: [a]}}, accounts: [{claim: preferredUsername}]`,
    finds: [
      "warning claim/near-standard",
      "warning claim/near-standard",
      "warning claim/near-standard",
    ],
  },
  "claims with names of their own": {
    rule:
      `issuers: [campus], when: {emails: {any: [a]}, roles: {any: [a]}, username: x, unit: z, "https://example.edu/groups": {any: [a]}}, ${SUB}`,
    finds: [],
  },
  "an issuer's place for groups is a claim, too": {
    issuers:
      "\n  a: {issuer: https://a.example.edu, audiences: [ssh], claims: {groups: group}}\n",
    rule: `when: {groups: {any: [a]}}, ${SUB}`,
    finds: ["warning claim/near-standard"],
  },
  "Google sends no groups": {
    rule:
      `issuers: [google], when: {hd: example.edu, groups: {any: [a]}}, ${SUB}`,
    finds: ["warning claim/unavailable"],
  },
  "Google sends no login name": {
    rules: {
      r: `issuers: [google], when: {hd: example.edu, sub: {in: ["1"]}}, ${LOGIN}`,
      s: `issuers: [google], when: {hd: example.edu}, accounts: [{map: {joe: [joe]}, keys: [preferred_username, sub]}]`,
    },
    finds: [LOGIN_INFO, "warning claim/unavailable"],
  },
  "a deny rule on what Google never sends": {
    rules: {
      r: `issuers: [google], when: {hd: example.edu}, ${SUB}`,
      d: "effect: deny, issuers: [google], when: {groups: {any: [leavers]}}",
    },
    finds: [
      "error claim/unavailable",
      "warning deny/absent-claim-admits",
    ],
  },
  "a rule for several issuers is for those that send the claim": {
    rule:
      `issuers: [campus, google], when: {hd: example.edu, groups: {any: [a]}}, ${NAMES}`,
    finds: [],
  },
  "Entra says that an address was verified by xms_edov": {
    issuers: entra(),
    rule:
      `when: {xms_edov: true, groups: {any: [a]}}, accounts: [{map: {a@example.com: [alice]}, keys: [email, oid]}]`,
    finds: [],
  },
  "Entra never says email_verified": {
    issuers: entra(),
    rule:
      `when: {email_verified: true, groups: {any: [a]}}, accounts: [{map: {a@example.com: [alice]}, keys: [email, oid]}]`,
    finds: ["warning claim/unavailable"],
  },
  "the word true beside the value is asked for as well": {
    rule:
      `issuers: [campus], when: {email_verified: {in: [true, "true"]}}, accounts: [{claim: email, strip_suffix: "@example.edu"}]`,
    finds: [],
  },
  "GitHub's ids and flags are texts": {
    rule:
      `issuers: [github], when: {repository_id: 1296269, ref_protected: true, environment: production}, ${NAMES}`,
    finds: ["error claim/type", "error claim/type"],
  },
  "ids in quotes, and numbers of another issuer": {
    rules: {
      r: `issuers: [github], when: {repository_id: "1296269", environment: production}, ${NAMES}`,
      s: `issuers: [campus], when: {project_id: 7}, ${SUB}`,
    },
    finds: [],
  },
  // values of other rules
  "a deny rule that misses by a letter": {
    rules: {
      r: `issuers: [campus], when: {groups: {any: [contractors]}}, ${SUB}`,
      d: "effect: deny, issuers: [campus], when: {groups: {any: [contractor]}}",
    },
    finds: ["warning rule/near-value"],
  },
  "an exception that misses by a letter": {
    rules: {
      r: `issuers: [campus], when: {groups: {any: [people], none: [suspendend]}}, ${SUB}`,
      s: `issuers: [campus], when: {groups: {any: [suspended]}}, accounts: [{names: [jail]}]`,
    },
    finds: ["warning rule/near-value"],
  },
  "a rule that names both knows of both": {
    rules: {
      r: `issuers: [campus], when: {groups: {any: [team-lead, team_lead]}}, ${SUB}`,
      s: `issuers: [campus], when: {groups: {any: [teamlead, team-lead, team_lead]}}, ${NAMES}`,
    },
    finds: [],
  },
  "people are called alike": {
    rules: {
      r: `issuers: [campus], when: {sub: {in: [martin, jansen]}}, accounts: [{names: [a]}]`,
      s: `issuers: [campus], when: {sub: {in: [martins, jansens]}}, accounts: [{names: [b]}]`,
    },
    finds: [],
  },
  "numbers are other numbers": {
    rules: {
      r: `issuers: [campus], when: {groups: {any: [project-12, class1]}}, accounts: [{names: [a]}]`,
      s: `issuers: [campus], when: {groups: {any: [project-1-2, class11]}}, accounts: [{names: [b]}]`,
    },
    finds: [],
  },
  // sudo
  "a rule for all services beside a stricter one for sudo": {
    rules: {
      r: `${STAFF}, ${SUB}`,
      s: `issuers: [campus], services: [sudo], when: {groups: {any: [admins]}}, assurance: {mfa: true}, ${SUB}`,
    },
    finds: ["warning rule/bypassed"],
  },
  "administrators who may do everything beside others who may not": {
    rules: {
      r: `issuers: [campus], when: {groups: {any: [admins]}}, ${SUB}`,
      s: `${STAFF}, services: [sshd], assurance: {mfa: true}, ${SUB}`,
      t: `issuers: [campus], services: [sudo], when: {groups: {any: [ops]}}, ${SUB}`,
    },
    finds: [],
  },
  "a second factor that the policy asks for anyhow": {
    rest: "assurance: {mfa: true}",
    rules: {
      r: `${STAFF}, ${SUB}`,
      s: `issuers: [campus], services: [sudo], when: {groups: {any: [admins]}}, assurance: {mfa: true}, ${SUB}`,
    },
    finds: [],
  },
  "a stricter rule for other accounts": {
    rules: {
      r: `${STAFF}, ${SUB}`,
      s: `issuers: [campus], services: [sudo], when: {groups: {any: [admins]}}, assurance: {mfa: true}, ${NAMES}`,
    },
    finds: [],
  },
  // deny rules
  "a deny rule by networks lets by whoever has no address": {
    rules: {
      r: `${STAFF}, ${SUB}`,
      d: "effect: deny, rhosts: [192.0.2.0/24]",
    },
    finds: ["warning deny/absent-address-admits"],
  },
  "an allow rule that asks for networks wants an address": {
    rules: {
      r: `${STAFF}, rhosts: [192.0.2.0/23], ${SUB}`,
      d: "effect: deny, rhosts: [192.0.2.0/24]",
    },
    finds: [],
  },
  "deny rules about values and networks that no allow rule is about": {
    rules: {
      r: `issuers: [campus], rhosts: [10.0.0.0/8], when: {unit: physics}, ${SUB}`,
      a: "effect: deny, issuers: [campus], rhosts: [192.0.2.0/24], when: {unit: physics}",
      b: "effect: deny, issuers: [campus], when: {unit: {in: [maths]}}",
    },
    finds: ["info deny/without-effect", "info deny/without-effect"],
  },
  "what must never be is said without conditions": {
    rules: {
      r: `issuers: [campus], when: {groups: {any: [a]}}, ${NAMES}`,
      d: "effect: deny, accounts: [{names: [backup]}]",
    },
    finds: [],
  },
});

Deno.test("what a message says that a glob also matches, it does match", () => {
  const globs: Readonly<Record<string, string>> = {
    email: "*@example.edu*",
    hd: "example.edu*",
    contact: "x*@*",
    unit: "*.dept.example.edu**",
    host: "*example.edu",
    place: "https://idp.example.edu*",
  };
  const jobs = [
    "repo:acme/*",
    "repo:acme/*:*",
    "repo:acme/app:*",
    "repo:acme/*:ref:refs/heads/main",
    "repo:acme/*:environment:prod-*",
    "repo:acme*",
  ];
  const rules = [
    `r: {issuers: [a], when: {${
      Object.entries(globs).map(([claim, glob]) =>
        `${claim}: {like: "${glob}"}`
      ).join(", ")
    }}, ${SUB}}`,
    ...jobs.map((glob, index) =>
      `j${index}: {issuers: [b], when: {sub: {like: "${glob}"}}, ${NAMES}}`
    ),
  ];
  const text = `version: 1
issuers:
  a: {issuer: https://a.example.edu, audiences: [ssh]}
  b: {issuer: https://token.actions.githubusercontent.com, audiences: [ssh]}
rules:
  ${rules.join("\n  ")}
`;
  const shown = lintPolicy(parsePolicy(text, { file: "x.yaml" })).flatMap((
    { message },
  ) => {
    const [, glob, example] = /^(".*?") also matches (".*?")/.exec(message) ??
      [];
    return glob === undefined || example === undefined
      ? []
      : [[JSON.parse(glob), JSON.parse(example)]];
  });
  for (const [glob, example] of shown) {
    assert.ok(matchesGlob(glob, example), `${glob} ${example}`);
  }
  assert.deepEqual(
    shown.map(([glob]) => glob).sort(),
    [...Object.values(globs), ...jobs].sort(),
  );
});

function mutable(rules: string): string[] {
  const text = `version: 1
issuers:
  a: {issuer: https://a.example.edu, audiences: [ssh]}
  b: {issuer: https://b.example.edu, audiences: [ssh]}
rules:
${rules}`;
  return lintPolicy(parsePolicy(text, { file: "x.yaml" }))
    .filter(({ id }) => id === "match/mutable-identifier")
    .map(({ level, line, message }) => `${level} ${line} ${message}`);
}

const DECIDES =
  'the claim "preferred_username" can be given to somebody else, and it decides which account is theirs';

Deno.test("match/mutable-identifier: one finding for an issuer and a claim, naming how many rules", () => {
  const rule = (id: string, issuers: string) =>
    `  ${id}: {issuers: [${issuers}], when: {groups: {any: [${id}]}}, accounts: [{claim: preferred_username}]}\n`;
  assert.deepEqual(mutable(rule("one", "a")), [`info 6 ${DECIDES}`]);
  assert.deepEqual(
    mutable(rule("one", "a") + rule("two", "b") + rule("three", "a")),
    [`info 6 ${DECIDES} (2 rules do so)`, `info 7 ${DECIDES}`],
  );
  // rules for both issuers are the same places to look at
  assert.deepEqual(mutable(rule("one", "a, b") + rule("two", "a, b")), [
    `info 6 ${DECIDES} (2 rules do so)`,
  ]);
});

Deno.test("match/mutable-identifier: the worst use of a claim is where the finding stands", () => {
  const found = mutable(
    `  one: {issuers: [a], when: {unit: x}, accounts: [{claim: preferred_username}]}
  two: {issuers: [a], when: {preferred_username: alice}, accounts: [{names: [deploy]}]}
`,
  );
  assert.equal(found.length, 1);
  assert.match(found[0] ?? "", /^warning 7 .* \(2 rules do so\)$/);
});
