/**
 * Tests as a JUnit report: a suite a policy, a case a check.
 *
 * @module
 */
import { junit } from "../../output/junit.ts";
import { checksOf, type TestReport } from "./report.ts";

export function testJunit(report: TestReport): string {
  const checks = checksOf(report);
  const suites = report.runs.map(({ file: name }) => ({
    name,
    cases: checks.filter(({ suite }) => suite === name).map((check) => {
      const { name, status, message, file, line, details } = check;
      return {
        ...{ name, status, message, place: { file, line } },
        details: status === "ok" ? [] : [`${file}:${line}`, ...details],
      };
    }),
  }));
  return junit("oauth-pam policy test", suites);
}
