/**
 * Texts that a person would call the same and the gate does not. No wording here.
 *
 * @module
 */
import { nearest } from "../../lib/text.ts";

/** What two different texts differ in. */
export type Likeness =
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
  { likeness: "trailing-slash", fold: withoutSlashes },
  { likeness: "scheme", fold: (text) => text.replace(/^https?:\/\//, "") },
  { likeness: "look-alike", fold: (text) => text.normalize("NFKC") },
];

/** A regular expression would try again at every one of a hundred thousand slashes. */
function withoutSlashes(text: string): string {
  let end = text.length;
  while (text[end - 1] === "/") end--;
  return text.slice(0, end);
}

/** How two different texts are alike; `null` when they are the same or not alike. */
function likeness(expected: string, actual: string): Likeness | null {
  if (expected === actual) return null;
  for (const { likeness, fold } of FOLDINGS) {
    if (fold(expected) === fold(actual)) return likeness;
  }
  return folded(expected) === folded(actual) ? "similar" : null;
}

function folded(text: string): string {
  return FOLDINGS.reduce((result, { fold }) => fold(result), text);
}

/** The first of the wanted texts that is like one that is there, without comparing each with each. */
export function firstAlike(
  expected: readonly string[],
  actual: readonly string[],
): { wanted: string; text: string; likeness: Likeness } | null {
  const key = (text: string) => folded(text.normalize("NFKC"));
  const there = Map.groupBy(actual, key);
  for (const wanted of expected) {
    for (const text of there.get(key(wanted)) ?? []) {
      const found = likeness(wanted, text);
      if (found !== null) return { wanted, text, likeness: found };
    }
  }
  return null;
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
  if (!one.startsWith("/") && !other.startsWith("/")) return false;
  const [short, long] = one.length < other.length ? [one, other] : [other, one];
  const name = short.replace(/^\//, "").toLowerCase();
  return name !== "" && /^\/(?!\/)/.test(long) &&
    long.toLowerCase().endsWith(`/${name}`);
}
