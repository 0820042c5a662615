/**
 * The Test Anything Protocol, version 14: the plan first, diagnostics as YAML blocks.
 *
 * @module
 */
import { type Check, checksOf, type TestReport } from "./report.ts";

export function testTap(report: TestReport): string {
  const checks = checksOf(report);
  const plan = `TAP version 14\n1..${checks.length}\n`;
  // a plan of none would count as skipped, which is not a failure
  if (checks.length === 0) return `${plan}Bail out! nothing was checked\n`;
  return plan + checks.map((check, index) => point(check, index + 1)).join("");
}

function point(check: Check, number: number): string {
  const ok = check.status === "ok" ? "ok" : "not ok";
  const line = `${ok} ${number} - ${described(check.name)}\n`;
  if (check.status === "ok") return line;
  // JSON is YAML, and has no surprises
  const members: [string, unknown][] = [
    ["message", check.message],
    ["severity", check.status === "error" ? "error" : "fail"],
    ["at", { file: check.file, line: check.line }],
    ["expected", check.expected],
    ["actual", check.actual],
    ["details", check.details.length === 0 ? undefined : check.details],
  ];
  const block = members.filter(([, value]) => value !== undefined)
    .map(([key, value]) => `  ${key}: ${yaml(value)}\n`).join("");
  return `${line}  ---\n${block}  ...\n`;
}

/** "#" would begin a directive; a description is one line. */
function described(name: string): string {
  return name.replace(/[\\#]/g, "\\$&").replace(/\p{Cc}|[\u2028\u2029]/gu, " ");
}

function yaml(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff]/g,
    (character) =>
      `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
