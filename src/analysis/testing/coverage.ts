/**
 * How much of a policy its tests exercise: conditions are counted, not lines.
 *
 * For each rule: it matched in a test, it decided a test, and each of its conditions was seen to
 * hold and to fail. Besides: no rule matched, and a protected account was opened where a rule may.
 *
 * @module
 */
import {
  type ConditionProbe,
  probesOf,
  type Sight,
} from "./coverage_points.ts";
import type { Policy, Rule } from "../../policy/model.ts";
import type { TestResult } from "./expectation.ts";
import type { Path } from "../../policy/syntax/yaml_tree.ts";

export type CoverageOutcome =
  | "holds"
  | "fails"
  | "matched"
  | "decided"
  | "opened"
  | "reached";

/** Something that no test has shown. */
export interface Uncovered {
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
  const probes = probesOf(rule, policy);
  return [...points, ...probes.flatMap((probe) => outcomes(probe, results))];
}

/** Whether `allow_protected` of a rule does anything that a test can show. */
function opensProtected(rule: Rule, policy: Policy): boolean {
  return rule.allow_protected &&
    (rule.accounts ?? []).some((source) =>
      source.source === "names" &&
      source.names.some((name) => policy.protected_accounts.includes(name))
    );
}

function outcomes(
  probe: ConditionProbe,
  results: readonly TestResult[],
): Point[] {
  let held = false;
  let failed = !probe.canFail;
  for (const { test } of results) {
    if (held && failed) break;
    const holds = outcome(probe, test);
    if (holds === true) held = true;
    if (holds === false) failed = true;
  }
  const what = `"${probe.condition.join(".")}" of the rule "${probe.rule}"`;
  const point = (outcome: "holds" | "fails", seen: boolean): Point => ({
    rule: probe.rule,
    condition: probe.condition,
    outcome,
    message: `in no test ${what} ${outcome}`,
    path: probe.path,
    seen,
  });
  return probe.canFail
    ? [point("holds", held), point("fails", failed)]
    : [point("holds", held)];
}

/** An error shows nothing. */
function outcome(probe: ConditionProbe, sight: Sight): boolean | null {
  try {
    return probe.holds(sight);
  } catch {
    return null;
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
