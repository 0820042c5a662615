/**
 * What tests found in words, and where it is written.
 *
 * @module
 */
import type { Coverage } from "./coverage.ts";
import type { Decision, RuleOutcome } from "../../policy/decision.ts";
import type { MutationReport, Survivor, Unnoticed } from "./mutate.ts";
import type { PolicySource } from "../../policy/syntax/parse.ts";
import type { Expectation, TestResult } from "./expectation.ts";
import { plural } from "../../lib/text.ts";
import { locate, type Path } from "../../policy/syntax/yaml.ts";

/** A sentence about a place in a file. */
export interface Placed {
  readonly message: string;
  readonly rule: string | null;
  readonly file: string;
  readonly line: number;
}

/** Coverage, with what is uncovered in its places. */
export interface PlacedCoverage extends Omit<Coverage, "uncovered"> {
  readonly uncovered: readonly (Placed & Coverage["uncovered"][number])[];
}

/** What became of changes, with their places. */
export interface PlacedMutation {
  readonly tried: number;
  readonly noticed: number;
  readonly equivalent: number;
  readonly survived: readonly (Placed & Survivor)[];
  readonly unknown: readonly (Placed & Unnoticed)[];
  readonly host: readonly (Placed & Unnoticed)[];
}

/** Gives a sentence its place in the policy. */
function placed<Item extends { message: string; path: Path }>(
  item: Item & { readonly rule: string | null },
  source: PolicySource,
): Item & Placed {
  const { start, end } = locate(source.yaml.root, item.path, { at: "key" });
  const { line } = source.yaml.span(start, end);
  return { ...item, file: source.file, line };
}

/** The same for all that tests do not cover. */
export function placedCoverage(
  coverage: Coverage,
  source: PolicySource,
): PlacedCoverage {
  return {
    ...coverage,
    uncovered: coverage.uncovered.map((item) => placed(item, source)),
  };
}

/** And for what became of changes. */
export function placedMutation(
  report: MutationReport,
  source: PolicySource,
): PlacedMutation {
  return {
    ...report,
    survived: report.survived.map((item) => placed(item, source)),
    unknown: report.unknown.map((item) => placed(item, source)),
    host: report.host.map((item) => placed(item, source)),
  };
}

/** `3 tests, 2 passed, 1 failed`. */
export function testCount(results: readonly TestResult[]): string {
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
