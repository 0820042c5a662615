/**
 * Account names as analyses build and compare them: how far a text has got as a name, and in what
 * names of one policy differ beside the globs that they match.
 *
 * @module
 */
import {
  ACCOUNT_PATTERNS,
  type AccountPattern,
  isAccountName,
} from "../policy/account_name.ts";
import type { Policy } from "../policy/model.ts";

/** The pattern of one of the policies that allows all that the others allow. */
export function widestPattern(
  policies: readonly Pick<Policy, "accounts_pattern">[],
): AccountPattern {
  return ACCOUNT_PATTERNS.findLast((pattern) =>
    policies.some(({ accounts_pattern }) => accounts_pattern === pattern)
  ) ?? "posix";
}

/** The narrowest pattern that allows the name; `undefined` where none does. */
export function patternOf(name: string): AccountPattern | undefined {
  return ACCOUNT_PATTERNS.find((pattern) => isAccountName(name, pattern));
}

/** Whether the name says of which domain it is, as `name@domain` or `DOMAIN\name`. */
export function hasDomain(name: string): boolean {
  return /[@\\]/.test(name);
}

/** Ends that tell apart all places inside of a name at which a text can stop. */
const ENDS = ["", "x", "x.", "-x", "@x", "\\x", "x\\x", "-x\\x"];

/**
 * What can follow a text so that it becomes a name: equal for texts that go on alike, `null` for a
 * text that no name begins with.
 */
export function placeInName(
  text: string,
  pattern: AccountPattern,
): string | null {
  if (pattern === "posix") return isAccountName(text, pattern) ? "" : null;
  const fits = ENDS.map((end) => isAccountName(text + end, pattern) ? 1 : 0)
    .join("");
  return fits.includes("1") ? fits : null;
}
