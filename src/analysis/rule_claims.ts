/**
 * The claims without which no rule opens anything to an issuer's people.
 *
 * @module
 */
import { claimPath } from "../policy/claims.ts";
import type { Issuer, Policy, Rule } from "../policy/model.ts";

/**
 * The names of claims that allow rules read of this issuer's tokens, each with the first rule that reads
 * it: conditions, and accounts that come from one claim alone. Those that the issuer's `claims` place
 * elsewhere are left out.
 */
export function claimsOfRules(
  { rules }: Pick<Policy, "rules">,
  issuer: Pick<Issuer, "name" | "claims">,
): Map<string, Rule> {
  const found = new Map<string, Rule>();
  for (const rule of rules) {
    if (rule.effect !== "allow") continue;
    if (rule.issuers !== null && !rule.issuers.includes(issuer.name)) continue;
    const [source, ...others] = rule.accounts ?? [];
    const locations = [
      ...rule.when.map(({ claim }) => claim),
      ...(source?.source === "claim" && others.length === 0
        ? [source.claim]
        : []),
    ];
    for (const location of locations) {
      const [name = ""] = claimPath(location);
      const placed = Object.entries(issuer.claims).find(([each]) =>
        each === name
      );
      if (placed !== undefined && placed[1] !== name) continue;
      if (!found.has(name)) found.set(name, rule);
    }
  }
  return found;
}
