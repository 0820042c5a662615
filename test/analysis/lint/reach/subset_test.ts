/**
 * What the reasoning about rules says holds for every request; `evaluate()` is asked.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { evaluate } from "../../../../src/policy/evaluate/evaluate.ts";
import {
  constraintOf,
  contradiction,
  globWithin,
  implies,
} from "../../../../src/analysis/lint/reach/claim_constraint.ts";
import { CoverIndex } from "../../../../src/analysis/lint/reach/cover_index.ts";
import {
  grantsWithin,
  impossible,
  matchesWithin,
  onlyProtected,
  reachOf,
} from "../../../../src/analysis/lint/reach/subset.ts";
import {
  checkCondition,
  matchesGlob,
} from "../../../../src/policy/evaluate/conditions.ts";
import type {
  Condition,
  Policy,
  Scalar,
} from "../../../../src/policy/model.ts";
import type { AccessRequest } from "../../../../src/policy/request.ts";
import {
  allowRuleArbitrary,
  denyRuleArbitrary,
  endArbitrary,
  MAP_FILES,
  policyArbitrary,
  policyOf,
  type Written,
} from "../../../support/policy_generators.ts";
import { requestArbitrary } from "../../../support/request_generators.ts";
import { subjectFromClaims } from "../../../../src/policy/evaluate/subject.ts";
import { rules } from "../../../support/policies.ts";
import { holds } from "../../../support/properties.ts";

/** Tokens of the generated issuers vouch for one identity, the one in their claims. */
const outcomeOf = (policy: Policy, request: AccessRequest, id: string) => {
  const { issuer: name, claims } = request.subject;
  const issuer = policy.issuers.find((each) => each.name === name);
  const asked = issuer === undefined
    ? request
    : { ...request, subject: subjectFromClaims(issuer, claims) };
  return evaluate(policy, asked, { mapFiles: MAP_FILES })
    .rules.find((outcome) => outcome.id === id);
};

/** Two rules of which the second is often the first with parts taken away or widened. */
const pairs = policyArbitrary.chain((document) =>
  fc.record({
    inner: fc.oneof(allowRuleArbitrary, denyRuleArbitrary),
    other: fc.oneof(allowRuleArbitrary, denyRuleArbitrary),
    drop: fc.subarray([
      "issuers",
      "services",
      "rhosts",
      "not_after",
      "when",
      "assurance",
    ]),
    end: endArbitrary,
    related: fc.boolean(),
    wide: fc.boolean(),
  }).map(({ inner, other, drop, end, related, wide }) => {
    const outer: Written = { ...(related ? inner : other) };
    if (related) { for (const key of drop) delete outer[key]; }
    if (related && outer["not_after"] !== undefined) outer["not_after"] = end;
    if (related && wide && Array.isArray(outer["accounts"])) {
      outer["accounts"] = [...outer["accounts"], { names: ["deploy"] }];
    }
    return { ...document, rules: { inner, outer } };
  })
).chain((document) => {
  const policy = policyOf(document);
  return fc.array(requestArbitrary(policy), { minLength: 8, maxLength: 8 })
    .map((requests) => ({ policy, requests }));
});

function reaches(policy: Policy) {
  const [inner, outer] = ["inner", "outer"].map((id) => {
    const rule = policy.rules.find((each) => each.id === id);
    assert.ok(rule);
    return reachOf(rule, policy);
  });
  assert.ok(inner && outer);
  return { inner, outer };
}

Deno.test("matchesWithin() says so only where evaluate() agrees", () => {
  let covered = 0;
  let matched = 0;
  holds(
    fc.property(pairs, ({ policy, requests }) => {
      const { inner, outer } = reaches(policy);
      if (impossible(inner) !== null || !matchesWithin(inner, outer)) return;
      covered++;
      for (const request of requests) {
        if (outcomeOf(policy, request, "inner")?.matched !== true) continue;
        // an account that the host lacks is not a match for an allow rule, but one for a deny rule
        if (outer.rule.effect === "allow" && inner.rule.effect === "deny") {
          continue;
        }
        matched++;
        const outcome = outcomeOf(policy, request, "outer");
        assert.equal(outcome?.matched, true, JSON.stringify(outcome));
      }
    }),
    { runs: 1600 },
  );
  assert.ok(covered > 100 && matched > 30, `${covered} ${matched}`);
});

Deno.test("grantsWithin() says so only where evaluate() agrees", () => {
  let granted = 0;
  holds(
    fc.property(pairs, ({ policy, requests }) => {
      const { inner, outer } = reaches(policy);
      const { effect } = inner.rule;
      if (effect !== "allow" || outer.rule.effect !== "allow") return;
      if (impossible(inner) !== null) return;
      if (!grantsWithin(inner, outer, policy.assurance)) return;
      for (const request of requests) {
        if (outcomeOf(policy, request, "inner")?.granted !== true) continue;
        granted++;
        const outcome = outcomeOf(policy, request, "outer");
        assert.equal(outcome?.granted, true, JSON.stringify(outcome));
      }
    }),
    { runs: 2000 },
  );
  assert.ok(granted > 15, `${granted}`);
});

Deno.test("impossible() and onlyProtected() say so only where evaluate() agrees", () => {
  let never = 0;
  const cases = policyArbitrary.chain((document) => {
    const policy = policyOf(document);
    return fc.array(requestArbitrary(policy), { minLength: 8, maxLength: 8 })
      .map((requests) => ({ policy, requests }));
  });
  holds(
    fc.property(cases, ({ policy, requests }) => {
      for (const rule of policy.rules) {
        const matchless = impossible(reachOf(rule, policy)) !== null;
        const grantless = rule.effect === "allow" &&
          onlyProtected(rule, policy);
        if (!matchless && !grantless) continue;
        never++;
        for (const request of requests) {
          const outcome = outcomeOf(policy, request, rule.id);
          assert.equal(outcome?.granted ?? false, false);
          if (matchless) assert.equal(outcome?.matched ?? false, false);
        }
      }
    }),
    { runs: 800 },
  );
  assert.ok(never > 15, `${never}`);
});

Deno.test("CoverIndex finds every cover that comparing each with each finds", () => {
  let covers = 0;
  holds(
    fc.property(policyArbitrary, (document) => {
      const policy = policyOf(document);
      const all = policy.rules.map((rule) => reachOf(rule, policy))
        .filter((reach) => impossible(reach) === null);
      const index = new CoverIndex(all);
      for (const inner of all) {
        const found = new Set(index.candidates(inner));
        for (const outer of all.filter((each) => matchesWithin(inner, each))) {
          covers++;
          assert.ok(
            found.has(outer),
            `${outer.rule.id} covers ${inner.rule.id}`,
          );
        }
      }
    }),
    { runs: 1500 },
  );
  assert.ok(covers > 1000);
});

const values: Scalar[] = ["a", "b", "ab", "ba", 1, true];
const scalars = fc.uniqueArray(fc.constantFrom(...values), {
  minLength: 1,
  maxLength: 3,
});
const patterns = fc.string({
  unit: fc.constantFrom("a", "b", "*"),
  minLength: 1,
  maxLength: 4,
});
const conditions: fc.Arbitrary<Condition> = fc.oneof(
  fc.record({
    claim: fc.constant("c"),
    operator: fc.constantFrom("any", "all", "none", "in"),
    values: scalars,
  }),
  fc.record({
    claim: fc.constant("c"),
    operator: fc.constant("like" as const),
    pattern: patterns,
  }),
  fc.record({
    claim: fc.constant("c"),
    operator: fc.constant("equals" as const),
    value: fc.constantFrom(...values),
  }),
);

/** Every claim of a small world: each value, each list of at most three, and texts of "a" and "b". */
const world: unknown[] = [
  ...values,
  "",
  ...["aa", "bb", "aab", "aba", "abb", "baa", "bab", "bba", "abab"],
  null,
  undefined,
  { a: 1 },
  ...[0, 1, 2, 3].flatMap((length) => tuples([...values, "c", null], length)),
];

function tuples(items: readonly unknown[], length: number): unknown[][] {
  if (length === 0) return [[]];
  return tuples(items, length - 1).flatMap((head) =>
    items.map((item) => [...head, item])
  );
}

Deno.test("implies() and contradiction() are right about every claim of a small world", () => {
  const issuer = rules({ r: "accounts: [{claim: sub}]" }).issuers[0];
  assert.ok(issuer);
  const meets = (condition: Condition, c: unknown) =>
    checkCondition(condition, { issuer, claims: c === undefined ? {} : { c } })
      .holds;
  let implied = 0;
  const cases = fc.tuple(
    fc.array(conditions, { minLength: 1, maxLength: 3 }),
    conditions,
  );
  holds(
    fc.property(cases, ([given, wanted]) => {
      const constraint = constraintOf(given);
      const never = contradiction(constraint) !== null;
      const follows = implies(constraint, wanted);
      if (!never && !follows) return;
      implied++;
      for (const claim of world) {
        if (!given.every((condition) => meets(condition, claim))) continue;
        assert.equal(never, false, `${JSON.stringify(claim)} is possible`);
        assert.ok(meets(wanted, claim), `${JSON.stringify(claim)}`);
      }
    }),
    { runs: 3000 },
  );
  assert.ok(implied > 300, `${implied}`);
});

Deno.test("globWithin() is exact for globs", () => {
  const texts = [0, 1, 2, 3, 4, 5, 6].flatMap((length) =>
    tuples(["a", "b"], length).map((text) => text.join(""))
  );
  holds(
    fc.property(patterns, patterns, (inner, outer) => {
      const within = globWithin(inner, outer);
      const counterexample = texts.find((text) =>
        matchesGlob(inner, text) && !matchesGlob(outer, text)
      );
      if (within) assert.equal(counterexample, undefined);
      // a third letter tells what two letters happen to cover
      else {
        const witness = inner.replaceAll("*", "c");
        assert.ok(matchesGlob(inner, witness) && !matchesGlob(outer, witness));
      }
    }),
    { runs: 3000 },
  );
});
