/**
 * Texts that a person would call the same and the gate does not. No wording here.
 *
 * @module
 */
import { nearest } from "../../lib/text.ts";

/** What two different texts differ in. */
type Likeness =
  | "white-space"
  | "case"
  | "trailing-slash"
  | "scheme"
  | "look-alike"
  /** Several of these at once. */
  | "similar";

const FOLDINGS: readonly {
  readonly likeness: Likeness;
  readonly fold: (text: string) => string;
}[] = [
  {
    likeness: "white-space",
    fold: (text) => text.replace(/[\s\p{Cf}]/gu, ""),
  },
  { likeness: "case", fold: (text) => text.toLowerCase() },
  { likeness: "trailing-slash", fold: (text) => text.replace(/\/+$/, "") },
  { likeness: "scheme", fold: (text) => text.replace(/^https?:\/\//, "") },
  { likeness: "look-alike", fold: (text) => text.normalize("NFKC") },
];

/** How two different texts are alike; `null` when they are the same or not alike. */
export function likeness(expected: string, actual: string): Likeness | null {
  if (expected === actual) return null;
  for (const { likeness, fold } of FOLDINGS) {
    if (fold(expected) === fold(actual)) return likeness;
  }
  const folded = (text: string) =>
    FOLDINGS.reduce((result, { fold }) => fold(result), text);
  return folded(expected) === folded(actual) ? "similar" : null;
}

/** The wanted text that a text is almost, such as one with a typing mistake. */
export function almost(
  expected: readonly string[],
  text: string,
): string | undefined {
  if (text.length <= 2 || text.length >= 200) return undefined;
  const wanted = nearest(text, expected.filter(({ length }) => length < 200));
  return wanted === text ? undefined : wanted;
}

/**
 * Whether one is the path of a group and the other its end, such as `/staff` and `staff`: some
 * providers write the whole path.
 */
export function isGroupPath(one: string, other: string): boolean {
  const [short, long] = one.length < other.length ? [one, other] : [other, one];
  const name = short.replace(/^\//, "").toLowerCase();
  return name !== "" && /^\/(?!\/)/.test(long) &&
    long.toLowerCase().endsWith(`/${name}`);
}
