/**
 * Words for messages: suggestions, lists, values as they are shown.
 *
 * @module
 */

/** Two letters in each other's place: likelier than any other slip. */
const SWAP = 0.9;

/**
 * The candidate nearest to a misspelt word, or `undefined` when none is near enough to suggest.
 * Near means: at most a third of the letters are wrong, missing, too many or swapped with the next
 * (optimal string alignment distance). Of two as near, the one that a swap leads to, then the first.
 */
export function nearest(
  word: string,
  candidates: readonly string[],
): string | undefined {
  const most = Math.max(1, Math.floor(word.length / 3));
  let best: string | undefined;
  let bestDistance = most + 0.5; // "most" itself is near enough
  for (const candidate of candidates) {
    if (Math.abs(word.length - candidate.length) > most) continue;
    const distance = slips(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

function slips(a: string, b: string): number {
  let above: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      next.push(Math.min(
        (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1),
        (row[j] ?? 0) + 1,
        (next[j - 1] ?? 0) + 1,
        swapped ? (above[j - 2] ?? Infinity) + SWAP : Infinity,
      ));
    }
    [above, row] = [row, next];
  }
  return row[b.length] ?? Infinity;
}

/** `"a", "b" or "c"`: for messages that list what is allowed. */
export function listOf(values: readonly string[], limit = 12): string {
  const quoted = values.slice(0, limit).map((value) => JSON.stringify(value));
  if (values.length > limit) return `${quoted.join(", ")}, …`;
  if (quoted.length < 2) return quoted.join("");
  return `${quoted.slice(0, -1).join(", ")} or ${quoted.at(-1)}`;
}

/** Longest value in a message. */
const MAX_SHOWN = 80;

/** A value as messages show it. */
export function shown(value: unknown, limit = MAX_SHOWN): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > limit ? `${text.slice(0, limit)}…` : text;
}

/** What a file holds must not steer the terminal that shows it. */
export function visible(text: string): string {
  return text.replace(
    // deno-lint-ignore no-control-regex -- they are what is replaced
    /[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g,
    (char) =>
      char === "\t"
        ? " "
        : `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** `1 error`, `2 errors`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
