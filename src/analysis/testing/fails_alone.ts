/**
 * Whether there is any request in which one condition of a rule fails while the rest holds. A
 * condition that the rest implies (a glob for the very suffix that an account's claim must have)
 * never does, and no test can show it.
 *
 * @module
 */
import { accountsOf } from "../diff/accounts.ts";
import { diffDecisions } from "../diff/diff.ts";
import { issuerPairs } from "../diff/side.ts";
import {
  type Assurance,
  NO_ASSURANCE,
  type Policy,
  type Rule,
} from "../../policy/model.ts";
import type { RuleCondition } from "../../policy/evaluate/rule.ts";

/** False only where it is proved that there is none. */
export function canFailAlone(
  condition: RuleCondition,
  { rule, policy }: { rule: Rule; policy: Policy },
): boolean {
  if (condition.asks === "accounts") return true;
  const { changed, assurance } = without(condition, rule, policy);
  if (rule.effect === "deny") return !denyTheSame(rule, changed, policy);
  const diff = diffDecisions(
    { ...policy, rules: [rule] },
    { ...policy, assurance, rules: [changed] },
    { ordinary: true, until: () => true },
  );
  return diff.changes.length > 0 || !diff.exhaustive;
}

/** Whether it is proved that two deny rules match the same requests, whoever would be admitted. */
export function denyTheSame(one: Rule, other: Rule, policy: Policy): boolean {
  const bare = { ...policy, assurance: NO_ASSURANCE };
  const before = { ...bare, rules: [one] };
  const after = { ...bare, rules: [other] };
  const { named, examples, limits } = accountsOf(
    [before, after],
    issuerPairs(before, after),
  );
  if (limits.length > 0) return false;
  // a deny rule only shows where something admits: to every sort of account that the two tell apart
  const everybody: Rule = {
    ...one,
    id: `not ${one.id}`,
    effect: "allow",
    issuers: null,
    services: null,
    rhosts: null,
    when: [],
    assurance: NO_ASSURANCE,
    accounts: [{ source: "names", names: [...named, ...examples] }],
    allow_protected: true,
  };
  const diff = diffDecisions(
    { ...bare, rules: [everybody, one] },
    { ...bare, rules: [everybody, other] },
    { accounts: [...named, ...examples], ordinary: true, until: () => true },
  );
  return diff.changes.length === 0 && diff.exhaustive;
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
    case "services":
    case "rhosts":
      return { changed: { ...rule, [condition.asks]: null }, assurance };
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
    default:
      return { changed: rule, assurance };
  }
}
