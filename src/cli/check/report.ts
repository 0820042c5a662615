/**
 * The findings of `check`, for a person and for a program.
 *
 * @module
 */
import type { CheckFinding } from "./finding.ts";
import { jsonDocument } from "../output/json.ts";
import { worstFirst } from "../output/levels.ts";
import { plural, visible } from "../../lib/text.ts";

export function checkJson(findings: readonly CheckFinding[]): string {
  return jsonDocument("oauth-pam/check@1", {
    findings: findings.map(({ id, level, message, hint, file, line }) => ({
      id,
      level,
      message,
      ...(hint === undefined ? {} : { hint }),
      ...(file === undefined ? {} : { file }),
      ...(line === undefined ? {} : { line }),
    })),
  });
}

const COLORS = { error: "31", warning: "33", info: "36" } as const;

/** The worst first; empty when there are none. */
export function checkPretty(
  findings: readonly CheckFinding[],
  { color }: { color: boolean },
): string {
  const paint = (code: string, text: string) =>
    color ? `\x1b[${code}m${text}\x1b[0m` : text;
  return worstFirst(findings).map((finding) => {
    const { id, level, message, hint, file, line } = finding;
    const place = file === undefined
      ? ""
      : `${
        paint("1", `${visible(file)}:${line === undefined ? "" : `${line}:`}`)
      } `;
    return `${place}${paint(COLORS[level], `${level}:`)} ${visible(message)} ${
      paint("2", `[${id}]`)
    }\n${hint === undefined ? "" : `  hint: ${visible(hint)}\n`}`;
  }).join("");
}

/** `1 error, 0 warnings`. */
export function checkSummary(findings: readonly CheckFinding[]): string {
  const count = (level: CheckFinding["level"]) =>
    findings.filter((finding) => finding.level === level).length;
  return `${plural(count("error"), "error")}, ${
    plural(count("warning"), "warning")
  }`;
}
