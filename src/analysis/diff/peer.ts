/**
 * The rule that a rule was before, or is afterwards: also where that one is about other issuers or
 * accounts. A rule that was there all along is not new.
 *
 * @module
 */
import type { Policy, Rule } from "../../policy/model.ts";
import type { Side } from "./side.ts";

const known = new WeakMap<Policy, ReadonlyMap<string, Rule>>();

/** The rule of the same id and effect. */
export function peerIn(policy: Policy, { id, effect }: Rule): Rule | null {
  // every rule asks, for each account
  let rules = known.get(policy);
  if (rules === undefined) {
    rules = new Map(policy.rules.map((rule) => [rule.id, rule]));
    known.set(policy, rules);
  }
  const rule = rules.get(id);
  return rule?.effect === effect ? rule : null;
}

/** Whether a rule of the side's policy is about the tokens of its issuer at all. */
export function isAbout({ issuers }: Rule, side: Side | null): boolean {
  return side !== null &&
    (issuers === null || issuers.includes(side.issuer.name));
}

/**
 * The path of what keeps the peer from the tokens of the issuer, or `null`: the issuers of the rule,
 * or, where both rules say the same of issuers, the issuer itself.
 */
export function otherIssuers(
  rule: Rule,
  peer: Rule,
  { side, refusing }: { side: Side | null; refusing: Side | null },
): readonly string[] | null {
  if (isAbout(peer, refusing)) return null;
  const same = JSON.stringify(rule.issuers) === JSON.stringify(peer.issuers);
  return same && side !== null ? ["issuers", side.issuer.name] : ["issuers"];
}
