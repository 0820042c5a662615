/**
 * Which lines of a long text a field holds: a browser lays out all that is in a field at once, and stands still
 * meanwhile.
 *
 * @module
 */

/** Lines from `from` (counting from 0) up to `to`, which is not one of them. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

/** What is laid out within some hundredths of a second. */
export const MAX_LINES = 2_000;
export const MAX_CHARACTERS = 100_000;

/**
 * The lines to hold so that `line` is among them: all where they are few. At least one line, however long it is.
 */
export function windowAt(lines: readonly string[], line: number): Window {
  const wanted = Math.max(0, Math.min(line, lines.length - 1));
  // the same places whatever line is asked for, so that a step there and back shows the same
  let from = 0;
  let characters = 0;
  for (let at = 0; at < lines.length; at++) {
    const { length = 0 } = lines[at] ?? "";
    const full = at - from >= MAX_LINES || characters + length > MAX_CHARACTERS;
    if (full && at > from) {
      if (wanted < at) return { from, to: at };
      from = at;
      characters = 0;
    }
    characters += length + 1;
  }
  return { from, to: lines.length };
}
