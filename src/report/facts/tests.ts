/**
 * What a policy's tests show: whether they pass, what they cover, and what they would not notice.
 *
 * @module
 */
import { coverageOf } from "../../analysis/testing/coverage.ts";
import {
  runTest,
  type TestResult,
} from "../../analysis/testing/expectation.ts";
import { mutate } from "../../analysis/testing/mutate.ts";
import { mutationsOf } from "../../analysis/testing/mutations.ts";
import { type TestSource, testSuite } from "../../analysis/testing/suite.ts";
import {
  answer,
  type Placed,
  type PlacedCoverage,
  placedCoverage,
  type PlacedMutation,
  placedMutation,
} from "../../analysis/testing/words.ts";
import type { Diagnostic } from "../../policy/diagnostic.ts";
import type { Policy } from "../../policy/model.ts";
import type { PolicySource } from "../../policy/syntax/parse.ts";

export interface TestFacts {
  readonly total: number;
  readonly passed: number;
  readonly failing: readonly (Placed & { readonly name: string })[];
  /** What is wrong with the tests themselves. */
  readonly findings: readonly Diagnostic[];
  /** `null` where it is not known. */
  readonly coverage: PlacedCoverage | null;
  readonly mutation: PlacedMutation | null;
  /** Why something is not known. */
  readonly unknown: readonly string[];
}

/** Rules times tests, for coverage: below a second. */
const MAX_COVERED = 150_000;
/** Changes times tests, and changes: each may be compared with the whole policy. */
const MAX_TRIED = 50_000;
const MAX_CHANGES = 500;

export function testFacts(
  policy: Policy,
  source: PolicySource,
  beside: {
    readonly sources: readonly TestSource[];
    readonly diagnostics: readonly Diagnostic[];
  },
): TestFacts {
  const suite = testSuite(policy, { own: source, beside: beside.sources });
  const findings = [...beside.diagnostics, ...suite.findings];
  const results = suite.cases.map((test) => runTest(policy, test));
  const failing = results.filter(({ passed }) => !passed);
  const unknown: string[] = [];
  const known = {
    total: results.length,
    passed: results.length - failing.length,
    failing: failing.map(failure),
    findings,
    coverage: null,
    mutation: null,
    unknown,
  };
  if (results.length === 0) {
    unknown.push(
      findings.length === 0
        ? "there are no tests"
        : "there are no tests that can be run",
    );
    return known;
  }
  const covered = policy.rules.length * results.length <= MAX_COVERED
    ? coverageOf(policy, results)
    : null;
  if (covered === null) {
    unknown.push(
      'coverage was not measured, because there are too many rules and tests for a page: ask "policy test --coverage"',
    );
  }
  const coverage = covered && placedCoverage(covered, source);
  if (findings.length > 0 || failing.length > 0) {
    unknown.push(
      "no changes were tried, because not all is well without them",
    );
    return { ...known, coverage };
  }
  const changes = mutationsOf(policy).length;
  if (changes > MAX_CHANGES || changes * results.length > MAX_TRIED) {
    unknown.push(
      `none of ${changes} changes was tried, because that takes too long for a page: ask "policy test --mutate"`,
    );
    return { ...known, coverage };
  }
  const report = mutate(policy, results, { defaults: suite.defaults });
  return {
    ...known,
    coverage,
    mutation: placedMutation(report, source),
  };
}

function failure(
  { test, actual, permit }: TestResult,
): TestFacts["failing"][number] {
  const { name, file, line, expected } = test;
  return {
    name,
    file,
    line,
    rule: actual.rule,
    message: `expected ${answer(expected)}, got ${answer(actual, permit)}`,
  };
}
