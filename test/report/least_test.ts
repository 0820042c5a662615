/**
 * "The least that is admitted", put to the evaluator: it is admitted, and with any one thing less the
 * rule no longer admits it.
 *
 * @module
 */
import assert from "node:assert/strict";
import { mapFilesOf, requestOf } from "../../src/analysis/diff/witness.ts";
import type { Witness } from "../../src/analysis/diff/diff.ts";
import type { Way } from "../../src/analysis/who.ts";
import { evaluate } from "../../src/policy/evaluate/evaluate.ts";
import type { Policy } from "../../src/policy/model.ts";
import { reportFacts } from "../../src/report/facts.ts";
import { knownPolicies, reportInput } from "../support/report.ts";
import { shapedPolicies, SHAPES } from "../support/shapes.ts";

/** The same with one member or entry less, however deep, each with what was taken away. */
function without(
  value: unknown,
  path: string,
): { readonly value: unknown; readonly what: string }[] {
  if (Array.isArray(value)) {
    return value.flatMap((entry, index) => [
      { value: value.toSpliced(index, 1), what: `${path}[${index}]` },
      ...without(entry, `${path}[${index}]`).map((less) => ({
        ...less,
        value: value.with(index, less.value),
      })),
    ]);
  }
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([name, member]) => {
    const { [name]: _, ...rest } = value as Record<string, unknown>;
    return [
      { value: rest, what: `${path}.${name}` },
      ...without(member, `${path}.${name}`).map((less) => ({
        ...less,
        value: { ...rest, [name]: less.value },
      })),
    ];
  });
}

/** Every request that has one thing less. */
function lesser(least: Witness): { witness: Witness; what: string }[] {
  return [
    ...without(least.claims, "claims").map(({ value, what }) => ({
      witness: { ...least, claims: value as Witness["claims"] },
      what,
    })),
    ...without(least.mapFiles, "map files").map(({ value, what }) => ({
      witness: { ...least, mapFiles: value as Witness["mapFiles"] },
      what,
    })),
    ...(least.rhost === null
      ? []
      : [{ witness: { ...least, rhost: null }, what: "rhost" }]),
    ...(least.host === null
      ? []
      : [{ witness: { ...least, host: null }, what: "host" }]),
  ];
}

function decide(policy: Policy, way: Way, witness: Witness) {
  const issuer = policy.issuers.find(({ name }) => name === way.issuer);
  assert.ok(issuer);
  const side = { policy, issuer };
  return evaluate(policy, requestOf(side, witness), {
    mapFiles: mapFilesOf(side, witness),
  });
}

/** Puts all of a policy's to the evaluator; tells how many there were, and how many things were taken away. */
function check(text: string, file: string): { ways: number; taken: number } {
  const input = reportInput({ text, file });
  const { policy } = input;
  const { who } = reportFacts(input);
  const count = { ways: 0, taken: 0 };
  for (const way of who.accounts.flatMap(({ ways }) => ways)) {
    const at = `${file}: ${way.rule} for ${way.least.account}`;
    const said = decide(policy, way, way.least);
    assert.equal(said.decision, "allow", at);
    const granted = (rules: typeof said.rules) =>
      rules.find(({ id }) => id === way.rule)?.granted;
    assert.equal(granted(said.rules), true, at);
    count.ways += 1;
    for (const { witness, what } of lesser(way.least)) {
      const answer = decide(policy, way, witness);
      const others = answer.rules.filter(({ id, granted }) =>
        granted && id !== way.rule
      );
      count.taken += 1;
      // by this rule nobody gets in with less; another one may have its own least
      if (others.length === 0) {
        assert.equal(answer.decision, "deny", `${at} without ${what}`);
      } else if (answer.decision === "allow") {
        assert.notEqual(
          granted(answer.rules),
          true,
          `${at} without ${what}`,
        );
      }
    }
  }
  return count;
}

Deno.test("the least of every shipped policy and fixture is admitted, and nothing less by its rule", () => {
  const count = { ways: 0, taken: 0 };
  for (const { text, file } of knownPolicies()) {
    const { ways, taken } = check(text, file);
    count.ways += ways;
    count.taken += taken;
  }
  assert.ok(count.ways > 60, JSON.stringify(count));
  assert.ok(count.taken > 150, JSON.stringify(count));
});

Deno.test("so it is in policies of many rules of one shape", () => {
  for (const shape of SHAPES) {
    const { ways } = check(JSON.stringify(shapedPolicies(shape, 40)[0]), shape);
    assert.ok(ways >= 40, `${shape} ${ways}`);
  }
});

Deno.test("a least that could do with less is found out", () => {
  const input = reportInput({
    text: `version: 1
issuers: {campus: {issuer: "https://login.example.edu", audiences: [ssh]}}
rules: {staff: {when: {groups: {any: [staff]}}, accounts: [{claim: sub}]}}
`,
  });
  const [way] = reportFacts(input).who.accounts.flatMap(({ ways }) => ways);
  assert.ok(way);
  const more = { ...way.least, claims: { ...way.least.claims, extra: true } };
  const idle = lesser(more).filter(({ witness }) =>
    decide(input.policy, way, witness).decision === "allow"
  );
  assert.deepEqual(idle.map(({ what }) => what), ["claims.extra"]);
});
