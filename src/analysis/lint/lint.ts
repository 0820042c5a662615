/**
 * Everything that is wrong with a policy: what the parser found and what the lint rules find.
 *
 * @module
 */
import {
  type Diagnostic,
  sortDiagnostics,
  type Span,
} from "../../policy/diagnostic.ts";
import {
  diagnosticAt,
  type ParsedPolicy,
  type PolicySource,
} from "../../policy/syntax/parse.ts";
import { CATALOGUE, RULE_IDS, ruleById } from "./catalogue.ts";
import { LintContext, type LintFacts } from "./context.ts";
import type { LintFinding, LintRule, Place } from "./lint_rule.ts";
import {
  readSuppressions,
  type Suppression,
  unusedSuppression,
} from "./suppress.ts";

interface LintOptions {
  /** What only the command line knows: the file's owner and mode, and tests beside the policy. */
  readonly facts?: LintFacts;
  /** `false` reports what suppressions would hide, and nothing about suppressions. */
  readonly ignores?: boolean;
}

export interface Suppressed {
  readonly finding: Diagnostic;
  readonly reason: string;
}

export interface LintResult {
  readonly findings: readonly Diagnostic[];
  readonly suppressed: readonly Suppressed[];
}

/**
 * All findings, sorted by position. Never throws.
 *
 * Does not run the policy's tests, and does not look at files that the policy names.
 */
export function lintPolicy(
  parsed: ParsedPolicy,
  options: LintOptions = {},
): Diagnostic[] {
  return [...lint(parsed, options).findings];
}

/** The same together with what was suppressed and why. */
export function lint(
  parsed: ParsedPolicy,
  options: LintOptions = {},
): LintResult {
  const { policy, source } = parsed;
  // a file that is not a policy has no rules to reason about
  if (policy === null || source === null) {
    return { findings: parsed.diagnostics, suppressed: [] };
  }
  const context = new LintContext(policy, source, options.facts ?? {});
  const findings = [
    ...parsed.diagnostics,
    ...CATALOGUE.flatMap((rule) =>
      [...rule.check?.(context) ?? []].map((finding) =>
        diagnosticOf(finding, rule, source)
      )
    ),
  ];
  if (options.ignores === false) {
    return { findings: sortDiagnostics(findings), suppressed: [] };
  }
  return suppress(findings, { parsed, source });
}

function suppress(
  findings: readonly Diagnostic[],
  { parsed, source }: { parsed: ParsedPolicy; source: PolicySource },
): LintResult {
  const { all, findings: illFormed } = readSuppressions(source.text);
  // what makes a login refuse the policy stays, whoever thinks otherwise
  const refused = new Set(
    parsed.diagnostics.filter(({ level }) => level === "error"),
  );
  const used = new Set<Suppression>();
  const left: Diagnostic[] = [];
  const suppressed: Suppressed[] = [];
  for (const finding of sortDiagnostics(findings)) {
    const by = refused.has(finding)
      ? undefined
      : all.find(({ id, lines }) =>
        id === finding.id && lines.has(finding.line)
      );
    if (by !== undefined) used.add(by);
    if (by === undefined || by.reason === "") left.push(finding);
    else suppressed.push({ finding, reason: by.reason });
  }
  const certain = new Set([...refused].map(({ id }) => id));
  const unused = all.filter((each) => !used.has(each)).map((each) => ({
    id: "suppress/unused",
    ...unusedSuppression(each, { ids: RULE_IDS, certain }),
  }));
  for (const { id, ...finding } of [...illFormed, ...unused]) {
    const rule = ruleById(id);
    if (rule !== undefined) left.push(diagnosticOf(finding, rule, source));
  }
  return { findings: sortDiagnostics(left), suppressed };
}

function diagnosticOf(
  finding: LintFinding,
  rule: LintRule,
  source: PolicySource,
): Diagnostic {
  const { message, hint, place, related } = finding;
  const placed = "path" in place
    ? diagnosticAt(source, {
      id: rule.id,
      level: finding.level ?? rule.level,
      message,
      ...place,
    })
    : { file: source.file, ...spanOf(place, source) };
  return {
    ...placed,
    id: rule.id,
    level: finding.level ?? rule.level,
    confidence: finding.confidence ?? rule.confidence,
    message,
    ...(hint === undefined ? {} : { hint }),
    ...(related === undefined ? {} : {
      related: related.map((other) => ({
        message: other.message,
        span: spanOf(other.place, source),
      })),
    }),
  };
}

function spanOf(place: Place, source: PolicySource): Span {
  if ("start" in place) return source.yaml.span(place.start, place.end);
  const { line, column, endLine, endColumn } = diagnosticAt(source, {
    id: "",
    level: "info",
    message: "",
    ...place,
  });
  return { line, column, endLine, endColumn };
}
