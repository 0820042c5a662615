/**
 * The `when` conditions: one claim compared with what the rule wants. No conversion, ever: "true"
 * is not `true`, and a string is not a list of one.
 *
 * @module
 */
import { type Claims, readClaim } from "./claims.ts";
import type { ClaimLocations, Condition, Issuer, Scalar } from "./model.ts";

/** Why a condition does not hold. */
export type ConditionFailure =
  | "claim_missing"
  | "claim_type"
  | "claim_mismatch";

export type ConditionResult =
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

/** Checks one condition. A claim that is missing or `null` satisfies nothing. */
export function checkCondition(
  condition: Condition,
  subject: { issuer: Issuer; claims: Claims },
): ConditionResult {
  const location = claimLocation(subject.issuer, condition.claim);
  const actual = readClaim(subject.claims, location);
  if (actual === undefined || actual === null) {
    return { holds: false, because: "claim_missing", actual: null };
  }
  const holds = compare(condition, actual);
  if (holds === true) return { holds, actual };
  return {
    holds: false,
    because: holds === null ? "claim_type" : "claim_mismatch",
    actual,
  };
}

/** `null` when the claim is not of the type that the operator speaks of. */
function compare(condition: Condition, actual: unknown): boolean | null {
  switch (condition.operator) {
    case "any":
      return list(actual)?.some((item) =>
        condition.values.includes(item as Scalar)
      ) ?? null;
    case "all":
      return inList(condition.values, list(actual));
    case "none":
      return list(actual)?.every((item) =>
        !condition.values.includes(item as Scalar)
      ) ?? null;
    case "in":
      return isScalar(actual) ? condition.values.includes(actual) : null;
    case "like":
      return typeof actual === "string"
        ? matchesGlob(condition.pattern, actual)
        : null;
    case "equals":
      return typeof actual === typeof condition.value
        ? actual === condition.value
        : null;
  }
}

function inList(
  wanted: readonly Scalar[],
  actual: readonly unknown[] | null,
): boolean | null {
  return actual === null
    ? null
    : wanted.every((value) => actual.includes(value));
}

function list(value: unknown): readonly unknown[] | null {
  return Array.isArray(value) ? value : null;
}

function isScalar(value: unknown): value is Scalar {
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
    default:
      return condition.values;
  }
}
