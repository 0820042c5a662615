/**
 * How much of a policy its tests exercise: conditions are counted, not lines.
 *
 * For each rule: it matched in a test, it decided a test, and each of its conditions was seen to
 * hold, and to fail where everything else of the rule held, so that it mattered. Besides: no rule
 * matched, and a protected account was opened where a rule may.
 *
 * @module
 */
import type { Policy, Rule } from "../../policy/model.ts";
import type { TestResult } from "./expectation.ts";
import type { Path } from "../../policy/syntax/yaml.ts";
import { restricts } from "../permits.ts";
import { canFailAlone } from "./fails_alone.ts";
import { listed, type RuleTrace, traceOf } from "./rule_trace.ts";
import type { RuleCondition } from "../../policy/evaluate/rule.ts";

type CoverageOutcome =
  | "holds"
  | "fails"
  | "matched"
  | "decided"
  | "opened"
  | "permitted"
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
  /** What keeps the test that comes nearest from showing it, where one comes near. */
  readonly why?: string;
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
  readonly seen: boolean;
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
  const trace = traceOf(rule, policy, results);
  const about = (
    outcome: CoverageOutcome,
    message: string,
    found: { seen: boolean; why?: string | null },
  ): Point => ({
    rule: rule.id,
    condition: null,
    outcome,
    message: `the rule "${rule.id}" ${message} in no test`,
    ...(found.seen || !found.why ? {} : { why: found.why }),
    path: ["rules", rule.id],
    seen: found.seen,
  });
  const effect = rule.effect === "allow" ? "allows" : "denies";
  const decides = ({ actual }: TestResult) =>
    actual.rule === rule.id && actual.decision === rule.effect;
  const points = [
    about("matched", "matches", {
      seen: trace.matching !== null,
      why: trace.nearest &&
        inTest(trace.nearest.test, listed(trace.nearest.failing)),
    }),
    about("decided", effect, {
      seen: results.some(decides),
      why: trace.matching && undecided(trace.matching, rule),
    }),
  ];
  if (opensProtected(rule, policy)) {
    points.push({
      ...about("opened", "opens a protected account", {
        seen: results.some((result) =>
          decides(result) &&
          policy.protected_accounts.includes(result.test.request.account)
        ),
      }),
      condition: ["allow_protected"],
      path: ["rules", rule.id, "allow_protected"],
    });
  }
  if (restricts(rule, policy)) {
    points.push({
      ...about("permitted", "is asked what sessions may use", {
        seen: results.some(({ test, actual }) =>
          test.expected.ssh !== undefined &&
          actual.rules.some(({ id, granted }) => id === rule.id && granted)
        ),
      }),
      condition: ["ssh", "permit"],
      path: ["rules", rule.id, "ssh"],
    });
  }
  return [
    ...points,
    ...trace.conditions.flatMap((condition) =>
      conditionPoints(condition, { rule, policy })
    ),
  ];
}

/** Why a test in which the rule matches is not decided by it. */
function undecided({ test, actual }: TestResult, rule: Rule): string {
  const { rule: other, decision, rules } = actual;
  const own = rules.find(({ id }) => id === rule.id);
  if (other !== null && other !== rule.id) {
    const does = decision === "allow" ? "allows" : "denies";
    return inTest(test.name, `the rule "${other}" ${does}`);
  }
  return inTest(test.name, listed([own?.condition ?? ["assurance"]]));
}

function inTest(name: string, what: string): string {
  return `in ${JSON.stringify(name)}, ${what}`;
}

/** Whether `allow_protected` of a rule does anything that a test can show. */
function opensProtected(rule: Rule, policy: Policy): boolean {
  return rule.allow_protected &&
    (rule.accounts ?? []).some((source) =>
      source.source === "names" &&
      source.names.some((name) => policy.protected_accounts.includes(name))
    );
}

function conditionPoints(
  { condition, held, failed, failedAlone, nearest }: RuleTrace["conditions"][
    number
  ],
  { rule, policy }: { rule: Rule; policy: Policy },
): Point[] {
  const what = `"${condition.path.join(".")}" of the rule "${rule.id}"`;
  const point = (
    outcome: "holds" | "fails",
    seen: boolean,
    message: string,
  ): Point => ({
    rule: rule.id,
    condition: condition.path,
    outcome,
    message: `in no test ${what} ${message}`,
    path: placeOf(condition, rule),
    seen,
  });
  const holds = point("holds", held, "holds");
  // what no request can show, no test can lack
  if (!failedAlone && !canFailAlone(condition, { rule, policy })) {
    return [holds];
  }
  const fails = point(
    "fails",
    failedAlone,
    failed ? "fails alone" : "fails",
  );
  return [
    holds,
    failedAlone || nearest === null ? fails : {
      ...fails,
      why: inTest(nearest.test, `${listed(nearest.failing)} too`),
    },
  ];
}

/** Where a condition is written in the policy. */
function placeOf({ path }: RuleCondition, rule: Rule): Path {
  const [first, ...rest] = path;
  if (first === "policy") return rest;
  const steps = first === "accounts" ? rest.map(Number) : rest;
  return ["rules", rule.id, first ?? "", ...steps];
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
