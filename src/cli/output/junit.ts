/**
 * Findings as a JUnit report: a suite a file, a case a finding.
 *
 * A finding fails its case exactly when its level makes the run fail; a file that is no policy is
 * an error; a file without findings has one case that passed.
 *
 * @module
 */
import type { Diagnostic } from "../../policy/diagnostic.ts";
import type { LintedFile, LintReport } from "../policy/lint/report.ts";
import {
  type Check,
  checksOf,
  type TestReport,
} from "../policy/testing/report.ts";

export function junitFindings(report: LintReport): string {
  const names = [
    ...new Set([
      ...report.files.map(({ file }) => file),
      ...report.findings.map(({ file }) => file),
    ]),
  ];
  const suites = names.map((name) =>
    suite(
      report.files.find(({ file }) => file === name) ??
        { file: name, text: "", readable: true },
      report,
    )
  );
  const sum = (key: "tests" | "failures" | "errors") =>
    suites.reduce((total, each) => total + each[key], 0);
  return `<?xml version="1.0" encoding="UTF-8"?>\n` +
    `<testsuites name="oauth-pam policy lint" tests="${sum("tests")}" ` +
    `failures="${sum("failures")}" errors="${sum("errors")}">\n` +
    `${suites.map(({ xml }) => xml).join("")}</testsuites>\n`;
}

interface Suite {
  readonly xml: string;
  readonly tests: number;
  readonly failures: number;
  readonly errors: number;
}

function suite({ file, readable }: LintedFile, report: LintReport): Suite {
  const findings = report.findings.filter((finding) => finding.file === file);
  const fails = (finding: Diagnostic) =>
    report.failing.includes(finding.level) ||
    (!readable && finding.level === "error");
  const failed = findings.filter(fails).length;
  const cases = findings.map((finding) =>
    testCase(finding, {
      as: !fails(finding) ? "passed" : readable ? "failure" : "error",
    })
  );
  const passed = `    <testcase classname="${
    attribute(file)
  }" name="no findings"/>\n`;
  const tests = Math.max(1, findings.length);
  const [failures, errors] = readable ? [failed, 0] : [0, failed];
  const xml =
    `  <testsuite name="${
      attribute(file)
    }" tests="${tests}" failures="${failures}" ` +
    `errors="${errors}">\n${
      cases.length === 0 ? passed : cases.join("")
    }  </testsuite>\n`;
  return { xml, tests, failures, errors };
}

function testCase(
  finding: Diagnostic,
  { as }: { as: "passed" | "failure" | "error" },
): string {
  const { file, line, column, id, level, message, hint } = finding;
  const details = [
    `${file}:${line}:${column}: ${level}: ${message} [${id}]`,
    ...(hint === undefined ? [] : [`hint: ${hint}`]),
  ].join("\n");
  const body = as === "passed"
    ? `<system-out>${text(details)}</system-out>`
    : `<${as} type="${attribute(id)}" message="${attribute(message)}">` +
      `${text(details)}</${as}>`;
  const name = attribute(`${id} (${line}:${column})`);
  return `    <testcase classname="${attribute(file)}" name="${name}" ` +
    `file="${
      attribute(file)
    }" line="${line}">\n      ${body}\n    </testcase>\n`;
}

/** XML 1.0 has no way at all to write these characters (section 2.2). */
const NOT_IN_XML =
  // deno-lint-ignore no-control-regex -- they are what is replaced
  /[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]/gu;

function text(value: string): string {
  return value.replace(NOT_IN_XML, "\ufffd").replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function attribute(value: string): string {
  return text(value).replaceAll('"', "&quot;").replaceAll("\t", "&#9;")
    .replaceAll("\n", "&#10;").replaceAll("\r", "&#13;");
}

// JUnit XML as GitLab, Jenkins and others read it: one suite a policy, a failure for a wrong
// answer, an error where there was none. No times: the same tests give the same file.

export function testJunit(report: TestReport): string {
  const checks = checksOf(report);
  const suites = report.runs.map(({ file }) => {
    const own = checks.filter(({ suite }) => suite === file);
    return `  <testsuite${attributes({ name: file, ...counts(own) })}>\n${
      own.map(testcase).join("")
    }  </testsuite>\n`;
  });
  const name = "oauth-pam policy test";
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites${
    attributes({ name, ...counts(checks) })
  }>\n${suites.join("")}</testsuites>\n`;
}

function counts(checks: readonly Check[]) {
  const count = (status: Check["status"]) =>
    checks.filter((check) => check.status === status).length;
  return {
    tests: checks.length,
    failures: count("failure"),
    errors: count("error"),
  };
}

function testcase(check: Check): string {
  const head = `    <testcase${
    attributes({
      classname: check.suite,
      name: check.name,
      file: check.file,
      line: check.line,
    })
  }`;
  if (check.status === "ok") return `${head}/>\n`;
  const text = [`${check.file}:${check.line}`, ...check.details].join("\n");
  const { message } = check;
  return `${head}>\n      <${check.status}${attributes({ message })}>${
    escaped(text)
  }</${check.status}>\n    </testcase>\n`;
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values).map(([name, value]) =>
    ` ${name}="${escaped(String(value)).replaceAll("\n", "&#10;")}"`
  ).join("");
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
};

/** Without what XML 1.0 cannot hold, escaped or not (section 2.2). */
function escaped(text: string): string {
  return text.toWellFormed()
    // deno-lint-ignore no-control-regex -- they are what is removed
    .replace(/[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff]/g, "\ufffd")
    .replace(/[&<>"]/g, (character) => ENTITIES[character] ?? character);
}
