/**
 * What a lint rule is: an id, a level, a page for people, and a check.
 *
 * @module
 */
import type { Confidence, Level } from "../../policy/diagnostic.ts";
import type { Path } from "../../policy/syntax/yaml.ts";
import type { LintContext } from "./context.ts";

/** What `policy lint --explain` prints. `avoid` and `prefer` are excerpts of policies. */
export interface Page {
  /** One line, for lists. */
  readonly summary: string;
  readonly avoid: string;
  readonly prefer: string;
  readonly why: string;
}

/** Where a finding is: a path in the document, or offsets in the text. */
export type Place =
  | { readonly path: Path; readonly at?: "key" | "value" }
  | { readonly start: number; readonly end: number };

/** What a check found. Level and confidence are the rule's unless said otherwise. */
export interface LintFinding {
  readonly message: string;
  readonly hint?: string;
  readonly place: Place;
  readonly level?: Level;
  readonly confidence?: Confidence;
  readonly related?: readonly {
    readonly message: string;
    readonly place: Place;
  }[];
}

export interface LintRule {
  /** Family and name, such as `match/wildcard-only`. Never changes its meaning. */
  readonly id: string;
  readonly level: Level;
  readonly confidence: Confidence;
  readonly page: Page;
  /**
   * Who finds it: the parser, whose errors also stop every login; the command line, which knows
   * the file; the handling of suppressions; or the check here.
   */
  readonly found: "parser" | "file" | "suppressions" | "check";
  readonly check?: (context: LintContext) => Iterable<LintFinding>;
}

/** A rule with a check of its own. */
export function lintRule(
  id: string,
  rule: {
    readonly level: Level;
    readonly confidence?: Confidence;
    readonly page: Page;
    readonly check: (context: LintContext) => Iterable<LintFinding>;
  },
): LintRule {
  return { confidence: "high", ...rule, id, found: "check" };
}

/** The page of something that other code finds. */
export function foundElsewhere(
  found: "parser" | "file" | "suppressions",
  id: string,
  rule: { readonly level?: Level; readonly page: Page },
): LintRule {
  return { level: "error", confidence: "high", ...rule, id, found };
}
