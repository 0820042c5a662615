/**
 * What was almost right: for each rule that did not grant, how the request comes near it.
 *
 * Hints are for people. They never change a decision, and there may be none.
 *
 * @module
 */
import type { MapFiles } from "../../policy/evaluate/accounts.ts";
import type { Decision, RuleOutcome } from "../../policy/decision.ts";
import { nearest, shown } from "../../lib/text.ts";
import type { Issuer, Policy, Rule } from "../../policy/model.ts";
import { accountHints } from "./near_miss/accounts.ts";
import { assuranceHints, networkHints } from "./near_miss/assurance.ts";
import { conditionHints } from "./near_miss/claims.ts";
import {
  type Hint,
  type RuleHint,
  textHint,
  textsHint,
} from "./near_miss/hint.ts";
import type { AccessRequest } from "../../policy/request.ts";

export type { Hint, HintKind, RuleHint } from "./near_miss/hint.ts";

/** More about one rule would hide what matters. */
const MAX_PER_RULE = 3;

/** Hints about a refusal, by rule in the order of the policy; none about a grant. */
export function nearMisses(
  policy: Policy,
  request: AccessRequest,
  outcome: { decision: Decision; mapFiles: MapFiles },
): RuleHint[] {
  const { decision, mapFiles } = outcome;
  const issuer = policy.issuers.find(({ name }) =>
    name === request.subject.issuer
  );
  if (decision.decision === "allow" || issuer === undefined) return [];
  return decision.rules.flatMap((said) => {
    const rule = policy.rules.find(({ id }) => id === said.id);
    // a deny rule that does not match is no near miss of getting in
    if (rule === undefined || rule.effect === "deny") return [];
    const hints = ruleHints(rule, said, { request, issuer, mapFiles });
    return distinct(hints).slice(0, MAX_PER_RULE).map((hint) => ({
      rule: rule.id,
      ...hint,
    }));
  });
}

function ruleHints(
  rule: Rule,
  said: RuleOutcome,
  asked: { request: AccessRequest; issuer: Issuer; mapFiles: MapFiles },
): Hint[] {
  const { request, issuer, mapFiles } = asked;
  switch (said.because) {
    case null:
    case "identities_untold":
    case "issuer_mismatch":
      return [];
    case "service_mismatch": {
      const hint = textsHint(rule.services ?? [], [request.service]);
      return hint === null ? [] : [hint];
    }
    case "rhost_mismatch":
      return networkHints(rule.rhosts ?? [], request.rhost);
    case "claim_missing":
    case "claim_type":
    case "claim_distributed":
    case "claim_mismatch": {
      const [, claim, operator] = said.condition ?? [];
      const condition = rule.when.find((one) =>
        one.claim === claim && one.operator === operator
      );
      return condition === undefined
        ? []
        : conditionHints(condition, { issuer, claims: request.subject.claims });
    }
    case "account_mismatch":
      return request.host === "unknown" || rule.accounts === null
        ? []
        : accountHints(rule.accounts, {
          account: request.account,
          subject: request.subject,
          mapFiles,
        });
    case "account_protected":
      return [{
        kind: "protected",
        message: `${shown(request.account)} opens only where a rule lists it ` +
          'under "names" and sets "allow_protected: true"',
      }];
    case "reauthentication_required":
    case "mfa_required":
    case "idp_not_permitted":
      return assuranceHints(said, { request, issuer });
  }
}

function distinct(hints: readonly Hint[]): Hint[] {
  return [...new Map(hints.map((hint) => [hint.message, hint])).values()];
}

/** What an unknown issuer, by URL or local name, is almost. */
export function issuerHints(policy: Policy, unknown: string): RuleHint[] {
  const known = policy.issuers.flatMap(({ name, issuer }) => [issuer, name]);
  for (const candidate of known) {
    const hint = textHint(candidate, unknown);
    if (hint !== null) return [{ rule: null, ...hint }];
  }
  // what all URLs have in common makes none of them similar
  const bare = (text: string) => text.replace(/^https:\/\//, "");
  const similar = nearest(bare(unknown.slice(0, 200)), known.map(bare));
  const meant = known.find((candidate) => bare(candidate) === similar);
  return meant === undefined ? [] : [{
    rule: null,
    kind: "similar",
    message: `${shown(unknown)} is almost ${shown(meant)}`,
  }];
}
