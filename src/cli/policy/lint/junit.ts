/**
 * Findings as a JUnit report: a suite a file, a case a finding.
 *
 * A finding fails its case exactly when its level makes the run fail; a file that is not a policy is
 * an error; a file without findings has one case that passed.
 *
 * @module
 */
import { type Diagnostic, findingText } from "../../../policy/diagnostic.ts";
import { junit, type JUnitCase } from "../../output/junit.ts";
import type { LintReport } from "./report.ts";

export function junitFindings(report: LintReport): string {
  const names = [
    ...new Set([
      ...report.files.map(({ file }) => file),
      ...report.findings.map(({ file }) => file),
    ]),
  ];
  const suites = names.map((name) => {
    const { readable = true } = report.files.find(({ file }) =>
      file === name
    ) ?? {};
    const cases = report.findings.filter(({ file }) => file === name)
      .map((finding) => caseOf(finding, { readable, report }));
    return { name, cases: cases.length === 0 ? [NO_FINDINGS] : cases };
  });
  return junit("oauth-pam policy lint", suites);
}

const NO_FINDINGS: JUnitCase = {
  name: "no findings",
  status: "ok",
  message: "",
  details: [],
};

function caseOf(
  finding: Diagnostic,
  { readable, report }: { readable: boolean; report: LintReport },
): JUnitCase {
  const { file, line, column, id, level, message, hint } = finding;
  const fails = report.failing.includes(level) ||
    (!readable && level === "error");
  return {
    name: `${id} (${line}:${column})`,
    status: !fails ? "ok" : readable ? "failure" : "error",
    place: { file, line },
    type: id,
    message,
    details: [
      findingText(finding),
      ...(hint === undefined ? [] : [`hint: ${hint}`]),
    ],
  };
}
