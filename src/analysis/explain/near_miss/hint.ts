/**
 * What was almost right, in words.
 *
 * @module
 */
import { shown } from "../../../lib/text.ts";
import {
  almost,
  firstAlike,
  type Likeness,
} from "../../../policy/evaluate/spelling.ts";

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
  | "provider"
  | "scheme"
  | "similar"
  | "suffix"
  | "time"
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

const HOW: Readonly<Record<Likeness, string>> = {
  "white-space": "only in white space",
  "case": "only in case",
  "trailing-slash": 'only in a "/" at the end',
  "scheme": "only in http or https",
  "look-alike": "only in characters that look alike",
  "similar": "only in spelling",
};

/** How two different texts come near each other; `null` when they do not. */
export function textHint(expected: string, actual: string): Hint | null {
  const found = firstAlike([expected], [actual]);
  if (found === null) return null;
  const { likeness: kind, wanted, text } = found;
  return {
    kind,
    message: `${shown(text)} differs from ${shown(wanted)} ${HOW[kind]}`,
  };
}

/** The first near miss between any expected and any actual text, similar words last. */
export function textsHint(
  expected: readonly string[],
  actual: readonly string[],
): Hint | null {
  const alike = firstAlike(expected, actual);
  if (alike !== null) return textHint(alike.wanted, alike.text);
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
