/**
 * Whether a rule says which organisation it means, where an issuer serves more than one.
 *
 * @module
 */
import type { Condition, Rule } from "../../../policy/model.ts";
import type { Provider } from "../../providers.ts";
import { claimName, isWildcardOnly, type LintContext } from "../context.ts";

/** Whether the rule, or the policy's assurance, ties people to a tenant. */
export function isPinned(
  context: LintContext,
  rule: Rule,
  provider: Provider,
): boolean {
  const idps = rule.assurance.permitted_idps ??
    context.policy.assurance.permitted_idps;
  return (idps !== null && provider.tenants.includes("idp")) ||
    rule.when.some((condition) => pins(condition, provider.tenants));
}

/** Whether a condition names values of one of the claims, or a part of them. */
export function pins(condition: Condition, claims: readonly string[]): boolean {
  if (!claims.includes(claimName(condition.claim))) return false;
  return condition.operator !== "none" &&
    (condition.operator !== "like" || !isWildcardOnly(condition.pattern));
}
