/**
 * What lint says never decides can be taken out: `diffPolicies()` finds no change.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { diffPolicies } from "../../../src/analysis/diff/diff.ts";
import { lintPolicy } from "../../../src/analysis/lint/lint.ts";
import type { Policy, Rule } from "../../../src/policy/model.ts";
import { parsePolicy } from "../../../src/policy/syntax/parse.ts";
import {
  allowRuleArbitrary,
  denyRuleArbitrary,
  policyArbitrary,
  policyText,
  type Written,
} from "../../support/policy_generators.ts";
import { holds } from "../../support/properties.ts";

/** One of these about a rule says that removing it changes no decision. */
const NEVER = [
  "rule/unreachable",
  "rule/shadowed",
  "rule/redundant",
  "deny/without-effect",
];

const BOUND = { total: 300_000, each: 100_000 };

/** Few services, networks and values, so that rules miss one another. */
const apart = fc.record({
  services: fc.constantFrom(undefined, ["sshd"], ["sudo"]),
  rhosts: fc.constantFrom(undefined, ["10.0.0.0/8"], ["192.0.2.7"]),
  unit: fc.constantFrom("a", "b", { in: ["a", "c"] }, { like: "b*" }),
  accounts: fc.constantFrom(["deploy"], ["backup", "deploy"], ["backup"]),
});

const documents = policyArbitrary.chain((document) =>
  fc.record({
    copied: fc.oneof(allowRuleArbitrary, denyRuleArbitrary),
    drop: fc.subarray(["issuers", "services", "rhosts", "when", "assurance"]),
    allow: apart,
    deny: apart,
  }).map(({ copied, drop, allow, deny }) => {
    const wide: Written = { ...copied };
    for (const key of drop) delete wide[key];
    const rule = ({ unit, accounts, ...rest }: typeof allow): Written =>
      Object.fromEntries(
        Object.entries({
          ...rest,
          when: { unit },
          accounts: [{ names: accounts }],
        }).filter(([, value]) => value !== undefined),
      );
    return {
      ...document,
      rules: {
        ...document.rules,
        copied,
        wide,
      },
      // a policy of their own: other rules would meet the deny rule
      alone: {
        allow: rule(allow),
        deny: { ...rule(deny), effect: "deny" },
      },
    };
  })
);

function without(policy: Policy, id: string): Policy {
  return { ...policy, rules: policy.rules.filter((rule) => rule.id !== id) };
}

/** Without conditions it says once and for all what must not be. */
function isSaidOnce({ effect, when }: Rule): boolean {
  return effect === "deny" && when.length === 0;
}

Deno.test("what lint says never decides can be taken out, rule after rule", () => {
  const found = new Map<string, number>();
  holds(
    fc.property(documents, ({ alone, ...document }) => {
      for (const each of [document, { ...document, rules: alone }]) {
        const text = policyText(each, "json");
        const parsed = parsePolicy(text, { file: "x.yaml" });
        let policy = parsed.policy;
        if (policy === null) continue;
        const unclear = new Set<string>();
        for (const { id, rule } of lintPolicy(parsed)) {
          const written = policy.rules.find((one) => one.id === rule);
          if (!NEVER.includes(id) || written === undefined) continue;
          // a deny rule that asks for a contradiction still denies what cannot be judged
          if (id === "rule/unreachable" && written.effect === "deny") {
            unclear.add(written.id);
            continue;
          }
          const fewer = without(policy, written.id);
          const { verdict } = diffPolicies(policy, fewer, { bound: BOUND });
          assert.ok(
            verdict === "equivalent" || verdict === "sampled",
            `${id} ${written.id}: ${verdict}`,
          );
          if (verdict === "equivalent") {
            found.set(id, (found.get(id) ?? 0) + 1);
          }
          policy = fewer;
        }
        // nor is anything left of which lint says nothing; an allow rule that a deny rule covers
        // is what that one is for
        const denied = {
          ...policy,
          rules: parsed.policy?.rules.filter((rule) =>
            rule.effect === "allow" || policy?.rules.includes(rule)
          ) ?? [],
        };
        for (const rule of policy.rules) {
          if (isSaidOnce(rule) || unclear.has(rule.id)) {
            continue;
          }
          const whole = rule.effect === "deny" ? denied : policy;
          // where nobody is admitted no deny rule is to blame
          if (
            !whole.rules.some(({ effect }) =>
              effect === "allow"
            )
          ) continue;
          const { verdict } = diffPolicies(whole, without(whole, rule.id), {
            bound: BOUND,
          });
          assert.ok(
            verdict !== "equivalent",
            `${rule.id} can be taken out: ${text}`,
          );
        }
      }
    }),
    { runs: 600 },
  );
  for (const id of NEVER) {
    assert.ok((found.get(id) ?? 0) >= 5, `${id}: ${found.get(id) ?? 0}`);
  }
});
