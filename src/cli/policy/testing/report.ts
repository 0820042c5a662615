/**
 * What `policy test` found, before it takes a format.
 *
 * @module
 */
import type { Coverage } from "../../../analysis/testing/coverage.ts";
import type { Decision, RuleOutcome } from "../../../policy/decision.ts";
import type { Diagnostic } from "../../../policy/diagnostic.ts";
import type { Survivor, Unnoticed } from "../../../analysis/testing/mutate.ts";
import type { PolicySource } from "../../../policy/syntax/parse.ts";
import type {
  Expectation,
  TestResult,
} from "../../../analysis/testing/expectation.ts";
import { plural } from "../../../lib/text.ts";
import { locate, type Path } from "../../../policy/syntax/yaml.ts";

/** A sentence about a place in a file. */
export interface Placed {
  readonly message: string;
  readonly rule: string | null;
  readonly file: string;
  readonly line: number;
}

interface PlacedCoverage extends Omit<Coverage, "uncovered"> {
  readonly uncovered: readonly (Placed & Coverage["uncovered"][number])[];
}

interface PlacedMutation {
  readonly tried: number;
  readonly noticed: number;
  readonly equivalent: number;
  readonly survived: readonly (Placed & Survivor)[];
  readonly unknown: readonly (Placed & Unnoticed)[];
  readonly host: readonly (Placed & Unnoticed)[];
}

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

/** Gives a sentence its place in the policy. */
export function placed<Item extends { message: string; path: Path }>(
  item: Item & { readonly rule: string | null },
  source: PolicySource,
): Item & Placed {
  const { start, end } = locate(source.yaml.root, item.path, { at: "key" });
  const { line } = source.yaml.span(start, end);
  return { ...item, file: source.file, line };
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

/** `3 tests, 2 passed, 1 failed`. */
export function testCount(results: PolicyRun["results"]): string {
  const passed = results.filter((result) => result.passed).length;
  return `${plural(results.length, "test")}, ${passed} passed, ${
    results.length - passed
  } failed`;
}

/** `coverage: 80 % (4 of 5)`. */
export function coverageCount(
  coverage: PlacedCoverage,
  threshold: number | null,
): string {
  const { covered, total, percent } = coverage;
  const missed = below(coverage, threshold) ? `, below ${threshold} %` : "";
  return `coverage: ${percent} % (${covered} of ${total})${missed}`;
}

/** What became of the changes. */
export function mutationCount(
  { tried, noticed, equivalent, survived, unknown, host }: PlacedMutation,
): string {
  return `changes tried: ${tried}, noticed: ${noticed}, ` +
    `unnoticed: ${survived.length}, without effect: ${equivalent}` +
    (unknown.length === 0 ? "" : `, not known: ${unknown.length}`) +
    (host.length === 0 ? "" : `, beyond tests: ${host.length}`);
}

/** Something that no test has shown, with its place and the reason. */
export function uncoveredLine(
  { file, line, message, why }: PlacedCoverage["uncovered"][number],
): string {
  return `${file}:${line}: ${message}${why === undefined ? "" : `: ${why}`}`;
}

/** Whether the coverage misses the threshold; nothing is rounded for this. */
export function below(
  { covered, total }: { covered: number; total: number },
  threshold: number | null,
): boolean {
  return threshold !== null && covered * 100 < threshold * total;
}

/** `deny (mfa_required) by the rule "staff"`, as far as it is known. */
export function answer(
  value: Expectation | Decision,
  permit = "ssh" in value ? value.ssh?.permit : undefined,
): string {
  const reason = value.reason === undefined ? "" : ` (${value.reason})`;
  const rule = value.rule === undefined
    ? ""
    : value.rule === null
    ? " by no rule"
    : ` by the rule "${value.rule}"`;
  const use = permit === undefined ? "" : `, permit: ${permitText(permit)}`;
  return `${value.decision}${reason}${rule}${use}`;
}

function permitText(permit: NonNullable<TestResult["permit"]>): string {
  return `[${permit.join(", ")}]`;
}

const MAX_RULES = 20;

/** Why a decision came about: what each rule had to say, the deciding one first. */
export function explanation(actual: Decision): string[] {
  if (actual.detail !== undefined) return [actual.detail];
  const sorted = [
    ...actual.rules.filter(({ id }) => id === actual.rule),
    ...actual.rules.filter(({ id }) => id !== actual.rule),
  ];
  const more = sorted.length - MAX_RULES;
  return [
    ...sorted.slice(0, MAX_RULES).map(saying),
    ...(more > 0 ? [`… and ${more} more rules`] : []),
  ];
}

function saying(rule: RuleOutcome): string {
  const name = `rule "${rule.id}"`;
  if (rule.because === null) {
    return `${name} ${rule.effect === "allow" ? "allows" : "denies"}`;
  }
  const what = rule.matched ? "matches, but" : "does not match:";
  const condition = (rule.condition ?? []).join(".");
  return `${name} ${what} ${condition}: expected ${short(rule.expected)}, ` +
    `got ${short(rule.actual)} (${rule.because})`;
}

function short(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 120 ? `${text.slice(0, 119)}…` : text;
}

export function lines(text: string): string[] {
  return text.replace(/\n$/, "").split("\n");
}
