/**
 * The report of `policy test` as a JSON document.
 *
 * @module
 */
import { findingJson, jsonDocument } from "../../output/json.ts";
import { explanation, type Placed } from "../../../analysis/testing/words.ts";
import { type PolicyRun, type TestReport } from "./report.ts";
import { percentage } from "../../../analysis/testing/coverage.ts";
import type { TestResult } from "../../../analysis/testing/expectation.ts";

export function testJson(report: TestReport): string {
  const { runs, threshold } = report;
  const results = runs.flatMap((run) => run.results);
  const findings = runs.flatMap((run) => run.findings);
  const problems = runs.flatMap(({ file, problems }) =>
    problems.map((message) => ({ file, message }))
  );
  const passed = results.filter((result) => result.passed).length;
  return jsonDocument("oauth-pam/test@1", {
    tests: results.map(resultJson),
    passed,
    failed: results.length - passed,
    ...coverageJson(runs, threshold),
    ...mutationJson(runs),
    ...(findings.length === 0 ? {} : { findings: findings.map(findingJson) }),
    ...(problems.length === 0 ? {} : { problems }),
  });
}

function resultJson({ test, passed, actual, permit }: TestResult) {
  return {
    name: test.name,
    file: test.file,
    line: test.line,
    ...(test.way === undefined ? {} : { way: test.way }),
    passed,
    expected: test.expected,
    actual: {
      decision: actual.decision,
      reason: actual.reason,
      rule: actual.rule,
      ...(permit === undefined ? {} : { ssh: { permit } }),
      ...(passed ? {} : { explanation: explanation(actual) }),
    },
  };
}

function coverageJson(runs: readonly PolicyRun[], threshold: number | null) {
  const known = runs.flatMap(({ file, coverage }) =>
    coverage === null ? [] : [{ file, coverage }]
  );
  if (known.length === 0) return {};
  const sum = (key: "covered" | "total") =>
    known.reduce((total, { coverage }) => total + coverage[key], 0);
  return {
    coverage: {
      covered: sum("covered"),
      total: sum("total"),
      percent: percentage(sum("covered"), sum("total")),
      ...(threshold === null ? {} : { threshold }),
      policies: known.map(({ file, coverage }) => ({
        file,
        covered: coverage.covered,
        total: coverage.total,
        percent: coverage.percent,
      })),
      uncovered: known.flatMap(({ coverage }) =>
        coverage.uncovered.map((
          { message, why, file, line, rule, condition, outcome },
        ) => ({
          message,
          ...(why === undefined ? {} : { why }),
          file,
          line,
          rule,
          condition,
          outcome,
        }))
      ),
    },
  };
}

function mutationJson(runs: readonly PolicyRun[]) {
  const known = runs.flatMap(({ mutation }) => mutation ?? []);
  if (known.length === 0) return {};
  const sum = (key: "tried" | "noticed" | "equivalent") =>
    known.reduce((total, mutation) => total + mutation[key], 0);
  return {
    mutation: {
      tried: sum("tried"),
      noticed: sum("noticed"),
      equivalent: sum("equivalent"),
      survived: known.flatMap(({ survived }) =>
        survived.map(({ message, file, line, rule, test, yaml }) => ({
          message,
          file,
          line,
          rule,
          test,
          yaml,
        }))
      ),
      unknown: known.flatMap(({ unknown }) => unknown.map(unnoticedJson)),
      host: known.flatMap(({ host }) => host.map(unnoticedJson)),
    },
  };
}

function unnoticedJson({ message, file, line, rule }: Placed) {
  return { message, file, line, rule };
}
