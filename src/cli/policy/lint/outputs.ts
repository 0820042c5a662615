/**
 * Which reports `policy lint` writes.
 *
 * @module
 */
import { githubFindings } from "./github.ts";
import { lintJson } from "../../output/json.ts";
import { junitFindings } from "./junit.ts";
import type { LintReport } from "./report.ts";
import { prettyFindings } from "../../output/pretty.ts";
import { sarifFindings } from "./sarif.ts";

export const FORMATS = ["pretty", "json", "github", "sarif", "junit"] as const;
type Format = typeof FORMATS[number];

/** Each format's report. */
export const REPORTERS: Readonly<
  Record<
    Format,
    (
      report: LintReport,
      options: { texts: ReadonlyMap<string, string>; color: boolean },
    ) => string
  >
> = {
  pretty: ({ findings }, options) => prettyFindings(findings, options),
  json: ({ findings }) => lintJson(findings),
  github: githubFindings,
  sarif: sarifFindings,
  junit: junitFindings,
};
