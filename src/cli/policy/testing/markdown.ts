/**
 * Tests as Markdown, for a job summary or a note on a merge request.
 *
 * @module
 */
import { plural } from "../../../lib/text.ts";
import {
  markdownCode,
  markdownFold,
  markdownTable,
  markdownText,
} from "../../output/markdown.ts";
import {
  type Check,
  checksOf,
  numbers,
  type PolicyRun,
  type TestReport,
} from "./report.ts";
import { uncoveredLine } from "../../../analysis/testing/words.ts";

const MAX_LINES = 20;
const MAX_LENGTH = 500;

export function testMarkdown(report: TestReport): string {
  const checks = checksOf(report);
  return report.runs.map((run) =>
    markdownRun(run, {
      wrong: checks.filter(({ suite, status }) =>
        suite === run.file && status !== "ok"
      ),
      threshold: report.threshold,
    })
  ).join("\n");
}

function markdownRun(
  run: PolicyRun,
  { wrong, threshold }: {
    wrong: readonly Check[];
    threshold: number | null;
  },
): string {
  const warnings = run.findings.filter(({ level }) => level !== "error");
  const uncovered = run.coverage?.uncovered.map(uncoveredLine) ?? [];
  const title = `${plural(uncovered.length, "condition")} not covered`;
  return [
    `### Tests of ${code(run.file)}`,
    "",
    markdownText(numbers(run, threshold).join("; ")),
    ...(wrong.length === 0
      ? []
      : ["", ...markdownTable(["", "place", "what", "why"], wrong.map(cells))]),
    ...warnings.flatMap(({ file, line, level, message }) => [
      "",
      `${level}: ${code(`${file}:${line}`)} ${markdownText(message)}`,
    ]),
    ...(uncovered.length === 0
      ? []
      : ["", markdownFold(title, folded(uncovered))]),
  ].map((line) => `${line}\n`).join("");
}

function cells(
  { file, line, name, message, status, details }: Check,
): string[] {
  const fold = details.length === 0
    ? ""
    : markdownFold("more", folded(details));
  return [
    status === "error" ? "no answer" : "failed",
    code(`${file}:${line}`),
    code(name),
    `${name === message ? "" : markdownText(short(message))}${fold}`,
  ];
}

function folded(lines: readonly string[]): string[] {
  const more = lines.length - MAX_LINES;
  return [
    ...lines.slice(0, MAX_LINES).map(short),
    ...(more > 0 ? [`and ${plural(more, "more line")}`] : []),
  ];
}

function code(text: string): string {
  return markdownCode(short(text));
}

function short(text: string): string {
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
}
