/**
 * How much of a policy its tests exercise: conditions are counted, not lines.
 *
 * For each rule: it matched in a test, it decided a test, and each of its conditions was seen to
 * hold and to fail. Besides: no rule matched, and a protected account was opened where a rule may.
 *
 * @module
 */
import type { Policy, Rule } from "../../policy/model.ts";
import type { TestResult } from "./expectation.ts";
import type { Path } from "../../policy/syntax/yaml.ts";
import type { MapFiles } from "../../policy/evaluate/accounts.ts";
import {
  askedOf,
  conditionsOf,
  countsAsMet,
  failureOf,
  identitiesOf,
  partsOf,
  type RuleCondition,
} from "../../policy/evaluate/rule.ts";
import type { AccessRequest } from "../../policy/request.ts";

type CoverageOutcome =
  | "holds"
  | "fails"
  | "matched"
  | "decided"
  | "opened"
  | "reached";

/** Something that no test has shown. */
interface Uncovered {
  /** `null` for the deny by default. */
  readonly rule: string | null;
  /** The path of the condition in the rule, or `null` for the rule as a whole. */
  readonly condition: readonly string[] | null;
  readonly outcome: CoverageOutcome;
  /** A sentence. */
  readonly message: string;
  /** Where in the policy it is written. */
  readonly path: Path;
}

export interface Coverage {
  readonly covered: number;
  readonly total: number;
  /** Whole percent, rounded down: 100 means everything. */
  readonly percent: number;
  readonly uncovered: readonly Uncovered[];
}

interface Point extends Uncovered {
  seen: boolean;
}

/**
 * The coverage of a policy by tests that were run against it.
 *
 * Does not ask whether a test passed: a wrong expectation exercises as much as a right one.
 */
export function coverageOf(
  policy: Policy,
  results: readonly TestResult[],
): Coverage {
  const points = [
    ...policy.rules.flatMap((rule) => rulePoints(rule, policy, results)),
    defaultPoint(results),
  ];
  const uncovered = points.filter(({ seen }) => !seen)
    .map(({ seen: _, ...point }) => point);
  return counted(points.length - uncovered.length, points.length, uncovered);
}

function counted(
  covered: number,
  total: number,
  uncovered: readonly Uncovered[],
): Coverage {
  const percent = percentage(covered, total);
  return { covered, total, percent, uncovered };
}

/** Whole percent, rounded down, so that 100 is never said of less than all. */
export function percentage(covered: number, total: number): number {
  return total === 0 ? 100 : Math.floor((covered * 100) / total);
}

function rulePoints(
  rule: Rule,
  policy: Policy,
  results: readonly TestResult[],
): Point[] {
  const position = policy.rules.indexOf(rule);
  const about = (
    outcome: CoverageOutcome,
    message: string,
    seen: (result: TestResult) => boolean,
  ): Point => ({
    rule: rule.id,
    condition: null,
    outcome,
    message: `the rule "${rule.id}" ${message} in no test`,
    path: ["rules", rule.id],
    seen: results.some(seen),
  });
  const effect = rule.effect === "allow" ? "allows" : "denies";
  const decides = ({ actual }: TestResult) =>
    actual.rule === rule.id && actual.decision === rule.effect;
  const points = [
    about(
      "matched",
      "matches",
      ({ actual }) => actual.rules[position]?.matched === true,
    ),
    about("decided", effect, decides),
  ];
  if (opensProtected(rule, policy)) {
    points.push({
      ...about(
        "opened",
        "opens a protected account",
        (result) =>
          decides(result) &&
          policy.protected_accounts.includes(result.test.request.account),
      ),
      condition: ["allow_protected"],
      path: ["rules", rule.id, "allow_protected"],
    });
  }
  const conditions = [...conditionsOf(rule, policy)].filter(isCounted)
    .flatMap((condition) => partsOf(condition, { rule, policy }));
  return [
    ...points,
    ...conditions.flatMap((condition) =>
      conditionPoints(condition, { rule, policy, results })
    ),
  ];
}

/** Tests know no host, and whether a protected account was opened is a point of its own. */
function isCounted({ asks }: RuleCondition): boolean {
  return asks !== "host" && asks !== "allow_protected";
}

/** Whether `allow_protected` of a rule does anything that a test can show. */
function opensProtected(rule: Rule, policy: Policy): boolean {
  return rule.allow_protected &&
    (rule.accounts ?? []).some((source) =>
      source.source === "names" &&
      source.names.some((name) => policy.protected_accounts.includes(name))
    );
}

/** One condition, looked at on its own: nothing before it can hide it. */
function conditionPoints(
  condition: RuleCondition,
  { rule, policy, results }: {
    rule: Rule;
    policy: Policy;
    results: readonly TestResult[];
  },
): Point[] {
  const failing = canFail(condition, policy);
  let held = false;
  let failed = !failing;
  for (const { test } of results) {
    if (held && failed) break;
    const holds = outcome(condition, { rule, policy, test });
    if (holds === true) held = true;
    if (holds === false) failed = true;
  }
  const what = `"${condition.path.join(".")}" of the rule "${rule.id}"`;
  const point = (outcome: "holds" | "fails", seen: boolean): Point => ({
    rule: rule.id,
    condition: condition.path,
    outcome,
    message: `in no test ${what} ${outcome}`,
    path: placeOf(condition, rule),
    seen,
  });
  return failing
    ? [point("holds", held), point("fails", failed)]
    : [point("holds", held)];
}

/** A point is only counted where a test can reach it: all issuers named are never missed. */
function canFail(condition: RuleCondition, policy: Policy): boolean {
  return condition.asks !== "issuers" ||
    policy.issuers.some(({ name }) => !condition.names.includes(name));
}

/** Where a condition is written in the policy. */
function placeOf({ path }: RuleCondition, rule: Rule): Path {
  const [first, ...rest] = path;
  if (first === "policy") return rest;
  const steps = first === "accounts" ? rest.map(Number) : rest;
  return ["rules", rule.id, first ?? "", ...steps];
}

/** Whether the condition holds in a test; `null` where the question does not arise. */
function outcome(
  condition: RuleCondition,
  { rule, policy, test }: { rule: Rule; policy: Policy; test: TestInput },
): boolean | null {
  const { request, mapFiles } = test;
  const { issuer: name } = request.subject;
  const issuer = policy.issuers.find((one) => one.name === name);
  if (issuer === undefined) return null;
  // conditions of a rule say something about tests of its own issuers only
  const concerned = rule.issuers === null || rule.issuers.includes(name);
  if (!concerned && condition.asks !== "issuers") return null;
  const asked = askedOf(rule, request, { policy, issuer, mapFiles });
  try {
    // of an account that is not the person's, or is anybody's, no identity is asked
    const binds = condition.asks === "assurance" &&
      condition.required.sameIdentity;
    if (binds && !identitiesOf(asked)?.length) return null;
    return countsAsMet(failureOf(condition, asked), rule);
  } catch {
    return null; // an error shows nothing
  }
}

function defaultPoint(results: readonly TestResult[]): Point {
  return {
    rule: null,
    condition: null,
    outcome: "reached",
    message: "no test is denied because no rule matches",
    path: ["rules"],
    seen: results.some(({ actual }) =>
      actual.rule === null && actual.reason === "account_not_permitted"
    ),
  };
}

interface TestInput {
  readonly request: AccessRequest;
  readonly mapFiles: MapFiles;
}
