/**
 * What a login reads of a large policy is the policy again.
 *
 * @module
 */
// Threats: G15
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  caseArbitrary,
  MAP_FILES,
  policyArbitrary,
  policyOf,
} from "../support/policy_generators.ts";
import { holds } from "../support/properties.ts";
import { filled, lean } from "../../src/policy/lean.ts";
import { evaluate } from "../../src/policy/evaluate/evaluate.ts";
import { type Policy, USUAL_RULE } from "../../src/policy/model.ts";
import { parsePolicy, usable } from "../../src/policy/syntax/parse.ts";

const POLICIES = new URL("../../policies/", import.meta.url);

function parsed(text: string): Policy {
  const policy = usable(parsePolicy(text, { file: "policy.yaml" }));
  assert(policy !== null);
  return policy;
}

const throughJson = (policy: Policy): Policy =>
  filled(JSON.parse(JSON.stringify(lean(policy))));

Deno.test("every shipped policy comes back as it was", async () => {
  let seen = 0;
  for await (const { name } of Deno.readDir(POLICIES)) {
    if (!name.endsWith(".yaml") || name.endsWith(".test.yaml")) continue;
    const text = await Deno.readTextFile(new URL(name, POLICIES));
    const policy = usable(parsePolicy(text, { file: name }));
    if (policy === null) continue;
    assert.deepEqual(throughJson(policy), policy, name);
    seen++;
  }
  assert(seen >= 10, `${seen} policies`);
});

const HEAD = `version: 1
issuers:
  main: {issuer: "https://login.example.edu", audiences: [ssh]}
rules:
`;

Deno.test("a rule comes back with all that it says, and a deny rule as one", () => {
  const policy = parsed(`${HEAD}  all:
    description: of all kinds
    issuers: [main]
    services: [sshd]
    rhosts: [192.0.2.0/24]
    not_after: 2030-01-01T00:00:00Z
    when: {groups: {any: [staff]}}
    assurance: {mfa: true, max_auth_age: 1h}
    accounts: [{names: [root]}]
    allow_protected: true
  none:
    effect: deny
    when: {groups: {any: [gone]}}
  usual:
    when: {email_verified: true}
    accounts: [{claim: preferred_username}]
`);
  assert.deepEqual(throughJson(policy), policy);
  assert.deepEqual(throughJson(policy).rules.map(({ effect }) => effect), [
    ...["allow", "deny", "allow"],
  ]);
  const [all, none, usual] = lean(policy).rules;
  assert.equal(Object.keys(all ?? {}).length, 10);
  assert.equal(none?.effect, "deny");
  assert.deepEqual(Object.keys(usual ?? {}).sort(), ["accounts", "id", "when"]);
});

Deno.test("a copy that lies about a rule's usual words is read as it is written", () => {
  const policy = parsed(`${HEAD}  usual:
    when: {email_verified: true}
    accounts: [{claim: preferred_username}]
`);
  const written = { ...lean(policy), rules: policy.rules };
  assert.deepEqual(filled(written), policy);
  const denied = lean({
    ...policy,
    rules: policy.rules.map((rule) => ({ ...rule, effect: "deny" as const })),
  });
  assert.equal(filled(denied).rules[0]?.effect, "deny");
});

Deno.test("every generated policy comes back as it was", () => {
  const comesBack = fc.property(policyArbitrary, (document) => {
    const policy = policyOf(document);
    assert.deepEqual(throughJson(policy), policy);
  });
  holds(comesBack, { runs: 200 });
});

Deno.test("a generated policy decides as before, rule by rule, whatever is left out of it", () => {
  const mapFiles = MAP_FILES;
  const decidesAlike = fc.property(caseArbitrary, ({ policy, requests }) => {
    const back = throughJson(policy);
    for (const request of requests) {
      const options = { mapFiles };
      const decision = evaluate(policy, request, options);
      assert.deepEqual(evaluate(back, request, options), decision);
    }
  });
  holds(decidesAlike, { runs: 300 });
});

/** Names that an object has anyway, numbers and what is nothing: each where a text of somebody's can be. */
const WORDS = [
  ...["toString", "hasOwnProperty", "valueOf", "__defineGetter__", "length"],
  ...["null", "undefined", "false", "NaN", "_0", "-0", "\ud800", "<"],
];

Deno.test("names of objects, numbers and nothing mean after it what they meant before", () => {
  for (const word of WORDS) {
    const name = /^[A-Za-z_][\w.-]*$/.test(word) ? word : "usual";
    const text = JSON.stringify(word);
    const document = JSON.stringify({
      version: 1,
      issuers: {
        [name]: { issuer: "https://login.example.edu", audiences: [word] },
      },
      rules: {
        [name]: {
          description: word,
          issuers: [name],
          services: [word],
          when: {
            [word]: { in: [word, 0, -0, false] },
            groups: { any: [word] },
          },
          assurance: { permitted_idps: [word] },
          accounts: [{ map: { [word]: ["alice"] }, keys: ["sub", word] }],
          ssh: { permit: [] },
        },
        other: { effect: "deny", when: { [word]: false } },
      },
    });
    const policy = parsed(document);
    assert.deepEqual(throughJson(policy), policy, text);
    for (const value of [word, 0, false, "x"]) {
      const request = {
        account: "alice",
        service: word,
        rhost: null,
        now: 1_800_000_000,
        subject: {
          issuer: name,
          claims: { [word]: value, sub: word, groups: [word] },
          identities: [],
          authentications: [
            {
              identity: null,
              idps: [word],
              amr: [],
              acr: null,
              auth_time: null,
            },
          ],
        },
      } as unknown as Parameters<typeof evaluate>[1];
      const decision = evaluate(policy, request);
      assert.deepEqual(evaluate(throughJson(policy), request), decision, text);
    }
  }
});

Deno.test("every usual value is what a rule without the key is parsed to, and no other is left out", () => {
  const [bare] = parsed(`${HEAD}  usual:
    when: {email_verified: true}
    accounts: [{claim: preferred_username}]
`).rules;
  assert(bare !== undefined);
  for (const [key, value] of Object.entries(USUAL_RULE)) {
    assert.deepEqual(Object.entries(bare).find(([name]) => name === key), [
      key,
      value,
    ]);
  }
  const others = [[], {}, "", 0, true, "deny", {
    ...USUAL_RULE.assurance,
    mfa: true,
  }];
  for (const key of Object.keys(USUAL_RULE)) {
    for (const other of others) {
      const rule: Record<string, unknown> = { ...bare, [key]: other };
      const policy = { rules: [rule] } as unknown as Policy;
      assert.deepEqual(throughJson(policy).rules, [rule], key);
    }
  }
});
