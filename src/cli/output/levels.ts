/**
 * Levels of findings, in the order in which people look at them.
 *
 * @module
 */
import type { Level } from "../../policy/diagnostic.ts";

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
