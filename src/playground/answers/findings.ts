/**
 * What `policy lint` finds.
 *
 * @module
 */
import { lint } from "../../analysis/lint/lint.ts";
import { sidecarTests } from "../../analysis/lint/sidecar_tests.ts";
import {
  type Diagnostic,
  type Level,
  sortDiagnostics,
} from "../../policy/diagnostic.ts";
import { usable } from "../../policy/syntax/parse.ts";
import { readSheet, type Sheet } from "./sheet.ts";

interface Findings {
  /** Of the policy and of the tests beside it. */
  readonly findings: readonly Diagnostic[];
  readonly suppressed: number;
  /** Whether a login could use it. */
  readonly usable: boolean;
}

/** The first of the findings, and how many there are of each level. */
export interface FindingsShown extends Findings {
  readonly counts: Readonly<Record<Level, number>>;
}

/** More than these are only counted: a page would draw them for seconds. */
const MAX_SHOWN = 300;

/** What a page has use for. */
export function findingsShown(
  sheet: Parameters<typeof findingsOf>[0],
): FindingsShown {
  const all = findingsOf(sheet);
  const counts = { error: 0, warning: 0, info: 0 };
  for (const { level } of all.findings) counts[level]++;
  return { ...all, findings: all.findings.slice(0, MAX_SHOWN), counts };
}

/** `now` is in seconds. Owner and mode of a file are not looked at: there is none. */
export function findingsOf(
  { now, ...sheet }: Sheet & { readonly now: number },
): Findings {
  const { beside, ...read } = readSheet(sheet);
  const facts = {
    now,
    sidecarTests: sidecarTests(beside),
  };
  const { findings, suppressed } = lint(read, { facts });
  return {
    findings: sortDiagnostics([...findings, ...beside.diagnostics]),
    suppressed: suppressed.length,
    usable: usable(read) !== null,
  };
}
