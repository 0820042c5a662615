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
import { patternOf } from "../account_words.ts";
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
import {
  conditionsOf,
  type RuleCondition,
} from "../../policy/evaluate/rule.ts";

export type { Hint, HintKind, RuleHint } from "./near_miss/hint.ts";

/** More about one rule would hide what matters. */
const MAX_PER_RULE = 3;

/** What hints are found in. */
export interface Known {
  readonly policy: Policy;
  readonly request: AccessRequest;
  readonly issuer: Issuer;
  readonly mapFiles: MapFiles;
}

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
  const wider = patternOf(request.account);
  if (decision.reason === "request_invalid" && wider !== undefined) {
    return [{
      rule: null,
      kind: "account-name",
      message: `accounts are called like ${
        shown(request.account)
      } only with "accounts_pattern: ${wider}"`,
    }];
  }
  return decision.rules.flatMap((said) => {
    const rule = policy.rules.find(({ id }) => id === said.id);
    // a deny rule that does not match is not a near miss of getting in
    if (rule === undefined || rule.effect === "deny") return [];
    const hints = outcomeHints(rule, said, {
      policy,
      request,
      issuer,
      mapFiles,
    });
    return hints.slice(0, MAX_PER_RULE).map((hint) => ({
      rule: rule.id,
      ...hint,
    }));
  });
}

/** Hints about the condition that kept an allow rule from granting. */
function outcomeHints(rule: Rule, said: RuleOutcome, known: Known): Hint[] {
  const failed = said.condition?.join("\0");
  const condition = conditionsOf(rule, known.policy).find(({ path }) =>
    path.join("\0") === failed
  );
  return condition === undefined ? [] : failureHints(condition, said, known);
}

/** Hints about a condition that is not met. */
export function failureHints(
  condition: RuleCondition,
  said: Pick<RuleOutcome, "because" | "expected" | "actual">,
  known: Known,
): Hint[] {
  return distinct(allHints(condition, said, known));
}

function allHints(
  condition: RuleCondition,
  said: Pick<RuleOutcome, "because" | "expected" | "actual">,
  { policy, request, issuer, mapFiles }: Known,
): Hint[] {
  switch (condition.asks) {
    case "issuers":
    case "not_after":
    case "host":
      return [];
    case "services": {
      const hint = textsHint(condition.names, [request.service]);
      return hint === null ? [] : [hint];
    }
    case "rhosts":
      return networkHints(condition.networks, request.rhost);
    case "when": {
      const { claims } = request.subject;
      return conditionHints(condition.condition, { issuer, claims });
    }
    case "accounts":
      return request.host === "unknown" ? [] : accountHints(condition.sources, {
        account: request.account,
        subject: request.subject,
        mapFiles,
        pattern: policy.accounts_pattern,
      });
    case "allow_protected":
      return [{
        kind: "protected",
        message: `${shown(request.account)} opens only where a rule lists it ` +
          'under "names" and sets "allow_protected: true"',
      }];
    case "assurance":
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
