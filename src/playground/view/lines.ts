/**
 * Which part of a long text a field holds: a browser lays out all that is in a field at once, and stands still
 * meanwhile.
 *
 * @module
 */

/** From one character (counting from 0) up to another, which is not in it. */
interface Window {
  readonly from: number;
  readonly to: number;
}

/** What is laid out within some hundredths of a second. */
export const MAX_LINES = 2_000;
export const MAX_CHARACTERS = 100_000;
/** Of one line: a browser takes longer for it than for as many characters in many lines. */
export const MAX_IN_LINE = 20_000;

/**
 * The part that has the character `at` in it: all where it is little, else whole lines, and of a line that is too
 * long a piece. The same places whatever is asked for, so that a step there and back shows the same.
 */
export function windowAt(text: string, at: number): Window {
  const wanted = Math.max(0, Math.min(at, text.length));
  for (let from = 0;;) {
    const to = endOf(text, from);
    if (to === text.length) return { from, to };
    const next = text[to] === "\n" ? to + 1 : to;
    if (wanted < next) return { from, to };
    from = next;
  }
}

/** Where a part that begins there ends; the line's end after it is in no part. */
function endOf(text: string, from: number): number {
  let to = from;
  for (let lines = 0, begin = from; lines < MAX_LINES; lines++) {
    const found = text.indexOf("\n", begin);
    const end = found < 0 ? text.length : found;
    if (end - begin > MAX_IN_LINE) {
      if (lines > 0) return to;
      const cut = begin + MAX_IN_LINE;
      // not between the halves of one character
      return /[\ud800-\udbff]/.test(text.charAt(cut - 1)) ? cut - 1 : cut;
    }
    if (lines > 0 && end - from > MAX_CHARACTERS) return to;
    to = end;
    if (found < 0) return to;
    begin = end + 1;
  }
  return to;
}

/** Whether a field should hold less than this. */
export function isMuch(text: string, factor = 1): boolean {
  if (text.length <= MAX_IN_LINE * factor) {
    // each line has an end
    if (text.length < MAX_LINES * factor) return false;
  } else if (text.length > MAX_CHARACTERS * factor) return true;
  const lines = text.split("\n");
  return lines.length > MAX_LINES * factor ||
    lines.some(({ length }) => length > MAX_IN_LINE * factor);
}

/** What a field holds, for who reads it: which lines, and of lines that are cut which characters. */
export function placeWords(text: string, { from, to }: Window): string {
  const [first, last] = [lineAt(text, from), lineAt(text, to)];
  const cut = [first, ...last.number === first.number ? [] : [last]]
    .filter(({ begin, end }) => begin < from || to < end)
    .map(({ number, begin, end }) =>
      `; line ${number} is cut: of its ${end - begin} characters these are ${
        Math.max(begin, from) - begin + 1
      } to ${Math.min(end, to) - begin}`
    );
  return `The field holds lines ${first.number} to ${last.number} of ${
    count(text)
  }${cut.join("")}`;
}

/** The line that a character is in; it ends before its "\n". */
function lineAt(text: string, at: number) {
  const begin = text.lastIndexOf("\n", at - 1) + 1;
  const found = text.indexOf("\n", at);
  const end = found < 0 ? text.length : found;
  return { number: count(text.slice(0, begin)), begin, end };
}

/** Lines of a text; an empty one has one. */
export function count(text: string): number {
  let lines = 1;
  for (let at = -1; (at = text.indexOf("\n", at + 1)) >= 0;) lines++;
  return lines;
}
