/**
 * Where the policy fixtures are, and how findings are written into `.out` files.
 *
 * @module
 */

import type { Diagnostic } from "../../src/policy/diagnostic.ts";

export const FIXTURES = new URL("../testdata/policy/", import.meta.url);

/** The fixtures of one kind, sorted. */
export function fixtureNames(kind: "ok" | "err"): string[] {
  return [...Deno.readDirSync(new URL(`${kind}/`, FIXTURES))]
    .map(({ name }) => name)
    .filter((name) => name.endsWith(".yaml"))
    .sort();
}

/** `line:column: message [id]`, the level where it is not an error, and a `hint:` line. */
export function prettyLines(diagnostics: readonly Diagnostic[]): string {
  return diagnostics.map((finding) => {
    const level = finding.level === "error" ? "" : `${finding.level}: `;
    const place = `${finding.line}:${finding.column}`;
    const hint = finding.hint === undefined ? "" : `  hint: ${finding.hint}\n`;
    return `${place}: ${level}${finding.message} [${finding.id}]\n${hint}`;
  }).join("");
}
