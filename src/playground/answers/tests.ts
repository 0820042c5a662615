/**
 * What `policy test` answers, with coverage; on request with changes that no test notices.
 *
 * @module
 */
import { testJson } from "../../cli/policy/testing/json.ts";
import { testPretty } from "../../cli/policy/testing/pretty.ts";
import { mutationCount, testCount } from "../../analysis/testing/words.ts";
import type { PolicyRun } from "../../cli/policy/testing/report.ts";
import { runTests } from "../../cli/policy/testing/run.ts";
import { readSheet, type Sheet } from "./sheet.ts";

export interface Tested {
  /** One line. */
  readonly summary: string;
  /** Whether there are tests, all is well with them, and what must never be is proved. */
  readonly passed: boolean;
  readonly json: string;
  readonly pretty: string;
}

/** Runs the tests of both texts. `progress` is told after each change that was tried. */
export function tested(
  { mutate, ...sheet }: Sheet & { readonly mutate: boolean },
  progress: (done: number, total: number) => void,
): Tested {
  const { beside, texts, ...read } = readSheet(sheet);
  const options = { filter: null, coverage: true, mutate, progress };
  const run = runTests(read, beside, options);
  const report = { runs: [run], threshold: null };
  return {
    summary: summaryOf(run),
    passed: run.results.length > 0 && run.problems.length === 0 &&
      run.findings.every(({ level }) => level !== "error") &&
      run.results.every(({ passed }) => passed) &&
      (run.mutation?.survived.length ?? 0) === 0 &&
      (run.mutation?.unknown.length ?? 0) === 0,
    json: testJson(report),
    pretty: testPretty(report, { texts, color: false }),
  };
}

function summaryOf(run: PolicyRun): string {
  if (run.results.length === 0) {
    return run.problems[0] ?? "the policy or its tests cannot be used";
  }
  const { mutation } = run;
  return testCount(run.results) +
    (mutation === null ? "" : `; ${mutationCount(mutation)}`);
}
