/**
 * The conditions of one rule in all tests: in which each of them holds, and in which it fails while
 * everything else of the rule holds, so that it alone makes the difference.
 *
 * @module
 */
import type { Policy, Rule } from "../../policy/model.ts";
import type { Requirements } from "../../policy/evaluate/assurance.ts";
import {
  type Asked,
  askedOf,
  conditionsOf,
  countsAsMet,
  failureOf,
  identitiesOf,
  partsOf,
  type RuleCondition,
} from "../../policy/evaluate/rule.ts";
import type { TestResult } from "./expectation.ts";

/** A test in which nearly everything holds, and the conditions that do not. */
interface Nearest {
  readonly test: string;
  readonly failing: readonly (readonly string[])[];
}

interface ConditionTrace {
  readonly condition: RuleCondition;
  held: boolean;
  failed: boolean;
  failedAlone: boolean;
  /** Where it fails, with the fewest others that fail too. */
  nearest: Nearest | null;
}

export interface RuleTrace {
  /** A test in which the rule matches: one that it decides, where there is one. */
  readonly matching: TestResult | null;
  /** The test in which the fewest conditions keep it from matching. */
  readonly nearest: Nearest | null;
  /** Tests know no host, and whether a protected account was opened is not asked here. */
  readonly conditions: readonly ConditionTrace[];
}

/** All of a condition's parts, which hold together or one for another. */
interface Whole {
  readonly condition: RuleCondition;
  readonly parts: readonly ConditionTrace[];
}

export function traceOf(
  rule: Rule,
  policy: Policy,
  results: readonly TestResult[],
): RuleTrace {
  const wholes = conditionsOf(rule, policy)
    .filter(({ asks }) => asks !== "host")
    .map((condition): Whole => ({
      condition,
      parts: partsOf(condition, { rule, policy }).map((part) => ({
        condition: part,
        held: false,
        failed: false,
        failedAlone: false,
        nearest: null,
      })),
    }));
  const position = policy.rules.indexOf(rule);
  let matching: TestResult | null = null;
  let nearest: Nearest | null = null;
  for (const result of results) {
    if (result.actual.rules[position]?.matched === true) {
      const decided = result.actual.rule === rule.id;
      if (matching === null || decided) matching = result;
    }
    const failing = failingIn(result, { rule, policy, wholes });
    if (failing === null) continue;
    if (failing.length < (nearest?.failing.length ?? Infinity)) {
      nearest = { test: result.test.name, failing };
    }
  }
  const conditions = wholes.filter(({ condition }) =>
    condition.asks !== "allow_protected"
  ).flatMap(({ parts }) => parts);
  return { matching, nearest, conditions };
}

/** Marks what one test shows; the conditions that keep the rule from matching, if that is told. */
function failingIn(
  { test }: TestResult,
  { rule, policy, wholes }: {
    rule: Rule;
    policy: Policy;
    wholes: readonly Whole[];
  },
): RuleCondition["path"][] | null {
  const { request, mapFiles } = test;
  const { issuer: name } = request.subject;
  const issuer = policy.issuers.find((one) => one.name === name);
  if (issuer === undefined) return null;
  const asked = askedOf(rule, request, { policy, issuer, mapFiles });
  // conditions of a rule say something about tests of its own issuers only
  const concerned = rule.issuers === null || rule.issuers.includes(name);
  try {
    const failing = wholes.flatMap((whole) => lacking(whole, asked));
    for (const { condition, parts } of wholes) {
      if (!concerned && condition.asks !== "issuers") continue;
      for (const part of parts) {
        mark(part, { whole: condition, failing, asked, test: test.name });
      }
    }
    return failing.filter(({ needed }) => needed === "to match")
      .map(({ path }) => path);
  } catch {
    return null; // an error shows nothing
  }
}

/** The parts of a condition that are to blame where it is not met. */
function lacking({ condition, parts }: Whole, asked: Asked): RuleCondition[] {
  if (condition.asks !== "assurance") {
    return isMet(condition, asked) ? [] : [condition];
  }
  const wanted = parts.map((part) => part.condition)
    .filter((part) => arises(part, asked));
  if (isMet(together(condition, wanted), asked)) return [];
  const single = wanted.filter((part) => !isMet(part, asked));
  const rest = wanted.filter((part) => !single.includes(part));
  // each of the rest is met by some authentication, and all of it by none
  return isMet(together(condition, rest), asked)
    ? single
    : [...single, condition];
}

function mark(
  part: ConditionTrace,
  { whole, failing, asked, test }: {
    whole: RuleCondition;
    failing: readonly RuleCondition[];
    asked: Asked;
    test: string;
  },
): void {
  const { condition } = part;
  if (!arises(condition, asked)) return;
  if (isMet(condition, asked)) {
    part.held = true;
    return;
  }
  // of several sources of accounts each fails, where none gives the account
  const own = (one: RuleCondition) =>
    one === condition || (one === whole && whole.asks !== "assurance");
  if (whole.asks === "accounts" && !failing.some(own)) return;
  part.failed = true;
  const others = failing.filter((one) => !own(one));
  if (others.length === 0) part.failedAlone = true;
  if (others.length < (part.nearest?.failing.length ?? Infinity)) {
    part.nearest = { test, failing: others.map(({ path }) => path) };
  }
}

/** Of an account that is not the person's, or is anybody's, no identity is asked. */
function arises(condition: RuleCondition, asked: Asked): boolean {
  return condition.asks !== "assurance" || !condition.required.sameIdentity ||
    (identitiesOf(asked)?.length ?? 0) > 0;
}

function isMet(condition: RuleCondition, asked: Asked): boolean {
  return countsAsMet(failureOf(condition, asked), asked.rule);
}

/** Several requirements as one: a single authentication must meet them all. */
function together(
  whole: RuleCondition,
  parts: readonly RuleCondition[],
): RuleCondition {
  const all = parts.flatMap((part) =>
    part.asks === "assurance" ? [part.required] : []
  );
  const ages = all.flatMap(({ maxAuthAge }) => maxAuthAge ?? []);
  const required: Requirements = {
    permittedIdps: all.flatMap(({ permittedIdps }) => permittedIdps),
    mfa: all.some(({ mfa }) => mfa),
    maxAuthAge: ages.length === 0 ? null : Math.min(...ages),
    sameIdentity: all.some(({ sameIdentity }) => sameIdentity),
  };
  return { ...whole, asks: "assurance", required };
}

/** Enough names for a line. */
const MAX_NAMED = 3;

/** `"accounts" and "assurance.mfa" fail`. */
export function listed(paths: readonly (readonly string[])[]): string {
  const names = [...new Set(paths.map((path) => `"${path.join(".")}"`))];
  const more = names.length - MAX_NAMED;
  const shown = more > 0
    ? [...names.slice(0, MAX_NAMED), `${more} more`]
    : names;
  const last = shown.at(-1) ?? "nothing";
  return shown.length < 2
    ? `${last} fails`
    : `${shown.slice(0, -1).join(", ")} and ${last} fail`;
}
