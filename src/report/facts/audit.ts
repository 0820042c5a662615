/**
 * What was recorded of logins: when each rule last decided, and why attempts were refused.
 *
 * @module
 */
import type { AuditSummary } from "../../analysis/audit/summary.ts";
import { unusableLines } from "../../analysis/audit/words.ts";
import { instantText } from "../../policy/instant.ts";
import type { RuleFact } from "./rules.ts";

export interface RuleUse {
  readonly id: string;
  readonly line: number;
  readonly effect: "allow" | "deny";
  readonly allowed: number;
  readonly denied: number;
  /** As recorded; `null`: it decided nothing. */
  readonly last: string | null;
  /**
   * "unused": it decided nothing for as long as counts; "unknown": records do not span those
   * days, or not all rules that decided were counted.
   */
  readonly verdict: "used" | "unused" | "unknown";
}

export interface AuditFacts {
  readonly records: number;
  readonly allowed: number;
  readonly denied: number;
  /** As recorded; `null` without records. */
  readonly first: string | null;
  readonly last: string | null;
  /** From when the days are counted back; `null` without records and without a time. */
  readonly until: string | null;
  readonly days: number;
  readonly rules: readonly RuleUse[];
  /** Names of rules in records that the policy does not have. */
  readonly strange: number;
  readonly refusals: readonly {
    /** `null`: all that were too many to be counted apart. */
    readonly reason: string | null;
    readonly count: number;
    readonly last: string;
  }[];
  /** Lines of no use, by cause. */
  readonly unusable: readonly string[];
}

/** Not used for so long: a candidate for removal. */
const DAYS = 90;

/** `now` in seconds since the epoch; without it, days are counted back from the newest record. */
export function auditFacts(
  summary: AuditSummary,
  { rules, now }: { rules: readonly RuleFact[]; now: number | null },
): AuditFacts {
  const { all, records } = summary;
  const until = now ?? (all === null ? null : seconds(all.last));
  const since = until === null ? null : until - DAYS * 86400;
  const tallies = new Map(
    summary.rules.named.map((tally) => [tally.name, tally]),
  );
  // a record of a rule that has no count of its own may be of any
  const allCounted = summary.rules.others === null;
  // and files that end before those days say nothing of them
  const spans = all !== null && since !== null &&
    seconds(all.first) <= since && seconds(all.last) >= since;
  const ids = new Set<string | null>(rules.map(({ id }) => id));
  return {
    records,
    allowed: all?.allowed ?? 0,
    denied: all?.denied ?? 0,
    first: all?.first ?? null,
    last: all?.last ?? null,
    until: until === null ? null : instantText(until),
    days: DAYS,
    rules: rules.map(({ id, line, effect }) => {
      const tally = tallies.get(id);
      const last = tally?.last ?? null;
      const isUsed = last !== null && since !== null && seconds(last) >= since;
      return {
        id,
        line,
        effect,
        allowed: tally?.allowed ?? 0,
        denied: tally?.denied ?? 0,
        last,
        verdict: isUsed ? "used" : allCounted && spans ? "unused" : "unknown",
      };
    }),
    strange:
      summary.rules.named.filter(({ name }) => name !== null && !ids.has(name))
        .length,
    refusals: [
      ...summary.reasons.named.filter(({ denied }) => denied > 0).map((
        { name, denied, last },
      ) => ({ reason: name ?? "", count: denied, last }))
        .sort((a, b) => b.count - a.count),
      ...(summary.reasons.others === null ? [] : [{
        reason: null,
        count: summary.reasons.others.denied,
        last: summary.reasons.others.last,
      }]),
    ],
    unusable: unusableLines(summary.unusable).map((line) => line.trim()),
  };
}

function seconds(time: string): number {
  return Math.floor(Date.parse(time) / 1000);
}
