/**
 * A decision with its reasons: the rule that decided, what kept every other rule from it, and what
 * was almost right.
 *
 * @module
 */
import type { MapFiles } from "../../policy/evaluate/accounts.ts";
import type { Claims } from "../../policy/claims.ts";
import type { Decision } from "../../policy/decision.ts";
import type { Reason } from "../../lib/reason.ts";
import { evaluate } from "../../policy/evaluate/evaluate.ts";
import type { Issuer, Policy } from "../../policy/model.ts";
import { issuerHints, nearMisses, type RuleHint } from "./near_miss.ts";
import { shown } from "../../lib/text.ts";
import type { AccessRequest } from "../../policy/request.ts";

export interface Explanation {
  readonly decision: Decision;
  readonly account: string;
  /** The issuer's local name; `null` when it is not known. */
  readonly issuer: string | null;
  readonly hints: readonly RuleHint[];
}

/** Decides and explains. Never throws. Does not verify the subject: that is the token's business. */
export function explain(
  policy: Policy,
  request: AccessRequest,
  options: { mapFiles: MapFiles } = { mapFiles: new Map() },
): Explanation {
  const decision = evaluate(policy, request, options);
  return {
    decision,
    account: request.account,
    issuer: request.subject.issuer,
    hints: nearMisses(policy, request, { decision, ...options }),
  };
}

/** A refusal before any rule is asked. */
export function refusedBefore(
  account: string,
  refusal: {
    reason: Exclude<Reason, "allowed">;
    detail: string;
    issuer?: string | null;
    hints?: readonly RuleHint[];
  },
): Explanation {
  const { reason, detail, issuer, hints } = refusal;
  return {
    decision: { decision: "deny", reason, rule: null, rules: [], detail },
    account,
    issuer: issuer ?? null,
    hints: hints ?? [],
  };
}

/**
 * The issuer that claims are from: the one that is named, the one that `iss` names, or the only one
 * there is. Otherwise the explanation of why there is none.
 */
export function issuerOfClaims(
  policy: Policy,
  asked: { claims: Claims; name: string | undefined; account: string },
): Issuer | Explanation {
  const { claims, name, account } = asked;
  const iss = Object.hasOwn(claims, "iss") ? claims.iss : undefined;
  const [only, ...others] = policy.issuers;
  if (name === undefined && iss === undefined && only && others.length === 0) {
    return only;
  }
  if (name === undefined && typeof iss !== "string") {
    return refusedBefore(account, {
      reason: "claim_missing",
      detail: 'the claim "iss" is missing, and no issuer is named',
    });
  }
  const found = policy.issuers.find((issuer) =>
    name === undefined ? issuer.issuer === iss : issuer.name === name
  );
  if (found !== undefined) return found;
  const unknown = name ?? String(iss);
  return refusedBefore(account, {
    reason: "issuer_unknown",
    detail: `the issuer ${shown(unknown)} is not in the policy`,
    hints: issuerHints(policy, unknown),
  });
}
