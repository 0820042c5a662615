/**
 * Levels of findings, in the order in which people look at them.
 *
 * @module
 */
import type { Level } from "../../policy/diagnostic.ts";
import { type Arguments, choice } from "../arguments.ts";
import type { Options } from "../command.ts";

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

const FAIL_LEVELS = [...LEVELS, "never"] as const;

/** What {@link failingLevels} reads. */
export const FAIL_LEVEL_OPTION = {
  "fail-level": {
    value: "LEVEL",
    says: "the lowest level that makes the exit code 1",
    oneOf: FAIL_LEVELS,
    fallback: "error",
  },
} as const satisfies Options;

/** The levels of findings that make the exit code 1. Throws `UsageError`. */
export function failingLevels(options: Arguments): readonly Level[] {
  const written = options.text("fail-level") ?? "error";
  const level = choice("fail-level", written, FAIL_LEVELS);
  return level === "never" ? [] : LEVELS.slice(0, LEVELS.indexOf(level) + 1);
}
