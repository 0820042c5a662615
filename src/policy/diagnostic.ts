/**
 * Findings: values with a position, sorted, printed by the reporters.
 *
 * @module
 */

export type Level = "error" | "warning" | "info";
export type Confidence = "high" | "medium" | "low";

/** A stretch of the file; lines and columns count from 1, `end` is exclusive. */
export interface Span {
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}

/** Something that is wrong, and where, as far as that is known. */
export interface Finding extends Partial<Span> {
  /** Stable id such as `policy/unknown-key` or `pam/quiet`. */
  readonly id: string;
  readonly level: Level;
  readonly message: string;
  /** What to do about it, where something can be done. */
  readonly hint?: string;
  readonly file?: string;
}

/** A finding in a policy file. */
export interface Diagnostic extends Span, Omit<Finding, keyof Span> {
  readonly confidence: Confidence;
  readonly file: string;
  /** The rule it is about, where there is one. */
  readonly rule?: string;
  /** Other places it speaks of, such as the rule that shadows this one. */
  readonly related?: readonly {
    readonly message: string;
    readonly span: Span;
  }[];
}

/** A finding about a path in the document, before it has a place in the file. */
export interface Issue {
  readonly id: string;
  readonly level: Level;
  readonly confidence?: Confidence;
  readonly message: string;
  readonly hint?: string;
  readonly path: readonly (string | number)[];
  /** Whether the key or the value at the end of the path is meant. */
  readonly at?: "key" | "value";
}

/** The worst level first. */
export const LEVELS: readonly Level[] = ["error", "warning", "info"];

/** The same findings, the worst first, otherwise in their order. */
export function worstFirst<Finding extends { readonly level: Level }>(
  findings: readonly Finding[],
): Finding[] {
  return LEVELS.flatMap((level) =>
    findings.filter((finding) => finding.level === level)
  );
}

/** `file:line:column:`, as far as it is known; empty where nothing is. */
export function placeText({ file, line, column }: Finding): string {
  return [file, line, column].filter((part) => part !== undefined)
    .map((part) => `${part}:`).join("");
}

/** A finding on one line, without its hint. */
export function findingText(finding: Finding): string {
  const { id, level, message } = finding;
  const place = placeText(finding);
  return `${place}${place === "" ? "" : " "}${level}: ${message} [${id}]`;
}

/** Sorts by position, then id: the order in which a person reads the file. */
export function sortDiagnostics(
  diagnostics: readonly Diagnostic[],
): Diagnostic[] {
  return [...diagnostics].sort((a, b) =>
    compare(a.file, b.file) || a.line - b.line || a.column - b.column ||
    compare(a.id, b.id) ||
    compare(a.message, b.message)
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
