/**
 * `--fail-level`: from which level on findings make a command fail.
 *
 * @module
 */
import { type Level, LEVELS } from "../../policy/diagnostic.ts";
import { type Arguments, choice } from "../arguments.ts";
import type { Options } from "../command.ts";

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
