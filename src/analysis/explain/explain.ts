/**
 * A decision with its reasons: the rule that decided, the one that comes nearest, what kept every
 * other rule from granting, and what was almost right.
 *
 * @module
 */
import type { MapFiles } from "../../policy/evaluate/accounts.ts";
import type { Claims } from "../../policy/claims.ts";
import type { Because, Decision, RuleOutcome } from "../../policy/decision.ts";
import type { Reason } from "../../lib/reason.ts";
import { evaluate } from "../../policy/evaluate/evaluate.ts";
import type { Issuer, Policy } from "../../policy/model.ts";
import {
  issuerHints,
  type Known,
  nearMisses,
  type RuleHint,
} from "./near_miss.ts";
import { byNearness } from "../../policy/evaluate/nearness.ts";
import { denialWords, failureWords, type Told, told } from "./words.ts";
import { shown } from "../../lib/text.ts";
import type { AccessRequest } from "../../policy/request.ts";

/** One condition that the nearest rule has and the request fails. */
interface FailedHere extends Pick<RuleOutcome, "expected" | "actual"> {
  readonly condition: readonly string[];
  readonly because: Because;
  /** Which condition, and what is wrong with it. */
  readonly message: string;
}

export interface Explanation {
  readonly decision: Decision;
  readonly account: string;
  /** The issuer's local name; `null` when it is not known. */
  readonly issuer: string | null;
  /** By rule, the nearest one first. */
  readonly hints: readonly RuleHint[];
  /** Of a refusal, the allow rule that comes nearest; `null` where one grants or there is none. */
  readonly nearest: {
    readonly rule: string;
    readonly conditions: readonly FailedHere[];
  } | null;
  /** The rules, those that refuse first, then the nearest, those that have no say last. */
  readonly order: readonly ToldRule[];
  /** What the deny rule that decided found. */
  readonly denial: string | null;
}

/** The outcome of a rule, with what kept it from granting in words where anything did. */
export interface ToldRule {
  readonly outcome: RuleOutcome;
  readonly told: Told | null;
}

/** Decides and explains. Never throws. Does not verify the subject: that is the token's business. */
export function explain(
  policy: Policy,
  request: AccessRequest,
  options: { mapFiles: MapFiles } = { mapFiles: new Map() },
): Explanation {
  const decision = evaluate(policy, request, options);
  const plain = {
    decision,
    account: request.account,
    issuer: request.subject.issuer,
    ...NOTHING_TOLD,
  };
  const issuer = policy.issuers.find(({ name }) => name === plain.issuer);
  const found = () => nearMisses(policy, request, { decision, ...options });
  // before any rule was asked, or while one was
  if (issuer === undefined || decision.rules.length === 0) {
    return { ...plain, hints: found() };
  }
  const known: Known = { policy, request, issuer, ...options };
  const inWords = (outcome: RuleOutcome): ToldRule => ({
    outcome,
    told: outcome.because === null
      ? null
      : told(outcome.because, outcome, known),
  });
  if (decision.decision === "allow") {
    return { ...plain, order: decision.rules.map(inWords) };
  }
  const near = byNearness(request, known);
  const rank = ranks(decision, near.map(({ rule }) => rule.id));
  const [first] = near;
  const hints = found()
    // no address at all is near no network: that is for the rule that comes nearest
    .filter(({ kind, rule }) =>
      kind !== "network" || request.rhost !== null || rule === first?.rule.id
    );
  const denying = decision.reason === "denied_by_rule"
    ? policy.rules.find(({ id }) => id === decision.rule)
    : undefined;
  return {
    ...plain,
    hints: hints.toSorted((a, b) => rank(a.rule) - rank(b.rule)),
    nearest: first !== undefined && first.failed.length > 0
      ? { rule: first.rule.id, conditions: failedHere(first, known) }
      : null,
    order: decision.rules.toSorted((a, b) => rank(a.id) - rank(b.id))
      .map(inWords),
    denial: denying === undefined ? null : denialWords(denying, known),
  };
}

const NOTHING_TOLD = {
  hints: [],
  nearest: null,
  order: [],
  denial: null,
} as const;

/** Where a rule stands: deny rules that match first, and last those that do not. */
function ranks(
  { rules }: Decision,
  near: readonly string[],
): (id: string | null) => number {
  const at = new Map(near.map((id, index) => [id, index]));
  for (const { id, effect, matched } of rules) {
    if (effect === "deny") at.set(id, matched ? -1 : rules.length);
  }
  return (id) => at.get(id ?? "") ?? rules.length;
}

function failedHere(
  { rule, failed }: ReturnType<typeof byNearness>[number],
  known: Known,
): FailedHere[] {
  return failed.map((each) => {
    const { condition, because, expected, actual } = each.failure;
    const message = failureWords(each, { rule, known });
    return { condition, because, expected, actual, message };
  });
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
    ...NOTHING_TOLD,
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
