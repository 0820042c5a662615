/**
 * What `policy lint` found, as every reporter gets it.
 *
 * @module
 */
import type { Diagnostic, Level } from "../../../policy/diagnostic.ts";
import type { Suppressed } from "../../../analysis/lint/lint.ts";

interface LintedFile {
  readonly file: string;
  /** Empty when it could not be read. */
  readonly text: string;
  /** Whether it is a policy at all. */
  readonly readable: boolean;
}

export interface LintReport {
  /** Of this program. */
  readonly version: string;
  readonly files: readonly LintedFile[];
  /** Sorted by position. */
  readonly findings: readonly Diagnostic[];
  readonly suppressed: readonly Suppressed[];
  /** Where in the document a finding is, whatever its line. */
  readonly placeOf: (finding: Diagnostic) => string;
  /** The levels that make the run fail. */
  readonly failing: readonly Level[];
}
