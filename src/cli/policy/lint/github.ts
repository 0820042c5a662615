/**
 * Findings as GitHub workflow commands, which become annotations.
 *
 * @module
 */
import { findingAnnotation, githubAnnotations } from "../../output/github.ts";
import type { LintReport } from "./report.ts";

/** One line a finding; empty when there are none. */
export function githubFindings({ findings }: LintReport): string {
  return githubAnnotations(findings.map(findingAnnotation), "finding");
}
