/**
 * Who gets in: the facts of the report.
 *
 * @module
 */
import { usable } from "../../policy/syntax/parse.ts";
import { type ReportFacts, reportFacts } from "../../report/facts.ts";
import { type Problem, readSheet, type Sheet, usablePolicy } from "./sheet.ts";

/** Facts as JSON of more characters than these become more than a page draws without standing still. */
const MAX_FACTS = 200_000;

/** The same facts as a report has of these texts, without a time. */
export function whoGetsIn(
  sheet: Sheet,
): { readonly facts: ReportFacts } | Problem {
  const { beside, ...read } = readSheet(sheet);
  const policy = usable(read);
  if (policy === null) {
    const found = usablePolicy(read);
    return "problem" in found
      ? found
      : { problem: "the policy cannot be used" };
  }
  const facts = reportFacts({
    file: read.file,
    text: read.text,
    sha256: null,
    parsed: read,
    policy,
    now: null,
    tests: beside,
    against: null,
    audit: null,
  });
  const { rules, who, refusals, matrix } = facts;
  const { length } = JSON.stringify([rules, who, refusals, matrix]);
  return length <= MAX_FACTS ? { facts } : {
    problem: "there is more to show than a page draws at once: " +
      "`oauth-pam policy report` writes all of it",
  };
}
