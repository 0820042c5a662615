/**
 * Machine-readable reports. Each document begins with its schema's name.
 *
 * @module
 */
import type { Diagnostic, Finding } from "../../policy/diagnostic.ts";

/** A JSON document as this program prints them: indented, with a final newline. */
export function jsonDocument(
  schema: string,
  members: Readonly<Record<string, unknown>>,
): string {
  return `${JSON.stringify({ schema, ...members }, null, 2)}\n`;
}

export function lintJson(findings: readonly Diagnostic[]): string {
  return jsonDocument("oauth-pam/lint@1", {
    findings: findings.map(findingJson),
  });
}

/** A finding as every JSON document shows it: what is not known of it is not there. */
export function findingJson(
  finding: Finding & Partial<Diagnostic>,
): Record<string, unknown> {
  const known: Record<string, unknown> = {
    id: finding.id,
    level: finding.level,
    confidence: finding.confidence,
    message: finding.message,
    file: finding.file,
    line: finding.line,
    column: finding.column,
    endLine: finding.endLine,
    endColumn: finding.endColumn,
    rule: finding.rule,
    hint: finding.hint,
    related: finding.related,
  };
  return Object.fromEntries(
    Object.entries(known).filter(([, value]) => value !== undefined),
  );
}
