/**
 * What must never be is proved, or a request shows that it is not so.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type Invariant,
  prove,
  readInvariants,
} from "../../../src/analysis/never/invariants.ts";
import { mapFilesOf, requestOf } from "../../../src/analysis/diff/witness.ts";
import { proofTexts } from "../../../src/analysis/never/words.ts";
import { evaluate } from "../../../src/policy/evaluate/evaluate.ts";
import type { Policy } from "../../../src/policy/model.ts";
import { parsePolicy, usable } from "../../../src/policy/syntax/parse.ts";
import type { AccessRequest } from "../../../src/policy/request.ts";
import {
  collidingPolicies,
  collidingRequest,
} from "../../support/collisions.ts";
import { shapedPolicies } from "../../support/shapes.ts";
import { holds } from "../../support/properties.ts";

const HEAD = `version: 1
issuers:
  campus: {issuer: "https://login.example.edu", audiences: [ssh]}
  ci: {issuer: "https://ci.example.edu", audiences: [ssh]}
`;

/** The proofs of a policy's own `never`. */
function proofs(text: string) {
  const parsed = parsePolicy(`${HEAD}${text}`, { file: "p.yaml" });
  const policy = usable(parsed);
  assert.ok(policy && parsed.source, JSON.stringify(parsed.diagnostics));
  const { invariants, issues } = readInvariants(policy, parsed.source);
  assert.deepEqual(issues, []);
  return invariants.map((invariant) => {
    const { breaches, limits } = prove(policy, invariant);
    assert.deepEqual(limits, []);
    return [
      invariant.name,
      ...breaches.map(({ rule, issuer, witness }) =>
        `${rule} ${issuer} ${witness.account} ${witness.service} ${witness.rhost} ${
          JSON.stringify(witness.claims)
        }`
      ),
    ];
  });
}

const DEPLOY =
  "never: {outside: {accounts: [deploy], unless: {issuers: [ci], rhosts: [10.0.0.0/8]}}}\n";

Deno.test("what holds over all requests is proved", () => {
  assert.deepEqual(
    proofs(`${DEPLOY}rules:
  ci: {issuers: [ci], rhosts: [10.1.0.0/16], accounts: [{names: [deploy]}]}
  people: {when: {groups: {any: [staff]}}, accounts: [{claim: sub}]}
  not-deploy: {effect: deny, accounts: [{names: [deploy]}], issuers: [campus]}
  not-others: {effect: deny, accounts: [{names: [deploy]}], when: {groups: {any: [staff]}}}
`),
    [["outside"]],
  );
});

Deno.test("each rule that breaks it is named, with the least that it admits", () => {
  assert.deepEqual(
    proofs(`${DEPLOY}rules:
  ci: {issuers: [ci], rhosts: [10.0.0.0/7], accounts: [{names: [deploy]}]}
  people: {when: {groups: {any: [staff]}}, accounts: [{claim: sub}]}
  fine: {issuers: [ci], rhosts: [10.0.0.0/8], accounts: [{names: [deploy]}]}
`),
    [[
      "outside",
      "ci ci deploy sshd 11.255.255.255 {}",
      'people campus deploy sshd null {"groups":["staff"],"sub":"deploy"}',
    ]],
  );
});

Deno.test("an entry without accounts is about every account", () => {
  assert.deepEqual(
    proofs(`never: {sudo: {services: [sudo], unless: {assurance: {mfa: true}}}}
rules:
  people: {accounts: [{claim: sub}]}
  admins: {services: [sudo], assurance: {mfa: true}, accounts: [{names: [ops]}]}
`),
    [["sudo", 'people campus someone sudo null {"sub":"someone"}']],
  );
  assert.deepEqual(
    proofs(`never: {sudo: {services: [sudo], unless: {assurance: {mfa: true}}}}
rules:
  people: {services: [sshd], accounts: [{claim: sub}]}
  admins: {services: [sudo], assurance: {mfa: true}, accounts: [{names: [ops]}]}
`),
    [["sudo"]],
  );
});

Deno.test("an assurance that asks for less than it must breaks it", () => {
  const policy = (age: string) =>
    `never: {old: {unless: {assurance: {max_auth_age: 8h}}}}
assurance: {max_auth_age: ${age}}
rules: {people: {accounts: [{claim: sub}]}}
`;
  assert.deepEqual(proofs(policy("8h")), [["old"]]);
  assert.equal(proofs(policy("9h"))[0]?.length, 2);
});

for (
  const [what, written, message] of [
    ["an unknown key", "{a: {account: [x]}}", /unknown key "account".*\n?/],
    ["an unknown issuer", "{a: {issuers: [nobody]}}", /no issuer "nobody"/],
    ["a list", "[]", /a list is not a mapping/],
    ["nothing", "{}", /name at least one/],
    [
      "same_identity, which an account without an owner cannot have",
      "{a: {unless: {assurance: {same_identity: true}}}}",
      /unknown key "same_identity"/,
    ],
  ] as const
) {
  Deno.test(`never is refused with ${what}, and login goes on`, () => {
    const parsed = parsePolicy(
      `${HEAD}never: ${written}\nrules: {r: {accounts: [{claim: sub}]}}\n`,
      { file: "p.yaml" },
    );
    const policy = usable(parsed);
    assert.ok(policy && parsed.source);
    const { invariants, issues } = readInvariants(policy, parsed.source);
    assert.deepEqual(invariants, []);
    assert.match(issues[0]?.message ?? "", message);
    assert.deepEqual(issues[0]?.path.slice(0, 1), ["never"]);
  });
}

/** Whether the request is one that must never be admitted, told by the evaluator. */
function isAbout(
  { about, unless, accounts }: Invariant,
  { policy, request, mapFiles }: {
    policy: Policy;
    request: AccessRequest;
    mapFiles: ReadonlyMap<string, string>;
  },
): boolean {
  if (accounts !== null && !accounts.includes(request.account)) return false;
  const measure: Policy = {
    ...policy,
    assurance: {
      permitted_idps: null,
      mfa: false,
      max_auth_age: null,
      same_identity: false,
    },
    protected_accounts: [],
    rules: [
      { ...about, id: "about" },
      ...(unless === null ? [] : [{
        ...unless,
        id: "unless",
        accounts: [{ source: "names" as const, names: [request.account] }],
      }]),
    ],
  };
  const said = new Map(
    evaluate(measure, request, { mapFiles }).rules.map((
      rule,
    ) => [rule.id, rule]),
  );
  return said.get("about")?.matched === true &&
    said.get("unless")?.granted !== true;
}

Deno.test("what is proved, no request contradicts; and each breach is one", () => {
  const values = fc.constantFrom("x", "y", "alice", "someone");
  const condition = fc.constantFrom("any", "all", "none", "in").chain((how) =>
    fc.uniqueArray(values, { minLength: 1, maxLength: 2 }).map((list) =>
      `{${how}: ${JSON.stringify(list)}}`
    )
  );
  const when = fc.dictionary(
    fc.constantFrom("sub", "email", "groups"),
    condition,
    { maxKeys: 2, noNullPrototype: true },
  ).map((map) => {
    const entries = Object.entries(map).map(([key, value]) =>
      `${key}: ${value}`
    );
    return entries.length === 0 ? [] : [`when: {${entries.join(", ")}}`];
  });
  const entry = fc.record({
    when,
    accounts: fc.constantFrom<string[]>([], ["accounts: [alice]"]),
    unless: fc.oneof(
      fc.constant<string[]>([]),
      when.map((lines) => lines.map((line) => `unless: {${line}}`)),
      fc.constant(["unless: {assurance: {mfa: true}}"]),
    ),
  }).map(({ when, accounts, unless }) =>
    `{${[...accounts, ...when, ...unless].join(", ")}}`
  );
  const cases = fc.tuple(collidingPolicies, entry).chain(([[policy], text]) =>
    fc.record({
      policy: fc.constant(policy),
      text: fc.constant(text),
      requests: fc.array(collidingRequest(policy), {
        minLength: 30,
        maxLength: 30,
      }),
    })
  );
  const count = { proved: 0, broken: 0 };
  holds(
    fc.property(cases, ({ policy, text, requests }) => {
      const parsed = parsePolicy(
        `${HEAD}never: {entry: ${text}}\nrules: {r: {accounts: [{claim: sub}]}}\n`,
        { file: "p.yaml" },
      );
      assert.ok(parsed.source);
      const [invariant] = readInvariants(policy, parsed.source).invariants;
      assert.ok(invariant, text);
      const { breaches, limits } = prove(policy, invariant);
      if (breaches.length > 0) count.broken += 1;
      else if (limits.length === 0) count.proved += 1;
      for (const { rule, issuer: name, witness } of breaches) {
        const issuer = policy.issuers.find((one) => one.name === name);
        assert.ok(issuer);
        const side = { policy, issuer };
        const [request, mapFiles] = [
          requestOf(side, witness),
          mapFilesOf(side, witness),
        ];
        const said = evaluate(policy, request, { mapFiles });
        assert.equal(said.decision, "allow");
        assert.equal(said.rules.find(({ id }) => id === rule)?.granted, true);
        assert.ok(isAbout(invariant, { policy, request, mapFiles }));
      }
      for (const { request, mapFiles } of requests) {
        const admitted = evaluate(policy, request, { mapFiles });
        if (admitted.decision !== "allow") continue;
        if (!isAbout(invariant, { policy, request, mapFiles })) continue;
        assert.ok(
          breaches.length > 0 || limits.length > 0,
          JSON.stringify({ text, request }),
        );
      }
    }),
    { runs: 200 },
  );
  assert.ok(count.proved > 20 && count.broken > 20, JSON.stringify(count));
});

Deno.test("what must never be for any account is proved of 1,000 rules for any account", () => {
  const [document] = shapedPolicies("teams", 1000);
  const verified = { when: { email_verified: true } };
  const text = JSON.stringify({
    ...document,
    never: {
      unverified: { unless: verified },
      guests: { when: { groups: { any: ["team7"] } }, unless: verified },
      team: { accounts: ["svc7"], unless: verified },
      nobody: { when: { groups: { any: ["team7"] } } },
    },
  });
  const parsed = parsePolicy(text, { file: "p.json" });
  const policy = usable(parsed);
  assert.ok(policy && parsed.source, JSON.stringify(parsed.diagnostics));
  const { invariants } = readInvariants(policy, parsed.source);
  const told = invariants.map((invariant) => {
    const { breaches, limits } = prove(policy, invariant);
    assert.deepEqual(limits, []);
    return breaches.length;
  });
  // whoever is in team 7 may be in any other team as well: enough of them are shown
  assert.deepEqual(told, [0, 0, 0, 20]);
});

Deno.test("a breach that a provider's tokens are not known to show is one, and says so", () => {
  const text = HEAD.replace("login.example.edu", "accounts.google.com") +
    `rules:
  staff: {issuers: [campus], when: {groups: {any: [staff]}}, accounts: [{names: [deploy]}]}
never:
  nobody-deploys: {accounts: [deploy]}
`;
  const parsed = parsePolicy(text, { file: "p.yaml" });
  const policy = usable(parsed);
  assert.ok(policy && parsed.source, JSON.stringify(parsed.diagnostics));
  const [invariant] = readInvariants(policy, parsed.source).invariants;
  assert.ok(invariant);
  assert.deepEqual(proofTexts(prove(policy, invariant)), [
    '"nobody-deploys" must never be, and rule "staff" admits it: "deploy", issuer campus, ' +
    'service sshd, no remote address, claims {"groups":["staff"]}, but Google never sends "groups"',
  ]);
});
