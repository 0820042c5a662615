/**
 * JUnit XML as GitLab, Jenkins and others read it: one suite a policy, a failure for a wrong
 * answer, an error where there was none. No times: the same tests give the same file.
 *
 * @module
 */
import {
  type Check,
  checksOf,
  type TestReport,
} from "../policy/testing/report.ts";

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
