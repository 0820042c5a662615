/**
 * Words in lines of a width that is known before anything is drawn.
 *
 * @module
 */
import { visible } from "../lib/text.ts";

/** What every monospaced font has in one column: ASCII and Latin-1. */
const PLAIN = /^[\x20-\x7e\u00a0-\u00ff]*$/;

/**
 * How many columns of a monospaced font a text takes: two for each character that is not plain,
 * because no font is known to have it narrower.
 */
export function columns(text: string): number {
  let count = 0;
  for (const char of text) count += isPlain(char) ? 1 : 2;
  return count;
}

/** Whether all fonts agree on how wide the text is. */
export function isPlain(text: string): boolean {
  return PLAIN.test(text);
}

/** Lines of at most `width` columns; a longer word goes on in the next line. Nothing is left out. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of visible(text.toWellFormed()).split(" ")) {
    const joined = line === "" ? word : `${line} ${word}`;
    if (columns(joined) <= width) {
      line = joined;
      continue;
    }
    if (line !== "") lines.push(line);
    line = "";
    for (const { segment } of SEGMENTS.segment(word)) {
      if (line !== "" && columns(line + segment) > width) {
        lines.push(line);
        line = "";
      }
      line += segment;
    }
    // a single sign of very many marks
    while (columns(line) > width) {
      const chars = [...line];
      const head = chars.splice(0, Math.floor(width / 2));
      lines.push(head.join(""));
      line = chars.join("");
    }
  }
  return line === "" && lines.length > 0 ? lines : [...lines, line];
}

const SEGMENTS = new Intl.Segmenter("en", { granularity: "grapheme" });
