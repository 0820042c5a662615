/**
 * What holds for every comparison of policies, whatever they are.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { type Diff, diffPolicies } from "../../../src/analysis/diff/diff.ts";
import { evaluate } from "../../../src/policy/evaluate/evaluate.ts";
import type { Policy } from "../../../src/policy/model.ts";
import { parsePolicy, usable } from "../../../src/policy/syntax/parse.ts";
import type { AccessRequest } from "../../../src/policy/request.ts";
import { subjectFromClaims } from "../../../src/policy/evaluate/subject.ts";
import {
  allowRuleArbitrary,
  assuranceArbitrary,
  conditionArbitrary,
  denyRuleArbitrary,
  endArbitrary,
  MAP_FILES,
  policyArbitrary,
  policyOf,
  policyText,
  requestArbitrary,
  shuffled,
  type Written,
  type WrittenPolicy,
} from "../../support/policy_generators.ts";
import {
  collidingPolicies,
  collidingRequest,
} from "../../support/collisions.ts";
import { holds } from "../../support/properties.ts";
import { shapedPolicies } from "../../support/shapes.ts";

/** Two documents that differ in one place, in many different ways. */
const pairArbitrary: fc.Arbitrary<[WrittenPolicy, WrittenPolicy]> =
  policyArbitrary
    .chain((document) =>
      fc.record({
        id: fc.constantFrom(...Object.keys(document.rules)),
        allow: allowRuleArbitrary,
        deny: denyRuleArbitrary,
        assurance: assuranceArbitrary,
        end: endArbitrary,
        when: fc.dictionary(
          fc.constantFrom("groups", "email", "sub"),
          conditionArbitrary,
          {
            minKeys: 1,
            maxKeys: 2,
          },
        ),
        how: fc.constantFrom(
          "allow",
          "deny",
          "remove",
          "assurance",
          "when",
          "rule",
          "end",
        ),
      }).map(({ id, allow, deny, assurance, end, when, how }) => {
        const next = structuredClone(document);
        const rule = next.rules[id] as Written;
        if (how === "allow") next.rules["new"] = allow;
        else if (how === "deny") next.rules["new"] = deny;
        else if (how === "when") rule["when"] = when;
        else if (how === "end") rule["not_after"] = end;
        else if (how === "assurance") next.assurance = assurance;
        else if (how === "rule" && rule["effect"] !== "deny") {
          rule["assurance"] = assurance;
        } else if (Object.keys(next.rules).length > 1) delete next.rules[id];
        return [document, next];
      })
    );

/** Tokens of these kinds vouch for one identity. */
function single(policy: Policy, request: AccessRequest): AccessRequest {
  const issuer = policy.issuers.find(({ name }) =>
    name === request.subject.issuer
  );
  return issuer === undefined ? request : {
    ...request,
    subject: subjectFromClaims(issuer, request.subject.claims),
  };
}

const decide = (policy: Policy, request: AccessRequest) =>
  evaluate(policy, single(policy, request), { mapFiles: MAP_FILES }).decision;

/** What the comparison says of an account, named or not. */
function saidOf({ accounts }: Diff, name: string): string[] {
  const own = accounts.filter(({ account, example }) =>
    account === name && !example
  );
  const found = own.length > 0
    ? own
    : accounts.filter(({ example }) => example);
  return found.flatMap(({ verdict }) =>
    verdict === "incomparable" ? ["wider", "narrower"] : [verdict]
  );
}

Deno.test("no decision changes that the comparison does not tell of", () => {
  const cases = pairArbitrary.chain(([old, next]) => {
    const [a, b] = [policyOf(old), policyOf(next)];
    return fc.record({
      a: fc.constant(a),
      b: fc.constant(b),
      requests: fc.array(requestArbitrary(a), { minLength: 40, maxLength: 40 }),
    });
  });
  let changed = 0;
  holds(
    fc.property(cases, ({ a, b, requests }) => {
      const diff = diffPolicies(a, b);
      assert.ok(diff.exhaustive, diff.limits.join());
      for (const request of requests) {
        const [before, after] = [decide(a, request), decide(b, request)];
        if (before === after) continue;
        changed += 1;
        const direction = after === "allow" ? "wider" : "narrower";
        assert.ok(saidOf(diff, request.account).includes(direction));
        assert.ok([direction, "incomparable"].includes(diff.verdict));
      }
    }),
    { runs: 200 },
  );
  assert.ok(changed > 20, `${changed} changes were met`);
});

Deno.test("a witness shows what it says to both policies", () => {
  holds(
    fc.property(policyArbitrary, policyArbitrary, (old, next) => {
      const [a, b] = [policyOf(old), policyOf(next)];
      const diff = diffPolicies(a, b);
      const shown = [
        ...diff.changes,
        ...diff.causes.map(({ change }) => change),
      ];
      for (const { witness, verdict, issuer, old, new: next } of shown) {
        const decisions = [a, b].map((policy) => {
          const found = policy.issuers.find(({ name }) => name === issuer);
          assert.ok(found);
          const { account, service, rhost, now, claims, host, mapFiles } =
            witness;
          const texts = new Map(
            [...MAP_FILES.keys()].map((
              path,
            ) => [path, (mapFiles[path] ?? []).join("\n")]),
          );
          return evaluate(policy, {
            account,
            service,
            rhost,
            now,
            // what a reader of the report would give to "policy explain"
            subject: subjectFromClaims(
              found,
              JSON.parse(JSON.stringify(claims)),
            ),
            ...(host === null ? {} : { host }),
          }, { mapFiles: texts });
        });
        assert.deepEqual(
          decisions.map((
            { decision, reason, rule },
          ) => [decision, reason, rule]),
          [
            [old.decision, old.reason, old.rule],
            [next.decision, next.reason, next.rule],
          ],
        );
        assert.equal(decisions[verdict === "wider" ? 1 : 0]?.decision, "allow");
        assert.equal(decisions[verdict === "wider" ? 0 : 1]?.decision, "deny");
      }
    }),
    { runs: 40 },
  );
});

Deno.test("a policy is equivalent to itself, in another order and another format", () => {
  const cases = policyArbitrary.chain((document) =>
    fc.record({ document: fc.constant(document), other: shuffled(document) })
  );
  holds(
    fc.property(cases, ({ document, other }) => {
      const policy = policyOf(document);
      const commented = `# a comment\n${policyText(other, "yaml")}# the end\n`;
      const copy = usable(parsePolicy(commented, { file: "copy.yaml" }));
      assert.ok(copy);
      // nothing is searched, so nothing can be missed
      const diff = diffPolicies(policy, copy, { bound: { total: 0, each: 0 } });
      assert.equal(diff.verdict, "equivalent");
      assert.equal(diff.exhaustive, true);
      assert.deepEqual([diff.changes, diff.settings], [[], []]);
    }),
    { runs: 200 },
  );
});

Deno.test("an allow rule more is never narrower, a deny rule more never wider", () => {
  holds(
    fc.property(
      policyArbitrary,
      allowRuleArbitrary,
      denyRuleArbitrary,
      (document, allow, deny) => {
        const policy = policyOf(document);
        const plus = (rule: Written) =>
          policyOf({ ...document, rules: { ...document.rules, new: rule } });
        const open = ["equivalent", "wider"];
        const closed = ["equivalent", "narrower"];
        assert.ok(open.includes(diffPolicies(policy, plus(allow)).verdict));
        assert.ok(closed.includes(diffPolicies(policy, plus(deny)).verdict));
        // and taken away again
        assert.ok(closed.includes(diffPolicies(plus(allow), policy).verdict));
        assert.ok(open.includes(diffPolicies(plus(deny), policy).verdict));
      },
    ),
    { runs: 60 },
  );
});

Deno.test("every shipped policy is equivalent to itself", async () => {
  const folder = new URL("../../../policies/", import.meta.url);
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(folder)) names.push(name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  for (
    const name of names.filter((name) => /^(?!.*\.test\.).*\.yaml$/.test(name))
  ) {
    const text = await Deno.readTextFile(new URL(name, folder));
    const policy = usable(parsePolicy(text, { file: name }));
    if (policy === null) continue;
    const diff = diffPolicies(policy, structuredClone(policy));
    assert.equal(diff.verdict, "equivalent", name);
    assert.equal(diff.exhaustive, true, name);
  }
});

/** So many that a request is not held against all of them; none of them admits anybody of the others. */
const MANY = policyOf(shapedPolicies("people", 40)[0]).rules;

/** The same among many rules, or with tokens of a provider of whom something is known. */
function asElsewhere(
  policy: Policy,
  { many, google }: { many: boolean; google: boolean },
): Policy {
  return {
    ...policy,
    rules: many ? [...MANY, ...policy.rules] : policy.rules,
    issuers: policy.issuers.map((issuer) =>
      google && issuer.kind === "jwt"
        ? { ...issuer, issuer: "https://accounts.google.com" }
        : issuer
    ),
  };
}

Deno.test("no decision changes that the comparison does not tell of, where values are the search's own", () => {
  const where = fc.record({ many: fc.boolean(), google: fc.boolean() });
  const pairs = fc.tuple(collidingPolicies, where).map(([pair, how]) =>
    pair.map((policy) => asElsewhere(policy, how)) as [Policy, Policy]
  );
  const cases = pairs.chain(([a, b]) =>
    fc.record({
      policies: fc.constant([a, b] as const),
      requests: fc.array(collidingRequest(a), {
        minLength: 60,
        maxLength: 60,
      }),
    })
  );
  let [changed, exhaustive] = [0, 0];
  holds(
    fc.property(cases, ({ policies: [a, b], requests }) => {
      const diff = diffPolicies(a, b);
      if (diff.exhaustive) exhaustive += 1;
      for (const { request, mapFiles } of requests) {
        const [before, after] = [a, b].map((policy) =>
          evaluate(policy, request, { mapFiles }).decision
        );
        if (before === after) continue;
        changed += 1;
        const direction = after === "allow" ? "wider" : "narrower";
        const said = saidOf(diff, request.account);
        // "cannot tell" is an answer, too; "equivalent" and the other direction alone are not
        assert.ok(
          said.includes(direction) || !diff.exhaustive,
          `${direction} at ${JSON.stringify(request)}, said ${said}`,
        );
        assert.notEqual(diff.verdict, "equivalent");
      }
    }),
    { runs: 400 },
  );
  assert.ok(changed > 100, `${changed} changes were met`);
  assert.ok(
    exhaustive > 200,
    `${exhaustive} of 400 comparisons were exhaustive`,
  );
});
