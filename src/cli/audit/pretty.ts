/**
 * A summary of audit files for a person at a terminal.
 *
 * @module
 */
import type { AuditSummary } from "../../analysis/audit/summary.ts";
import type { NamedTally, Tallies, Tally } from "../../analysis/audit/tally.ts";
import { plural, visible } from "../../lib/text.ts";
import { unusableLines } from "../../analysis/audit/words.ts";

/** A rule of the policy, and where it begins. */
export interface PolicyRule {
  readonly id: string;
  readonly line: number | null;
}

/** More of a sort are only counted. */
const MAX_ROWS = 20;

/** `rules` are those of the policy, where one was read. */
export function summaryPretty(
  summary: AuditSummary,
  { rules, color }: { rules: readonly PolicyRule[] | null; color: boolean },
): string {
  const { all, records, people, unusable } = summary;
  const bold = (text: string) => color ? `\x1b[1m${text}\x1b[0m` : text;
  const more = people.cut ? "at least " : "";
  const lost = unusable.reduce((sum, { count }) => sum + count, 0);
  const lines = [
    `${plural(records, "record")}${
      all === null ? "" : `, ${visible(all.first)} to ${visible(all.last)}`
    }`,
    ...(all === null ? [] : [
      `${all.allowed} allowed, ${all.denied} denied`,
      `people: ${more}${people.seen} whose token was verified, ${more}${people.admitted} let in`,
    ]),
    ...(lost === 0
      ? []
      : [`${plural(lost, "line")} of no use:`, ...unusableLines(unusable)]),
    ...section("by reason", rows(summary.reasons, "")),
    ...section("by rule", rows(summary.rules, "no rule")),
    ...section(
      "rules of the policy that decided nothing",
      rules === null ? [] : unusedRules(summary, rules).map(({ id, line }) => [
        visible(id),
        line === null ? "" : `line ${line}`,
      ]),
    ),
    ...section("by issuer", rows(summary.issuers, "none that is known")),
    ...section("by service", rows(summary.services, "none")),
    ...section("by policy", rows(summary.policies, "none could be read")),
    ...section("by what was shown", rows(summary.methods, "token")),
    ...section(
      "accounts",
      summary.accounts.map((use) => [
        visible(use.account),
        `by rule ${visible(use.rule ?? "none")} (${
          visible(use.issuer ?? "none")
        })`,
        `${use.allowed} allowed`,
        `last ${visible(use.last)}`,
      ]),
    ),
    ...(summary.accountsCut ? ["  and others, which are too many"] : []),
  ];
  return lines.map((line) =>
    `${line.startsWith("\n") ? `\n${bold(line.slice(1))}` : line}\n`
  ).join("");
}

/** The policy's rules that no record names. */
export function unusedRules(
  { rules }: AuditSummary,
  ofPolicy: readonly PolicyRule[],
): PolicyRule[] {
  const used = new Set(rules.named.map(({ name }) => name));
  return ofPolicy.filter(({ id }) => !used.has(id));
}

/** Most frequent first. */
function rows({ named, others }: Tallies, without: string): string[][] {
  const row = (name: string, tally: Tally) => [
    name,
    `${tally.allowed} allowed`,
    `${tally.denied} denied`,
    `last ${visible(tally.last)}`,
  ];
  const total = ({ allowed, denied }: Tally) => allowed + denied;
  const byCount = (a: NamedTally, b: NamedTally) => total(b) - total(a);
  return [
    ...named.toSorted(byCount).map((tally) =>
      row(visible(tally.name ?? without), tally)
    ),
    ...(others === null ? [] : [row("others, which are too many", others)]),
  ];
}

function section(title: string, table: readonly string[][]): string[] {
  if (table.length === 0) return [];
  const shown = table.slice(0, MAX_ROWS);
  const widths =
    shown[0]?.map((_, column) =>
      Math.max(...shown.map((row) => row[column]?.length ?? 0))
    ) ?? [];
  const left = table.length - shown.length;
  return [
    `\n${title}:`,
    ...shown.map((row) =>
      `  ${
        row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")
      }`.trimEnd()
    ),
    ...(left === 0 ? [] : [`  and ${left} more`]),
  ];
}
