/**
 * The rules of a policy as a page shows them.
 *
 * @module
 */
import { requirements } from "../../analysis/who_words.ts";
import { combine } from "../../policy/evaluate/assurance.ts";
import { instantText } from "../../policy/instant.ts";
import type { Policy, Rule } from "../../policy/model.ts";
import type { PolicySource } from "../../policy/syntax/parse.ts";
import { locate } from "../../policy/syntax/yaml.ts";
import {
  conditionWords,
  ruleLabel,
  sourceSort,
  sourceWords,
} from "../words.ts";

export interface RuleFact {
  readonly id: string;
  readonly effect: "allow" | "deny";
  readonly description: string | null;
  /** Where it begins in the policy. */
  readonly line: number;
  /** Local names; `null`: all issuers. */
  readonly issuers: readonly string[] | null;
  readonly services: readonly string[] | null;
  readonly rhosts: readonly string[] | null;
  /** RFC 3339; `null`: it does not end. */
  readonly until: string | null;
  /** What claims must be like. */
  readonly conditions: readonly string[];
  /** Where the accounts come from; `null`: every account. */
  readonly accounts: readonly string[] | null;
  /** The same without details, for policies of many rules. */
  readonly sorts: readonly string[];
  /** What is asked of the sign-in, by the policy and the rule together. */
  readonly assurance: readonly string[];
  /** Services, networks and assurance in one line. */
  readonly label: string;
  readonly allowProtected: boolean;
}

export function ruleFacts(policy: Policy, source: PolicySource): RuleFact[] {
  return policy.rules.map((rule) => ruleFact(rule, policy, source));
}

function ruleFact(rule: Rule, policy: Policy, source: PolicySource): RuleFact {
  const { id, effect, description, issuers, services, rhosts } = rule;
  const required = combine(policy.assurance, rule.assurance);
  const nothing = combine(rule.assurance, rule.assurance);
  // assurance is asked of those whom a rule lets in
  const asked = effect === "allow" ? required : nothing;
  return {
    id,
    effect,
    description,
    line: lineOf(source, ["rules", id]),
    issuers,
    services,
    rhosts,
    until: rule.not_after === null ? null : instantText(rule.not_after),
    conditions: rule.when.map(conditionWords),
    accounts: rule.accounts?.map(sourceWords) ?? null,
    sorts: [
      ...new Set(rule.accounts?.map(sourceSort) ?? ["every account"]),
    ],
    assurance: effect === "allow" ? requirements({ assurance: required }) : [],
    label: ruleLabel(rule, asked),
    allowProtected: rule.allow_protected,
  };
}

/** The line in the policy at which the key of a path stands. */
export function lineOf(
  { yaml }: PolicySource,
  path: readonly (string | number)[],
): number {
  const { start, end } = locate(yaml.root, path, { at: "key" });
  return yaml.span(start, end).line;
}
