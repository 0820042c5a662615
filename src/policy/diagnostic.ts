/**
 * Findings about a policy file: values with a position, sorted, printed by the reporters.
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

export interface Diagnostic extends Span {
  /** Stable id such as `policy/unknown-key` or `match/wildcard-only`. */
  readonly id: string;
  readonly level: Level;
  readonly confidence: Confidence;
  readonly message: string;
  /** What to do about it, where something can be done. */
  readonly hint?: string;
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

/**
 * The candidate nearest to a misspelt word, or `undefined` when none is near enough to suggest.
 * Near means: at most a third of the letters differ (Levenshtein distance).
 */
export function nearest(
  word: string,
  candidates: readonly string[],
): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(
      word.toLowerCase(),
      candidate.toLowerCase(),
      bestDistance,
    );
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(
        Math.min(substitution, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1),
      );
    }
    row = next;
  }
  return row[b.length] ?? limit;
}

/** `"a", "b" or "c"`: for messages that list what is allowed. */
export function listOf(values: readonly string[], limit = 12): string {
  const quoted = values.slice(0, limit).map((value) => JSON.stringify(value));
  if (values.length > limit) return `${quoted.join(", ")}, …`;
  if (quoted.length < 2) return quoted.join("");
  return `${quoted.slice(0, -1).join(", ")} or ${quoted.at(-1)}`;
}
