/**
 * Whether there is any request in which one condition of a rule fails while the rest holds. A
 * condition that the rest implies (a glob for the very suffix that an account's claim must have)
 * never does, and no test can show it.
 *
 * @module
 */
import { accountsOf } from "../diff/accounts.ts";
import { type Change, diffDecisions } from "../diff/diff.ts";
import { issuerPairs } from "../diff/side.ts";
import {
  type Assurance,
  NO_ASSURANCE,
  type Policy,
  type Rule,
  USUAL_RULE,
} from "../../policy/model.ts";
import type { RuleCondition } from "../../policy/evaluate/rule.ts";

/** False only where it is proved that there is none. */
export function canFailAlone(
  condition: RuleCondition,
  { rule, policy }: { rule: Rule; policy: Policy },
): boolean {
  // whatever else a request must have, it can be about another account, service or address
  if (["accounts", "services", "rhosts"].includes(condition.asks)) return true;
  const { changed, assurance } = without(condition, rule, policy);
  if (rule.effect === "deny") {
    return denialChange({ old: rule, new: changed }, { policy }) !== "none";
  }
  const diff = diffDecisions(
    { ...policy, rules: [rule] },
    { ...policy, assurance, rules: [changed] },
    { ordinary: true, until: () => true },
  );
  return diff.changes.length > 0 || !diff.exhaustive;
}

/**
 * A request that one of two versions of a deny rule forbids and the other does not, nor any of the
 * rules `beside`, whoever would be admitted; "none" where it is proved that there is none.
 */
export function denialChange(
  versions: { readonly old: Rule | null; readonly new: Rule | null },
  { policy, beside = [] }: { policy: Policy; beside?: readonly Rule[] },
): Change | "none" | "unknown" {
  const bare = { ...policy, assurance: NO_ASSURANCE };
  const stage = (rule: Rule | null, ...more: Rule[]): Policy => ({
    ...bare,
    rules: [...more, ...beside, ...rule === null ? [] : [rule]],
  });
  const bareSides = [stage(versions.old), stage(versions.new)] as const;
  const { named, examples, limits } = accountsOf(
    bareSides,
    {
      pairs: issuerPairs(...bareSides),
      rules: new Set(bareSides.flatMap(({ rules }) => rules)),
    },
  );
  const accounts = [...named, ...examples];
  if (limits.length > 0) return "unknown";
  // a deny rule only shows where something admits: to every sort of account that is told apart
  const everybody: Rule = {
    ...USUAL_RULE,
    id: "\0everybody",
    when: [],
    accounts: [{ source: "names", names: accounts }],
    allow_protected: true,
  };
  const diff = diffDecisions(
    stage(versions.old, everybody),
    stage(versions.new, everybody),
    { accounts, ordinary: true, until: () => true },
  );
  const [first] = diff.changes;
  return first ?? (diff.exhaustive ? "none" : "unknown");
}

/** The rule and the policy's assurance as they would be without the condition. */
function without(
  condition: RuleCondition,
  rule: Rule,
  policy: Policy,
): { changed: Rule; assurance: Assurance } {
  const { assurance } = rule.effect === "allow"
    ? policy
    : { assurance: NO_ASSURANCE };
  switch (condition.asks) {
    case "issuers":
      return { changed: { ...rule, issuers: null }, assurance };
    case "not_after":
      return { changed: { ...rule, not_after: null }, assurance };
    case "when": {
      const when = rule.when.filter((one) => one !== condition.condition);
      return { changed: { ...rule, when }, assurance };
    }
    case "assurance": {
      const key = condition.path.at(-1) as keyof Assurance;
      const global = condition.path[0] === "policy";
      const dropped = (one: Assurance) => ({
        ...one,
        [key]: NO_ASSURANCE[key],
      });
      // a list of identity providers adds to another one; anything else is asked for once
      const both = key !== "permitted_idps";
      return {
        changed: both || !global
          ? { ...rule, assurance: dropped(rule.assurance) }
          : rule,
        assurance: both || global ? dropped(assurance) : assurance,
      };
    }
    case "services":
    case "rhosts":
    case "accounts":
    case "host":
    case "allow_protected":
      return { changed: rule, assurance };
  }
}
