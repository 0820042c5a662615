/**
 * Findings for a person at a terminal: where, what, the line itself, and what to do.
 *
 * @module
 */
import { visible } from "../../lib/text.ts";
import type { Diagnostic, Level } from "../../policy/diagnostic.ts";

const COLORS: Readonly<Record<Level | "dim" | "bold", string>> = {
  error: "31",
  warning: "33",
  info: "36",
  dim: "2",
  bold: "1",
};

export interface PrettyOptions {
  /** The text of each file, for the code frame. */
  readonly texts: ReadonlyMap<string, string>;
  readonly color: boolean;
}

/** All findings as text; empty when there are none. */
export function prettyFindings(
  findings: readonly Diagnostic[],
  options: PrettyOptions,
): string {
  return findings.map((finding) => `${prettyFinding(finding, options)}\n`).join(
    "",
  );
}

function prettyFinding(finding: Diagnostic, options: PrettyOptions): string {
  const paint = (style: keyof typeof COLORS, text: string) =>
    options.color ? `\x1b[${COLORS[style]}m${text}\x1b[0m` : text;
  const place = `${visible(finding.file)}:${finding.line}:${finding.column}:`;
  const lines = [
    `${paint("bold", place)} ${paint(finding.level, `${finding.level}:`)} ` +
    `${visible(finding.message)} ${paint("dim", `[${finding.id}]`)}`,
    ...codeFrame(finding, options.texts.get(finding.file)).map((line) =>
      paint("dim", line)
    ),
  ];
  for (const { message, span } of finding.related ?? []) {
    lines.push(
      `  ${visible(message)}: line ${span.line}, column ${span.column}`,
    );
  }
  if (finding.hint !== undefined) {
    lines.push(`  hint: ${visible(finding.hint)}`);
  }
  return lines.join("\n");
}

const MAX_LINE = 160;

function codeFrame(finding: Diagnostic, text: string | undefined): string[] {
  const line = text?.split("\n")[finding.line - 1]?.replace(/\r$/, "");
  if (line === undefined || line.trim() === "" || line.length > MAX_LINE) {
    return [];
  }
  const number = String(finding.line);
  const end = finding.endLine === finding.line
    ? finding.endColumn
    : line.length + 1;
  // as shown: what is not printable is written out and takes more room
  const before = visible(line.slice(0, finding.column - 1)).length;
  const marked = visible(line.slice(finding.column - 1, end - 1)).length;
  const gap = " ".repeat(number.length);
  return [
    `  ${number} | ${visible(line)}`,
    `  ${gap} | ${" ".repeat(before)}${"^".repeat(Math.max(1, marked))}`,
  ];
}
