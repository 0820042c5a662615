/**
 * `audit summary --format json`.
 *
 * @module
 */
import type { Place } from "../../analysis/audit/entry.ts";
import type { AuditSummary } from "../../analysis/audit/summary.ts";
import type { Tallies, Tally } from "../../analysis/audit/tally.ts";
import { safeDocument } from "../policy/explain/json.ts";
import { type PolicyRule, unusedRules } from "./pretty.ts";

export function summaryJson(
  summary: AuditSummary,
  rules: readonly PolicyRule[] | null,
): string {
  const { all, people } = summary;
  const lines = new Map(rules?.map(({ id, line }) => [id, line]));
  return safeDocument("oauth-pam/audit-summary@1", {
    records: summary.records,
    unusable: summary.unusable.map(({ because, count, first }) => ({
      because,
      count,
      first: placeJson(first),
    })),
    first: all?.first ?? null,
    last: all?.last ?? null,
    allowed: all?.allowed ?? 0,
    denied: all?.denied ?? 0,
    reasons: list("reason", summary.reasons),
    rules: list("rule", summary.rules).map((rule) => {
      const line = lines.get(String(rule.rule));
      return line === undefined || line === null ? rule : { ...rule, line };
    }),
    ...(rules === null ? {} : {
      unused_rules: unusedRules(summary, rules).map(({ id, line }) => ({
        rule: id,
        line,
      })),
    }),
    issuers: list("issuer", summary.issuers),
    services: list("service", summary.services),
    policies: list("policy_sha256", summary.policies),
    methods: list("method", summary.methods).map((method) =>
      method.method === null ? { ...method, method: "token" } : method
    ),
    accounts: summary.accounts.map((use) => ({
      account: use.account,
      issuer: use.issuer,
      rule: use.rule,
      allowed: use.allowed,
      first: use.first,
      last: use.last,
    })),
    ...(summary.accountsCut ? { accounts_cut: true } : {}),
    people: {
      seen: people.seen,
      admitted: people.admitted,
      ...(people.cut ? { cut: true } : {}),
    },
  });
}

/** Those that did not fit are one entry, with `others` instead of a name. */
function list(
  key: string,
  { named, others }: Tallies,
): Record<string, unknown>[] {
  return [
    ...named.map(({ name, ...tally }) => ({ [key]: name, ...members(tally) })),
    ...(others === null ? [] : [{ others: true, ...members(others) }]),
  ];
}

function members(tally: Tally): Record<string, unknown> {
  const { allowed, denied, first, last, lastAllowed } = tally;
  return { allowed, denied, first, last, last_allowed: lastAllowed };
}

function placeJson({ file, line }: Place): Record<string, unknown> {
  return file === null ? { line } : { file, line };
}
