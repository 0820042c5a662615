/**
 * A policy as it is written down for programs to read: its rules without what most rules have. Half of the
 * text of a large policy would be that, and a login reads all of it.
 *
 * @module
 */
import { type Policy, type Rule, USUAL_RULE } from "./model.ts";

/** A policy with such rules. */
export interface LeanPolicy extends Omit<Policy, "rules"> {
  readonly rules:
    readonly (Omit<Rule, keyof typeof USUAL_RULE> & Partial<Rule>)[];
}

/** Without what {@link filled} fills in. */
export function lean(policy: Policy): LeanPolicy {
  return { ...policy, rules: policy.rules.map(leanRule) };
}

function leanRule(rule: Rule): LeanPolicy["rules"][number] {
  const usual: Readonly<Record<string, unknown>> = USUAL_RULE;
  const said = Object.entries(rule).filter(([key, value]) =>
    !(Object.hasOwn(usual, key) &&
      JSON.stringify(value) === JSON.stringify(usual[key]))
  );
  return Object.fromEntries(said) as unknown as LeanPolicy["rules"][number];
}

/** The policy again. Does not check that it is one. */
export function filled(policy: LeanPolicy): Policy {
  return {
    ...policy,
    rules: policy.rules.map((rule) => ({ ...USUAL_RULE, ...rule })),
  };
}
