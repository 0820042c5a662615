/**
 * What a login reads of a large policy is the policy again.
 *
 * @module
 */
// Threats: G15
import assert from "node:assert/strict";
import fc from "fast-check";
import { policyArbitrary, policyOf } from "../support/policy_generators.ts";
import { holds } from "../support/properties.ts";
import { filled, lean } from "../../src/policy/lean.ts";
import type { Policy } from "../../src/policy/model.ts";
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
