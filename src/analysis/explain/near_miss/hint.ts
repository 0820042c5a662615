/**
 * What was almost right, in words.
 *
 * @module
 */
import { shown } from "../../../lib/text.ts";
import { almost, likeness } from "../spelling.ts";

export type HintKind =
  | "account-name"
  | "case"
  | "claim-name"
  | "clock"
  | "factors"
  | "group-path"
  | "issuer"
  | "list-expected"
  | "list-unexpected"
  | "look-alike"
  | "map-key"
  | "network"
  | "protected"
  | "scheme"
  | "similar"
  | "suffix"
  | "trailing-slash"
  | "type"
  | "white-space";

/** What was almost right. The message holds values of claims: make it safe before showing it. */
export interface Hint {
  readonly kind: HintKind;
  readonly message: string;
}

/** A hint about one rule; `null` where it is about the whole request. */
export interface RuleHint extends Hint {
  readonly rule: string | null;
}

const HOW: Readonly<Record<NonNullable<ReturnType<typeof likeness>>, string>> =
  {
    "white-space": "only in white space",
    "case": "only in case",
    "trailing-slash": 'only in a "/" at the end',
    "scheme": "only in http or https",
    "look-alike": "only in characters that look alike",
    "similar": "only in spelling",
  };

/** How two different texts come near each other; `null` when they do not. */
export function textHint(expected: string, actual: string): Hint | null {
  const kind = likeness(expected, actual);
  return kind === null ? null : {
    kind,
    message: `${shown(actual)} differs from ${shown(expected)} ${HOW[kind]}`,
  };
}

/** The first near miss between any expected and any actual text, similar words last. */
export function textsHint(
  expected: readonly string[],
  actual: readonly string[],
): Hint | null {
  for (const wanted of expected) {
    for (const text of actual) {
      const hint = textHint(wanted, text);
      if (hint !== null) return hint;
    }
  }
  for (const text of actual) {
    const wanted = almost(expected, text);
    if (wanted === undefined) continue;
    return {
      kind: "similar",
      message: `${shown(text)} is almost ${shown(wanted)}`,
    };
  }
  return null;
}
