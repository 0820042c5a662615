/**
 * Findings as GitHub workflow commands, which become annotations.
 *
 * A step shows ten annotations of each level and drops the rest without a word: the worst come
 * first, and one notice tells of what is left.
 *
 * @module
 */
import type { Diagnostic, Level } from "../../../policy/diagnostic.ts";
import type { LintReport } from "./report.ts";
import { LEVELS, worstFirst } from "../../output/levels.ts";
import { plural, visible } from "../../../lib/text.ts";

const COMMANDS: Readonly<Record<Level, string>> = {
  error: "error",
  warning: "warning",
  info: "notice",
};

const LIMIT = 10;
const LISTED = 50;

/** One line a finding; empty when there are none. */
export function githubFindings({ findings }: LintReport): string {
  const shown: Diagnostic[] = [];
  const rest: Diagnostic[] = [];
  for (const level of LEVELS) {
    const all = worstFirst(findings).filter((each) => each.level === level);
    // one notice is kept for what is left
    const limit = level === "info" ? LIMIT - 1 : LIMIT;
    shown.push(...all.slice(0, limit));
    rest.push(...all.slice(limit));
  }
  return [...shown.map(annotation), ...restNotice(rest)]
    .map((line) => `${line}\n`).join("");
}

function annotation(finding: Diagnostic): string {
  const { file, line, column, endLine, endColumn, id, message, hint } = finding;
  // columns are only understood within one line
  const columns = line === endLine && endColumn > column
    ? { col: column, endColumn }
    : {};
  const properties = { file, line, endLine, ...columns, title: id };
  const text = hint === undefined ? message : `${message}\nhint: ${hint}`;
  return command(COMMANDS[finding.level], properties, text);
}

function restNotice(rest: readonly Diagnostic[]): string[] {
  if (rest.length === 0) return [];
  const lines = rest.slice(0, LISTED).map(({ file, line, column, id, level }) =>
    `${file}:${line}:${column}: ${level} ${id}`
  );
  const more = rest.length > LISTED ? ["…"] : [];
  const title = `${plural(rest.length, "more finding")}`;
  return [command("notice", { title }, [...lines, ...more].join("\n"))];
}

function command(
  name: string,
  properties: Readonly<Record<string, string | number>>,
  message: string,
): string {
  const list = Object.entries(properties).map(([key, value]) =>
    `${key}=${property(value)}`
  );
  return `::${name} ${list.join(",")}::${data(message)}`;
}

/** What would end the command or begin another, and what would confuse a terminal. */
function data(text: string): string {
  return text.split("\n").map(visible).join("\n")
    .replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function property(value: string | number): string {
  return data(String(value)).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
