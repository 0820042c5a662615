/**
 * What `policy lint` finds.
 *
 * @module
 */
import { lint } from "../../analysis/lint/lint.ts";
import { sidecarTests } from "../../analysis/lint/sidecar_tests.ts";
import { type Diagnostic, sortDiagnostics } from "../../policy/diagnostic.ts";
import { usable } from "../../policy/syntax/parse.ts";
import { readSheet, type Sheet } from "./sheet.ts";

export interface Findings {
  /** Of the policy and of the tests beside it. */
  readonly findings: readonly Diagnostic[];
  readonly suppressed: number;
  /** Whether a login could use it. */
  readonly usable: boolean;
}

/** `now` is in seconds. Owner and mode of a file are not looked at: there is none. */
export function findingsOf(
  { now, ...sheet }: Sheet & { readonly now: number },
): Findings {
  const { beside, ...read } = readSheet(sheet);
  const broken = beside.diagnostics.length > 0;
  const facts = {
    now,
    sidecarTests: broken ? null : sidecarTests(beside.sources),
  };
  const { findings, suppressed } = lint(read, { facts });
  return {
    findings: sortDiagnostics([...findings, ...beside.diagnostics]),
    suppressed: suppressed.length,
    usable: usable(read) !== null,
  };
}
