/**
 * The report of `policy test` for a person at a terminal: what is wrong first to last, then the
 * numbers.
 *
 * @module
 */
import { prettyFindings, type PrettyOptions } from "../../output/pretty.ts";
import { visible } from "../../../lib/text.ts";
import {
  answer,
  below,
  coverageCount,
  explanation,
  mutationCount,
  testCount,
  uncoveredLine,
} from "../../../analysis/testing/words.ts";
import { lines, type PolicyRun, type TestReport } from "./report.ts";
import type { TestResult } from "../../../analysis/testing/expectation.ts";

export function testPretty(report: TestReport, options: PrettyOptions): string {
  return report.runs.map((run) =>
    prettyRun(run, { ...options, threshold: report.threshold })
  ).join("\n");
}

interface RunOptions extends PrettyOptions {
  readonly threshold: number | null;
}

type Paint = (code: string, text: string) => string;

function prettyRun(run: PolicyRun, options: RunOptions): string {
  const paint: Paint = (code, text) =>
    options.color ? `\x1b[${code}m${text}\x1b[0m` : text;
  const failed = run.results.filter(({ passed }) => !passed);
  const parts = [
    prettyFindings(run.findings, options),
    ...failed.map((result) => failure(result, paint)),
    coverage(run, { ...options, paint }),
    mutation(run, paint),
    ...run.problems.map((problem) => `${paint("31", visible(problem))}\n`),
  ];
  const count = testCount(run.results);
  const good = failed.length === 0 && run.results.length > 0 &&
    run.findings.length === 0;
  return `${parts.join("")}${visible(run.file)}: ${
    paint(good ? "32" : "31", count)
  }\n`;
}

function failure({ test, actual, permit }: TestResult, paint: Paint): string {
  const place = `${visible(test.file)}:${test.line}:`;
  return [
    `${paint("1", place)} ${paint("31", "failed:")} ${visible(test.name)}`,
    `  expected: ${visible(answer(test.expected))}`,
    `  actual:   ${visible(answer(actual, permit))}`,
    ...explanation(actual).map((line) => `    ${visible(line)}`),
    "",
  ].join("\n");
}

function coverage(
  run: PolicyRun,
  options: RunOptions & { paint: Paint },
): string {
  if (run.coverage === null) return "";
  const { uncovered } = run.coverage;
  const number = coverageCount(run.coverage, options.threshold);
  return [
    options.paint(below(run.coverage, options.threshold) ? "31" : "1", number),
    ...uncovered.map((point) => `  ${visible(uncoveredLine(point))}`),
    "",
  ].join("\n");
}

function mutation(run: PolicyRun, paint: Paint): string {
  if (run.mutation === null) return "";
  const { survived, unknown, host } = run.mutation;
  const number = mutationCount(run.mutation);
  const good = survived.length + unknown.length === 0;
  return [
    paint(good ? "1" : "31", number),
    ...survived.flatMap(({ file, line, message, yaml }) => [
      `  ${visible(`${file}:${line}: ${message}`)}; a test that notices it:`,
      ...lines(yaml).map((text) => `  ${visible(text)}`),
    ]),
    ...[...unknown, ...host].map(({ file, line, message }) =>
      `  ${visible(`${file}:${line}: ${message}`)}`
    ),
    "",
  ].join("\n");
}
