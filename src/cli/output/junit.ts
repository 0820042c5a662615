/**
 * JUnit XML as GitLab, Jenkins and others read it: a failure for a wrong answer, an error where there
 * was none. No times: the same input gives the same report.
 *
 * @module
 */

export interface JUnitCase {
  readonly name: string;
  readonly status: "ok" | "failure" | "error";
  /** Absent for a case that stands for a whole suite. */
  readonly place?: { readonly file: string; readonly line: number };
  /** What kind of failure it is. */
  readonly type?: string;
  readonly message: string;
  /** Of a case that passed: what there is to read all the same. */
  readonly details: readonly string[];
}

interface JUnitSuite {
  readonly name: string;
  readonly cases: readonly JUnitCase[];
}

/** The whole report. */
export function junit(name: string, suites: readonly JUnitSuite[]): string {
  const all = suites.flatMap(({ cases }) => cases);
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites${
    attributes({ name, ...counts(all) })
  }>\n${suites.map(suiteXml).join("")}</testsuites>\n`;
}

function suiteXml({ name, cases }: JUnitSuite): string {
  return `  <testsuite${attributes({ name, ...counts(cases) })}>\n${
    cases.map((each) => caseXml(name, each)).join("")
  }  </testsuite>\n`;
}

function counts(cases: readonly JUnitCase[]) {
  const count = (status: JUnitCase["status"]) =>
    cases.filter((each) => each.status === status).length;
  return {
    tests: cases.length,
    failures: count("failure"),
    errors: count("error"),
  };
}

function caseXml(
  classname: string,
  { name, place, status, type, message, details }: JUnitCase,
): string {
  const head = `    <testcase${attributes({ classname, name, ...place })}`;
  const said = text(details.join("\n"));
  if (status === "ok") {
    return said === ""
      ? `${head}/>\n`
      : `${head}>\n      <system-out>${said}</system-out>\n    </testcase>\n`;
  }
  const about = attributes({
    ...(type === undefined ? {} : { type }),
    message,
  });
  return `${head}>\n      <${status}${about}>${said}</${status}>\n    </testcase>\n`;
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values).map(([name, value]) =>
    ` ${name}="${
      text(String(value)).replaceAll('"', "&quot;").replaceAll("\t", "&#9;")
        .replaceAll("\n", "&#10;").replaceAll("\r", "&#13;")
    }"`
  ).join("");
}

/** XML 1.0 has no way at all to write these characters (section 2.2). */
const NOT_IN_XML =
  // deno-lint-ignore no-control-regex -- they are what is replaced
  /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]/gu;

function text(value: string): string {
  return value.replace(NOT_IN_XML, "\ufffd").replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
