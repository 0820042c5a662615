/**
 * Whether there is any request in which one condition of a rule fails while the rest holds. A
 * condition that the rest implies (a glob for the very suffix that an account's claim must have)
 * never does, and no test can show it.
 *
 * @module
 */
import { diffDecisions } from "../diff/diff.ts";
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
  const stage = rule.effect === "allow"
    ? { ...policy, rules: [] }
    : openStage(rule, policy);
  if (stage === null) return true;
  const { changed, assurance } = without(condition, rule, policy);
  const diff = diffDecisions(
    { ...stage, rules: [...stage.rules, rule] },
    { ...stage, assurance, rules: [...stage.rules, changed] },
    { ordinary: true, until: () => true },
  );
  return diff.changes.length > 0 || !diff.exhaustive;
}

/** A policy without demands that admits everybody to an account of the deny rule; `null`: unclear. */
function openStage(rule: Rule, policy: Policy): Policy | null {
  const known: string[] = rule.accounts === null ? ["someone"] : [];
  for (const source of rule.accounts ?? []) {
    if (source.source !== "names") return null;
    known.push(...source.names);
  }
  const everybody: Rule = {
    ...rule,
    id: `not ${rule.id}`,
    effect: "allow",
    issuers: null,
    services: null,
    rhosts: null,
    when: [],
    accounts: [{ source: "names", names: known }],
    allow_protected: true,
  };
  return { ...policy, assurance: NO_ASSURANCE, rules: [everybody] };
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
