/**
 * What `policy test` found, before it takes a format.
 *
 * @module
 */
import type { Diagnostic } from "../../../policy/diagnostic.ts";
import type { TestResult } from "../../../analysis/testing/expectation.ts";
import {
  answer,
  below,
  coverageCount,
  explanation,
  mutationCount,
  type PlacedCoverage,
  type PlacedMutation,
  testCount,
  uncoveredLine,
} from "../../../analysis/testing/words.ts";

/** The tests of one policy. */
export interface PolicyRun {
  readonly file: string;
  /** What is wrong with the policy or its tests. */
  readonly findings: readonly Diagnostic[];
  readonly results: readonly TestResult[];
  /** `null` when it was not asked for or could not be told. */
  readonly coverage: PlacedCoverage | null;
  readonly mutation: PlacedMutation | null;
  /** Why a number or a list that was asked for is not there, or nothing was checked at all. */
  readonly problems: readonly string[];
  /** Entries of `never` that do not hold, or that could not be proved. */
  readonly broken: readonly string[];
}

export interface TestReport {
  readonly runs: readonly PolicyRun[];
  /** The percentage that each policy's coverage must reach. */
  readonly threshold: number | null;
}

/** One line of a report that knows only good and bad. */
export interface Check {
  /** The policy. */
  readonly suite: string;
  readonly name: string;
  readonly file: string;
  readonly line: number;
  /** A failure is a wrong answer, an error is none at all. */
  readonly status: "ok" | "failure" | "error";
  readonly message: string;
  readonly expected?: unknown;
  readonly actual?: unknown;
  readonly details: readonly string[];
  /** What it tells of, where that is a finding in a file. */
  readonly finding?: Diagnostic;
}

/** Everything that was checked, so that every format tells the same as the exit code. */
export function checksOf(report: TestReport): Check[] {
  return report.runs.flatMap((run) => [
    ...run.findings.filter(({ level }) => level === "error").map((
      finding,
    ): Check => ({
      suite: run.file,
      name: `${finding.message} [${finding.id}]`,
      file: finding.file,
      line: finding.line,
      status: "error",
      message: finding.message,
      details: finding.hint === undefined ? [] : [`hint: ${finding.hint}`],
      finding,
    })),
    ...run.problems.map((problem): Check => ({
      suite: run.file,
      name: problem,
      file: run.file,
      line: 1,
      status: "error",
      message: problem,
      details: [],
    })),
    ...run.results.map((result) => resultCheck(run.file, result)),
    ...coverageChecks(run, report.threshold),
    ...(run.mutation?.survived ?? []).map((survivor): Check => ({
      suite: run.file,
      name: survivor.message,
      file: survivor.file,
      line: survivor.line,
      status: "failure",
      message: survivor.message,
      details: ["a test that notices it:", ...lines(survivor.yaml)],
    })),
    ...(run.mutation?.unknown ?? []).map(({ message, file, line }): Check => ({
      suite: run.file,
      name: message,
      file,
      line,
      status: "error",
      message,
      details: [],
    })),
  ]);
}

function resultCheck(suite: string, result: TestResult): Check {
  const { test, passed, actual, permit } = result;
  return {
    suite,
    name: test.name,
    file: test.file,
    line: test.line,
    status: passed ? "ok" : "failure",
    message: passed
      ? ""
      : `expected ${answer(test.expected)}, got ${answer(actual, permit)}`,
    ...(passed ? {} : {
      expected: test.expected,
      actual: {
        decision: actual.decision,
        reason: actual.reason,
        rule: actual.rule,
        ...(permit === undefined ? {} : { ssh: { permit } }),
      },
    }),
    details: passed ? [] : explanation(actual),
  };
}

function coverageChecks(run: PolicyRun, threshold: number | null): Check[] {
  if (run.coverage === null || !below(run.coverage, threshold)) return [];
  const { covered, total, percent, uncovered } = run.coverage;
  const message =
    `coverage is ${percent} % (${covered} of ${total}), below ${threshold} %`;
  return [{
    suite: run.file,
    name: message,
    file: run.file,
    line: 1,
    status: "failure",
    message,
    details: uncovered.map(uncoveredLine),
  }];
}

/** How many tests and conditions, and how many changes were tried; one line each. */
export function numbers(
  { results, coverage, mutation }: PolicyRun,
  threshold: number | null,
): string[] {
  return [
    testCount(results),
    ...(coverage === null ? [] : [coverageCount(coverage, threshold)]),
    ...(mutation === null ? [] : [mutationCount(mutation)]),
  ];
}

export function lines(text: string): string[] {
  return text.replace(/\n$/, "").split("\n");
}
