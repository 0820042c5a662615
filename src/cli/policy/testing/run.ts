/**
 * The tests of one policy: run, measured, and what must never be proved beside them. Reads no file.
 *
 * @module
 */
import { coverageOf } from "../../../analysis/testing/coverage.ts";
import { mutate } from "../../../analysis/testing/mutate.ts";
import { prove, readInvariants } from "../../../analysis/never/invariants.ts";
import { proofTexts } from "../../../analysis/never/words.ts";
import type { Diagnostic } from "../../../policy/diagnostic.ts";
import {
  diagnosticAt,
  type ParsedPolicy,
  type PolicySource,
  usable,
} from "../../../policy/syntax/parse.ts";
import type { Policy } from "../../../policy/model.ts";
import { runTest } from "../../../analysis/testing/expectation.ts";
import {
  type TestSource,
  type TestSuite,
  testSuite,
} from "../../../analysis/testing/suite.ts";
import {
  placedCoverage,
  placedMutation,
} from "../../../analysis/testing/words.ts";
import type { PolicyRun } from "./report.ts";

export interface RunOptions {
  /** Only tests whose name holds this. */
  readonly filter: string | null;
  readonly coverage: boolean;
  /** Whether to change the policy, one condition at a time. */
  readonly mutate: boolean;
  /** Told after each such change. */
  readonly progress: (done: number, total: number) => void;
}

/** What was read of the files of tests beside a policy. */
interface Beside {
  readonly sources: readonly TestSource[];
  readonly diagnostics: readonly Diagnostic[];
}

export const NOTHING_BESIDE: Beside = { sources: [], diagnostics: [] };

/** Runs the tests in a policy and beside it. Of a policy that is not usable it tells the errors. */
export function runTests(
  read: ParsedPolicy & { readonly file: string },
  beside: Beside,
  options: RunOptions,
): PolicyRun {
  const empty = {
    file: read.file,
    results: [],
    coverage: null,
    mutation: null,
    problems: [],
    broken: [],
  };
  const policy = usable(read);
  const errors = read.diagnostics.filter(({ level }) => level === "error");
  if (policy === null || read.source === null) {
    return { ...empty, findings: errors };
  }
  const suite = testSuite(policy, { own: read.source, beside: beside.sources });
  const findings = [...beside.diagnostics, ...suite.findings];
  const { filter } = options;
  const results = suite.cases
    .filter(({ name }) => filter === null || name.includes(filter))
    .map((test) => runTest(policy, test));
  const nothing = suite.cases.length === 0 && findings.length === 0;
  const never = neverHolds(policy, read.source);
  const run: PolicyRun = {
    ...empty,
    findings: [...findings, ...never.findings],
    results,
    broken: never.broken,
    problems: [
      ...(nothing ? [`${read.file}: there are no tests`] : []),
      ...never.broken.map((text) => `${read.file}: ${text}`),
    ],
  };
  return measured(run, { ...options, policy, suite, source: read.source });
}

/** What must never be is proved beside the tests, which only try some requests. */
function neverHolds(
  policy: Policy,
  source: PolicySource,
): { findings: Diagnostic[]; broken: string[] } {
  const { invariants, issues } = readInvariants(policy, source);
  return {
    findings: issues.map((issue) => diagnosticAt(source, issue)),
    broken: invariants.flatMap((one) => proofTexts(prove(policy, one))),
  };
}

interface Measure extends RunOptions {
  readonly policy: Policy;
  readonly suite: TestSuite;
  readonly source: PolicySource;
}

/** With coverage and mutations, where they were asked for and there is anything to measure. */
function measured(run: PolicyRun, work: Measure): PolicyRun {
  const { results, findings } = run;
  if (results.length === 0) return run;
  const { policy, source } = work;
  const found = work.coverage ? coverageOf(policy, results) : null;
  const coverage = found && placedCoverage(found, source);
  if (!work.mutate) return { ...run, coverage };
  if (findings.length > 0 || results.some(({ passed }) => !passed)) {
    const problem = `${run.file}: no changes were tried, because not all is ` +
      "well without them";
    return { ...run, coverage, problems: [...run.problems, problem] };
  }
  const report = mutate(policy, results, {
    defaults: work.suite.defaults,
    onProgress: work.progress,
  });
  const mutation = placedMutation(report, source);
  return { ...run, coverage, mutation };
}
