/**
 * The findings of `check`, for a person and for a program.
 *
 * @module
 */
import type { Finding, Level } from "../../policy/diagnostic.ts";
import { plural } from "../../lib/text.ts";
import { findingJson, jsonDocument } from "../output/json.ts";
import { worstFirst } from "../output/levels.ts";
import { prettyFindings } from "../output/pretty.ts";

export function checkJson(findings: readonly Finding[]): string {
  return jsonDocument("oauth-pam/check@1", {
    findings: findings.map(findingJson),
  });
}

/** The worst first; empty when there are none. */
export function checkPretty(
  findings: readonly Finding[],
  options: { color: boolean },
): string {
  return prettyFindings(worstFirst(findings), options);
}

/** `1 error, 0 warnings`. */
export function checkSummary(findings: readonly Finding[]): string {
  const count = (level: Level) =>
    findings.filter((finding) => finding.level === level).length;
  return `${plural(count("error"), "error")}, ${
    plural(count("warning"), "warning")
  }`;
}
