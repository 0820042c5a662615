/**
 * The `when` conditions: one claim compared with what the rule wants. No conversion, ever: "true"
 * is not `true`, and a string is not a list of one.
 *
 * An answer is yes, no, or that it cannot be told. An allow rule takes only a yes, a deny rule
 * everything but a no.
 *
 * @module
 */
import { isObject } from "../../lib/json.ts";
import {
  claimPath,
  type Claims,
  isToldElsewhere,
  locationOf,
  readClaim,
} from "../claims.ts";
import type {
  ClaimLocations,
  Condition,
  Issuer,
  Rule,
  Scalar,
} from "../model.ts";

type Effect = Rule["effect"];

type ListCondition = Extract<Condition, { readonly values: unknown }>;

/** Why a condition does not hold. */
type ConditionFailure =
  | "claim_missing"
  | "claim_type"
  | "claim_distributed"
  | "claim_mismatch";

type ConditionResult =
  | { readonly holds: true; readonly actual: unknown }
  | {
    readonly holds: false;
    readonly because: ConditionFailure;
    readonly actual: unknown;
  };

/** Where a condition's claim is kept: the located names are the issuer's business. */
export function claimLocation(issuer: Issuer, claim: string): string {
  return Object.hasOwn(issuer.claims, claim)
    ? issuer.claims[claim as keyof ClaimLocations]
    : claim;
}

/** Whether the issuer may send a single value where there is a list: its `lists`. */
export function isListed(issuer: Issuer, location: string): boolean {
  return issuer.lists.some((name) =>
    locationOf(claimPath(claimLocation(issuer, name))) ===
      locationOf(claimPath(location))
  );
}

/** What a token says where a condition looks, as {@link toldOf} finds it. */
export interface Told {
  /** `null`: a claim that is missing, or `null`, satisfies nothing. */
  readonly actual: unknown;
  /** It is not there, and the issuer says that it lies elsewhere. */
  readonly elsewhere: boolean;
  /** What counts as a list: a list, or the single value that the issuer may send instead. */
  readonly list: ToldList | null;
}

interface ToldList {
  readonly has: (value: Scalar) => boolean;
  /** A condition can name every entry. */
  readonly scalars: boolean;
}

/** Looks up what a condition on this claim is judged by. */
export function toldOf(
  claim: string,
  { issuer, claims }: { issuer: Issuer; claims: Claims },
): Told {
  const location = claimLocation(issuer, claim);
  const actual = readClaim(claims, location) ?? null;
  const elsewhere = actual === null && isToldElsewhere(claims, location);
  const list = isScalar(actual) && isListed(issuer, location)
    ? [actual]
    : actual;
  return {
    actual,
    elsewhere,
    list: Array.isArray(list) ? toldList(list) : null,
  };
}

/** From here on a set pays. */
const LONG_LIST = 32;

function toldList(list: readonly unknown[]): ToldList {
  const set = list.length < LONG_LIST ? null : new Set(list);
  return {
    has: set === null
      ? (value) => list.includes(value)
      : (value) => set.has(value),
    scalars: list.every(isScalar),
  };
}

/** The same, and whether it can be told at all. */
type ConditionJudgement = ConditionResult & {
  /** It cannot be told whether the condition holds. */
  readonly untold: boolean;
};

/** Checks one condition on its own. */
export function checkCondition(
  condition: Condition,
  subject: { issuer: Issuer; claims: Claims },
): ConditionResult {
  const told = toldOf(condition.claim, subject);
  const { untold: _, ...result } = judgeCondition(condition, told);
  return result;
}

/** As {@link checkCondition}, of what its claim says, with three answers: yes, no, and that it cannot be told. */
export function judgeCondition(
  condition: Condition,
  told: Told,
): ConditionJudgement {
  const { actual, elsewhere } = told;
  if (actual === null) {
    const because = elsewhere ? "claim_distributed" : "claim_missing";
    return { holds: false, because, untold: elsewhere, actual };
  }
  const { answer, certain } = compare(condition, told);
  // an allow rule must be sure that nothing is there of what must not be
  const holds = answer === true && (certain || condition.operator !== "none");
  if (holds) return { holds, untold: false, actual };
  const because = answer === false ? "claim_mismatch" : "claim_type";
  return { holds, because, untold: !certain, actual };
}

/**
 * Whether a condition counts as met for a rule of that effect: an allow rule wants to be sure that
 * it holds, a deny rule that it does not.
 */
export function isMet(result: ConditionJudgement, effect: Effect): boolean {
  return result.holds || (effect === "deny" && result.untold);
}

/** `null`: the claim is not of the type that the operator speaks of. */
interface Comparison {
  readonly answer: boolean | null;
  readonly certain: boolean;
}

function compare(
  condition: Condition,
  { actual, list }: Told,
): Comparison {
  switch (condition.operator) {
    case "any":
    case "all":
    case "none":
      return compareList(condition, list);
    case "in":
      return scalar(
        isScalar(actual) ? condition.values.includes(actual) : null,
      );
    case "like":
      return scalar(
        typeof actual === "string"
          ? matchesGlob(condition.pattern, actual)
          : null,
      );
    case "equals":
      return scalar(
        typeof actual === typeof condition.value
          ? actual === condition.value
          : null,
      );
    case "word":
      return scalar(
        typeof actual === "string"
          ? wordsOf(actual).includes(condition.text)
          : null,
      );
    case "has": // a member that is null is as good as none, as a claim is
      return scalar(
        isObject(actual)
          ? Object.hasOwn(actual, condition.text) &&
            actual[condition.text] !== null
          : null,
      );
  }
}

/** What stands between the words of a text. */
export const BETWEEN_WORDS = /[\s,;]+/;

/** The words of a text. */
export function wordsOf(text: string): string[] {
  return text.split(BETWEEN_WORDS);
}

function scalar(answer: boolean | null): Comparison {
  return { answer, certain: answer !== null };
}

/** An entry that is not a scalar may say anything, but cannot take back what the others say. */
function compareList(
  { operator, values }: ListCondition,
  list: ToldList | null,
): Comparison {
  if (list === null) return { answer: null, certain: false };
  const found = operator === "all"
    ? values.every(list.has)
    : values.some(list.has);
  return {
    answer: operator === "none" ? !found : found,
    certain: found || list.scalars,
  };
}

/** Whether a value of a claim is one that a condition can name. */
export function isScalar(value: unknown): value is Scalar {
  return typeof value === "string" || typeof value === "number" ||
    typeof value === "boolean";
}

/**
 * Whether the whole text matches the glob. `*` stands for any run of characters, nothing else is
 * special. Linear in the text for every pattern, so no claim can make it slow.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  const parts = pattern.split("*");
  const first = parts[0] ?? "";
  if (parts.length === 1) return text === pattern;
  const last = parts.at(-1) ?? "";
  if (text.length < first.length + last.length) return false;
  if (!text.startsWith(first) || !text.endsWith(last)) return false;
  let position = first.length;
  const limit = text.length - last.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, position);
    if (found < 0 || found + part.length > limit) return false;
    position = found + part.length;
  }
  return true;
}

/** The operand of a condition, for messages and explanations. */
export function operand(condition: Condition): Scalar | readonly Scalar[] {
  switch (condition.operator) {
    case "like":
      return condition.pattern;
    case "equals":
      return condition.value;
    case "word":
    case "has":
      return condition.text;
    default:
      return condition.values;
  }
}
