/**
 * Findings for a person at a terminal: where, what, the line itself, and what to do.
 *
 * @module
 */
import { visible } from "../../lib/text.ts";
import {
  type Diagnostic,
  type Finding,
  type Level,
  placeText,
} from "../../policy/diagnostic.ts";

const COLORS: Readonly<Record<Level | "dim" | "bold", string>> = {
  error: "31",
  warning: "33",
  info: "36",
  dim: "2",
  bold: "1",
};

export interface PrettyOptions {
  /** The text of each file, for the line that a finding is about. */
  readonly texts?: ReadonlyMap<string, string>;
  readonly color: boolean;
}

/** All findings as text; empty when there are none. */
export function prettyFindings(
  findings: readonly (Finding | Diagnostic)[],
  options: PrettyOptions,
): string {
  const lines = new LinesOf(options.texts ?? new Map());
  return findings.map((finding) =>
    `${prettyFinding(finding, { lines, color: options.color })}\n`
  ).join("");
}

/** The lines of each file: thousands of findings may be about the same one. */
class LinesOf {
  readonly #texts: ReadonlyMap<string, string>;
  readonly #lines = new Map<string, readonly string[]>();

  constructor(texts: ReadonlyMap<string, string>) {
    this.#texts = texts;
  }

  at(file: string, row: number): string | undefined {
    const lines = this.#lines.get(file) ?? this.#texts.get(file)?.split("\n");
    if (lines !== undefined) this.#lines.set(file, lines);
    return lines?.[row - 1];
  }
}

interface Work {
  readonly lines: LinesOf;
  readonly color: boolean;
}

function prettyFinding(finding: Finding | Diagnostic, options: Work): string {
  const paint = (style: keyof typeof COLORS, text: string) =>
    options.color ? `\x1b[${COLORS[style]}m${text}\x1b[0m` : text;
  const place = visible(placeText(finding));
  const { id, level, message, hint } = finding;
  const lines = [
    `${place === "" ? "" : `${paint("bold", place)} `}` +
    `${paint(level, `${level}:`)} ${visible(message)} ${
      paint("dim", `[${id}]`)
    }`,
    ...codeFrame(finding, options).map((line) => paint("dim", line)),
  ];
  for (const other of "related" in finding ? finding.related ?? [] : []) {
    const { line, column } = other.span;
    lines.push(`  ${visible(other.message)}: line ${line}, column ${column}`);
  }
  if (hint !== undefined) lines.push(`  hint: ${visible(hint)}`);
  return lines.join("\n");
}

const MAX_LINE = 160;

/** The line itself with a mark, where both are known. */
function codeFrame(finding: Finding, { lines }: Work): string[] {
  const { file = "", line: row, column, endLine, endColumn } = finding;
  if (row === undefined || column === undefined) return [];
  const line = lines.at(file, row)?.replace(/\r$/, "");
  if (line === undefined || line.trim() === "" || line.length > MAX_LINE) {
    return [];
  }
  const number = String(row);
  const end = endLine === row && endColumn !== undefined
    ? endColumn
    : line.length + 1;
  // as shown: what is not printable is written out and takes more room
  const before = visible(line.slice(0, column - 1)).length;
  const marked = visible(line.slice(column - 1, end - 1)).length;
  const gap = " ".repeat(number.length);
  return [
    `  ${number} | ${visible(line)}`,
    `  ${gap} | ${" ".repeat(before)}${"^".repeat(Math.max(1, marked))}`,
  ];
}
