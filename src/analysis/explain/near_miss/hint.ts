/**
 * Two texts that a person would call the same and the gate does not.
 *
 * @module
 */
import { shown } from "../../../lib/text.ts";
import { nearest } from "../../../lib/text.ts";

export type HintKind =
  | "account-name"
  | "case"
  | "claim-name"
  | "clock"
  | "factors"
  | "issuer"
  | "list-expected"
  | "list-unexpected"
  | "look-alike"
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

const FOLDINGS: readonly {
  readonly kind: HintKind;
  readonly fold: (text: string) => string;
  readonly how: string;
}[] = [
  {
    kind: "white-space",
    fold: (text) => text.replace(/[\s\p{Cf}]/gu, ""),
    how: "only in white space",
  },
  { kind: "case", fold: (text) => text.toLowerCase(), how: "only in case" },
  {
    kind: "trailing-slash",
    fold: (text) => text.replace(/\/+$/, ""),
    how: 'only in a "/" at the end',
  },
  {
    kind: "scheme",
    fold: (text) => text.replace(/^https?:\/\//, ""),
    how: "only in http or https",
  },
  {
    kind: "look-alike",
    fold: (text) => text.normalize("NFKC"),
    how: "only in characters that look alike",
  },
];

/** How two different texts come near each other; `null` when they do not. */
export function textHint(expected: string, actual: string): Hint | null {
  if (expected === actual) return null;
  const differs = (how: string) =>
    `${shown(actual)} differs from ${shown(expected)} ${how}`;
  for (const { kind, fold, how } of FOLDINGS) {
    if (fold(expected) === fold(actual)) return { kind, message: differs(how) };
  }
  const folded = (text: string) =>
    FOLDINGS.reduce((result, { fold }) => fold(result), text);
  if (folded(expected) === folded(actual)) {
    return { kind: "similar", message: differs("only in spelling") };
  }
  return null;
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
  for (
    const text of actual.filter(({ length }) => length > 2 && length < 200)
  ) {
    const wanted = nearest(text, expected.filter(({ length }) => length < 200));
    if (wanted === undefined || wanted === text) continue;
    return {
      kind: "similar",
      message: `${shown(actual.length === 1 ? actual[0] : text)} is almost ${
        shown(wanted)
      }`,
    };
  }
  return null;
}
