/**
 * One line of YAML as it is drawn: what is a key, a string, a number, a comment, and what a finding underlines.
 * It is for the eye alone, and nothing is decided by it.
 *
 * @module
 */
import type { Level, Span } from "../../policy/diagnostic.ts";

/** A stretch of the line with the classes that it has. */
interface Piece {
  readonly text: string;
  readonly classes: readonly string[];
}

/** A finding as the editor draws it. */
interface Mark extends Span {
  readonly level: Level;
}

/** Characters of a line that are drawn; the rest of a longer one shows as plain text. */
export const MAX_LINE = 2_000;

/**
 * Pieces of a line; `number` counts from 1, `marks` may be of any lines. `before` are the characters of the line
 * that stand before `line`, where that is its rest.
 */
export function piecesOf(
  line: string,
  { number, marks, before = 0 }: {
    number: number;
    marks: readonly Mark[];
    before?: number;
  },
): Piece[] {
  const text = line.slice(0, MAX_LINE);
  const kinds = kindsOf(text);
  const own = marks.filter((mark) =>
    mark.line <= number && number <= mark.endLine &&
    (mark.endLine > number || before === 0 || mark.endColumn - 1 > before)
  ).map((mark) => ({
    ...mark,
    column: mark.column - before,
    endColumn: mark.endColumn - before,
  }));
  const edges = new Set([0, text.length]);
  for (const { from, to } of kinds) edges.add(from).add(to);
  const under = own.map((mark) => ({
    level: mark.level,
    ...within(mark, number, text),
  }));
  for (const { from, to } of under) edges.add(from).add(to);
  const sorted = [...edges].sort((a, b) => a - b);
  return sorted.slice(0, -1).map((from, index) => {
    const to = sorted[index + 1] ?? text.length;
    const covers = (part: { from: number; to: number }) =>
      part.from <= from && to <= part.to;
    const kind = kinds.find(covers);
    const worst = WORST.find((level) =>
      under.some((part) => part.level === level && covers(part))
    );
    return {
      text: text.slice(from, to),
      classes: [
        ...(kind === undefined ? [] : [`y-${kind.kind}`]),
        ...(worst === undefined ? [] : [`mark-${worst}`]),
      ],
    };
  });
}

const WORST: readonly Level[] = ["error", "warning", "info"];

/** Where a mark is in a line; at least one character, so that it can be seen. */
function within(
  { line, column, endLine, endColumn }: Span,
  number: number,
  text: string,
): { from: number; to: number } {
  const begin = line === number ? column - 1 : text.search(/\S|$/);
  const from = Math.max(0, Math.min(begin, text.length - 1));
  const end = endLine === number ? endColumn - 1 : text.length;
  return { from, to: Math.min(text.length, Math.max(end, from + 1)) };
}

interface Stretch {
  readonly kind: "key" | "string" | "number" | "comment";
  readonly from: number;
  readonly to: number;
}

const WORDS =
  /(?<comment>(?:^|(?<=\s))#.*$)|(?<string>"(?:[^"\\]|\\.)*"?|(?<![\w])'[^']*'?)|(?<key>[\w.@/*-]+(?=\s*:(?:\s|$)))|(?<number>\b(?:true|false|null|\d+(?:\.\d+)?[a-z]?)\b)/g;

function kindsOf(text: string): Stretch[] {
  const found: Stretch[] = [];
  for (const match of text.matchAll(WORDS)) {
    const kind = Object.entries(match.groups ?? {})
      .find(([, part]) => part !== undefined)?.[0] as Stretch["kind"];
    found.push({ kind, from: match.index, to: match.index + match[0].length });
  }
  return found;
}
