/**
 * Deny rules that do not keep out whom they are meant for.
 *
 * @module
 */
import type { AccountSource, Condition, Rule } from "../../../policy/model.ts";
import { claimName, conditionPath, type LintContext } from "../context.ts";
import { type LintFinding, lintRule } from "../lint_rule.ts";
import { contradictionOf, reachOf } from "../reach/subset.ts";

/** Without these no token gets as far as the rules. */
const ALWAYS_THERE = ["iss", "aud", "exp", "iat", "sub"];

function* absentClaimAdmits(context: LintContext): Iterable<LintFinding> {
  for (const rule of context.policy.rules) {
    if (rule.effect !== "deny") continue;
    // such a rule has to be corrected first of all
    if (contradictionOf(reachOf(rule, context.policy)) !== null) continue;
    const told = new Set<string>();
    for (const condition of rule.when) {
      const name = claimName(condition.claim);
      if (ALWAYS_THERE.includes(name) || told.has(name)) continue;
      const open = context.allowRules.filter((allow) =>
        meet(rule, allow) && !asksFor(allow, name)
      );
      const [first] = open;
      if (first === undefined) continue;
      told.add(name);
      const others = open.length === 1 ? "" : ` and ${open.length - 1} others`;
      yield {
        message:
          `a token without the claim "${name}" passes this rule: the allow rule ` +
          `"${first.id}"${others} does not ask for it`,
        hint: `write ${safeCondition(condition)} into the allow rule`,
        place: { path: conditionPath(context, rule, condition) },
        related: [{
          message: `the allow rule "${first.id}"`,
          place: { path: ["rules", first.id], at: "key" },
        }],
      };
    }
  }
}

/** Whether there may be a request that both rules are about. */
function meet(deny: Rule, allow: Rule): boolean {
  return share(deny.issuers, allow.issuers) &&
    share(deny.services, allow.services) &&
    share(fixedNames(deny), fixedNames(allow));
}

function share(
  one: readonly string[] | null,
  other: readonly string[] | null,
): boolean {
  return one === null || other === null ||
    one.some((item) => other.includes(item));
}

/** The accounts of a rule; `null` where they are not a fixed list. */
function fixedNames({ accounts }: Rule): readonly string[] | null {
  const lists = (accounts ?? []).map((source) =>
    source.source === "names" ? source.names : null
  );
  return accounts === null || lists.includes(null)
    ? null
    : lists.flatMap((list) => list ?? []);
}

/** Whether an allow rule grants nothing to a token without the claim. */
function asksFor(allow: Rule, name: string): boolean {
  return allow.when.some(({ claim }) => claimName(claim) === name) ||
    (allow.accounts?.every((source) => comesFrom(source, name)) ?? false);
}

const ATTRIBUTES: Readonly<Record<string, string>> = {
  "identity.id": "sub",
  "identity.email": "email",
};

function comesFrom(source: AccountSource, name: string): boolean {
  const is = (claim: string) => claimName(ATTRIBUTES[claim] ?? claim) === name;
  switch (source.source) {
    case "names":
      return false;
    case "claim":
      return is(source.claim);
    case "identity":
      return is(`identity.${source.attribute}`);
    case "map":
    case "map_file":
      return source.keys.every(is);
  }
}

/** The condition that says the same in an allow rule, where absence refuses. */
function safeCondition(condition: Condition): string {
  const { claim } = condition;
  const values = "values" in condition
    ? condition.values.map((value) => JSON.stringify(value)).join(", ")
    : "";
  switch (condition.operator) {
    case "any":
    case "all":
      return `"${claim}: {none: [${values}]}"`;
    case "equals":
      if (typeof condition.value === "boolean") {
        return `"${claim}: ${!condition.value}"`;
      }
      break;
    case "none":
      return `"${claim}: {any: [${values}]}"`;
  }
  return `a condition on "${claim}" that names what is admitted`;
}

export const DENY_RULES = [
  lintRule("deny/absent-claim-admits", {
    level: "warning",
    check: absentClaimAdmits,
    page: {
      summary: "a token without the claim gets past the deny rule",
      avoid: `staff:
  when: {email_verified: true}
  accounts: [{claim: email, strip_suffix: "@example.edu"}]
leavers:
  effect: deny
  when: {groups: {any: [leavers]}}`,
      prefer: `staff:
  when: {email_verified: true, groups: {none: [leavers]}}
  accounts: [{claim: email, strip_suffix: "@example.edu"}]`,
      why:
        `A condition on a claim that is not there does not hold, and then the deny rule does not match.
Issuers leave claims out: a scope that was not asked for, a mapper that was not set up, more groups
than fit. In an allow rule the missing claim refuses, "none" included. A deny rule only sees what it
cannot judge: a claim of another type, or one that the issuer says is elsewhere ("_claim_names").`,
    },
  }),
];
