/**
 * The rules that a request is held against are all that match it, and few others.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { decide, RuleIndex } from "../../src/analysis/rule_index.ts";
import { evaluate } from "../../src/policy/evaluate/evaluate.ts";
import type { Policy } from "../../src/policy/model.ts";
import { subjectFromClaims } from "../../src/policy/evaluate/subject.ts";
import { parsePolicy, usable } from "../../src/policy/syntax/parse.ts";
import { caseArbitrary, MAP_FILES } from "../support/policy_generators.ts";
import { holds } from "../support/properties.ts";
import { type Shape, shapedPolicies } from "../support/shapes.ts";

Deno.test("RuleIndex finds every rule that matches, in the order of the policy", () => {
  holds(
    fc.property(caseArbitrary, ({ policy, requests }) => {
      const index = new RuleIndex(policy);
      for (const request of requests) {
        const { rules } = evaluate(policy, request, { mapFiles: MAP_FILES });
        const matching = rules.filter(({ matched }) => matched)
          .map(({ id }) => id);
        const found = index.rulesFor(request).map(({ id }) => id);
        assert.deepEqual(
          found.filter((id) => matching.includes(id)),
          matching,
        );
        const order = policy.rules.map(({ id }) => id);
        assert.deepEqual(found, order.filter((id) => found.includes(id)));
      }
    }),
    { runs: 400 },
  );
});

/** So many rules beside those of a policy that they are looked up. */
function withMany(policy: Policy): Policy {
  const rules = policyOfShape("people", 40).rules;
  return { ...policy, rules: [...rules, ...policy.rules] };
}

function policyOfShape(shape: Shape, count: number): Policy {
  const [document] = shapedPolicies(shape, count);
  const text = JSON.stringify(document);
  const policy = usable(parsePolicy(text, { file: "p.json" }));
  assert.ok(policy !== null);
  return policy;
}

Deno.test("decide() says what evaluate() says of all rules", () => {
  holds(
    fc.property(caseArbitrary, ({ policy: few, requests }) => {
      const policy = withMany(few);
      for (const request of requests) {
        const known = { mapFiles: MAP_FILES };
        const whole = evaluate(policy, request, known);
        const quick = decide(policy, request, known);
        assert.deepEqual({ ...quick, rules: [] }, { ...whole, rules: [] });
        const matched = (rules: typeof whole.rules) =>
          rules.filter((rule) => rule.matched);
        assert.deepEqual(matched(quick.rules), matched(whole.rules));
      }
    }),
    { runs: 400 },
  );
});

for (
  const [shape, account, claims] of [
    ["teams", "svc7", { groups: ["team7"], email_verified: true }],
    ["people", "user7", { sub: "person7" }],
    ["networks", "alice", { groups: ["staff"], preferred_username: "alice" }],
    ["globs", "alice", { email: "alice@d7.example.edu", email_verified: true }],
  ] as const
) {
  Deno.test(`of 1,000 rules for ${shape}, few are held against a request`, () => {
    const policy = policyOfShape(shape, 1000);
    const [issuer] = policy.issuers;
    assert.ok(issuer !== undefined);
    const found = new RuleIndex(policy).rulesFor({
      account,
      service: "sshd",
      rhost: "10.7.0.1",
      now: 1_767_268_800,
      subject: subjectFromClaims(issuer, claims),
    });
    assert.deepEqual(found.map(({ id }) => id), ["r7"]);
  });
}
