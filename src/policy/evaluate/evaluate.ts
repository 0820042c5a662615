/**
 * The decision: deny by default, any matching deny rule wins, any error denies. A deny rule of which
 * it cannot be told that it does not match, matches.
 *
 * Pure and total: no clock, no files, no exceptions. The order of rules never matters.
 *
 * @module
 */
import type { MapFiles } from "./accounts.ts";
import type { Policy } from "../model.ts";
import { isAccountName } from "../account_name.ts";
import { SHORTFALLS } from "./assurance.ts";
import type { Decision, RuleOutcome } from "../decision.ts";
import type { Reason } from "../../lib/reason.ts";
import type { AccessRequest } from "../request.ts";
import { questionOf, ruleOutcome } from "./rule.ts";

/** Decides a request. Never throws. Does not verify the subject: that is the token's business. */
export function evaluate(
  policy: Policy,
  request: AccessRequest,
  options: { mapFiles: MapFiles } = { mapFiles: new Map() },
): Decision {
  try {
    if (!isAccountName(request.account, policy.accounts_pattern)) {
      return refusal(
        "request_invalid",
        "the account is not a plain account name",
      );
    }
    const issuer = policy.issuers.find(({ name }) =>
      name === request.subject.issuer
    );
    if (issuer === undefined) {
      return refusal("issuer_unknown", "no such issuer in the policy");
    }
    const { mapFiles } = options;
    const question = questionOf(request, { policy, issuer, mapFiles });
    const outcomes = policy.rules.map((rule) => ruleOutcome(rule, question));
    return decide(outcomes);
  } catch (error) {
    return refusal(
      "internal_error",
      error instanceof Error ? error.message : "an unknown error",
    );
  }
}

/** The truth table. Rules are looked at in the order of their ids, so that order never shows. */
function decide(rules: readonly RuleOutcome[]): Decision {
  const byId = rules.filter(({ matched }) => matched)
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  const allows = byId.filter(({ effect }) => effect === "allow");
  // any matching deny rule wins
  const deny = byId.find(({ effect }) => effect === "deny");
  if (deny !== undefined) return deniedBy(deny, "denied_by_rule", rules);
  // otherwise a matching allow rule whose assurance is met admits
  const grant = allows.find(({ granted }) => granted);
  if (grant !== undefined) {
    return { decision: "allow", reason: "allowed", rule: grant.id, rules };
  }
  // otherwise the rule that needs least of the user tells what is missing
  for (const shortfall of [...SHORTFALLS, "account_protected"] as const) {
    const short = allows.find(({ because }) => because === shortfall);
    if (short !== undefined) return deniedBy(short, shortfall, rules);
  }
  // nothing matched: deny by default
  return {
    decision: "deny",
    reason: "account_not_permitted",
    rule: null,
    rules,
  };
}

function deniedBy(
  rule: RuleOutcome,
  reason: Reason,
  rules: readonly RuleOutcome[],
): Decision {
  const untold = reason === "denied_by_rule" && rule.because !== null
    ? { detail: untoldDetail(rule) }
    : {};
  return { decision: "deny", reason, rule: rule.id, rules, ...untold };
}

/** What the log says of a deny rule that matches because nobody can tell. */
function untoldDetail({ because, condition }: RuleOutcome): string {
  const place = condition?.join(".") ?? "";
  switch (because) {
    case "identities_untold":
      return `${place}: the issuer did not tell all linked identities`;
    case "claim_distributed":
      return `${place}: the issuer keeps the claim elsewhere`;
    case "rule_expired":
      return `${place}: the time is not known`;
    default:
      return `${place}: the claim is of a type that cannot be judged`;
  }
}

function refusal(reason: Reason, detail: string): Decision {
  return { decision: "deny", reason, rule: null, rules: [], detail };
}
