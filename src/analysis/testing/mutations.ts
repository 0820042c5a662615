/**
 * The changes to a policy that its tests ought to notice: one condition at a time is removed or
 * loosened.
 *
 * Changes that cannot matter are left out where that is plain to see (issuers that are all of
 * them, `allow_protected` without a protected name); others are found by `mutation_probe.ts`.
 *
 * @module
 */
import type { Policy, Rule } from "../../policy/model.ts";
import {
  accountChanges,
  assuranceChanges,
  type Change,
  conditionChanges,
  NO_ASSURANCE,
  protectedChanges,
  scopeChanges,
  show,
  without,
} from "./mutation_changes.ts";
import type { Path } from "../../policy/syntax/yaml_tree.ts";

export interface Mutation {
  /** What was done, such as `removing "mfa" from the assurance of the rule "staff"`. */
  readonly description: string;
  /** Where in the policy the changed thing is written. */
  readonly path: Path;
  /** The only rule whose outcome can differ; `null` when all can. */
  readonly rule: string | null;
  readonly policy: Policy;
}

/** All mutations of a policy, in the order in which they are written. */
export function mutationsOf(policy: Policy): Mutation[] {
  return [
    ...issuerMutations(policy),
    ...globalMutations(policy),
    ...policy.rules.flatMap((rule) => ruleMutations(rule, policy)),
  ];
}

function issuerMutations(policy: Policy): Mutation[] {
  return policy.issuers.flatMap((issuer) => {
    const { amr_any, acr_any } = issuer.mfa;
    const changes: Change<typeof issuer.mfa>[] = [
      ...without(amr_any, { some: acr_any.length > 0 }).map((
        [value, rest, index],
      ): Change<typeof issuer.mfa> => [
        `removing ${show(value)} from "mfa.amr_any"`,
        ["amr_any", index],
        { ...issuer.mfa, amr_any: rest },
      ]),
      ...without(acr_any, { some: amr_any.length > 0 }).map((
        [value, rest, index],
      ): Change<typeof issuer.mfa> => [
        `removing ${show(value)} from "mfa.acr_any"`,
        ["acr_any", index],
        { ...issuer.mfa, acr_any: rest },
      ]),
    ];
    return changes.map(([what, path, mfa]) => ({
      description: `${what} of the issuer "${issuer.name}"`,
      path: ["issuers", issuer.name, "mfa", ...path],
      rule: null,
      policy: {
        ...policy,
        issuers: policy.issuers.map((one) =>
          one === issuer ? { ...one, mfa } : one
        ),
      },
    }));
  });
}

function globalMutations(policy: Policy): Mutation[] {
  const assurance = assuranceChanges(policy.assurance)
    .map(([what, path, changed]): Mutation => ({
      description: `${what} the policy's assurance`,
      path: ["assurance", ...path],
      rule: null,
      policy: { ...policy, assurance: changed },
    }));
  const emptied: Mutation = {
    description: 'emptying "protected_accounts"',
    path: ["protected_accounts"],
    rule: null,
    policy: { ...policy, protected_accounts: [] },
  };
  const single = without(policy.protected_accounts, { some: false })
    // root is protected without being written
    .filter(([account]) => account !== "root")
    .map(([account, rest]): Mutation => ({
      description: `removing ${show(account)} from "protected_accounts"`,
      path: ["protected_accounts"],
      rule: null,
      policy: { ...policy, protected_accounts: rest },
    }));
  return [...assurance, emptied, ...single];
}

function ruleMutations(rule: Rule, policy: Policy): Mutation[] {
  const { rules } = policy;
  const mutation = (
    description: string,
    path: Path,
    changed: Rule | null,
  ): Mutation => ({
    description,
    path: ["rules", rule.id, ...path],
    rule: rule.id,
    policy: {
      ...policy,
      rules: rules.flatMap((one) =>
        one !== rule ? [one] : changed === null ? [] : [changed]
      ),
    },
  });
  const changes: Change<Rule>[] = [
    ...scopeChanges(rule, policy),
    ...rule.when.flatMap((condition, index) =>
      conditionChanges(condition).map(([what, path, changed]): Change<Rule> => [
        what,
        ["when", condition.claim, ...path],
        {
          ...rule,
          when: rule.when.flatMap((one, at) =>
            at !== index ? [one] : changed === null ? [] : [changed]
          ),
        },
      ])
    ),
    ...(rule.effect === "allow"
      ? assuranceChanges(rule.assurance).map((
        [what, path, assurance],
      ): Change<Rule> => [
        `${what} the assurance`,
        ["assurance", ...path],
        { ...rule, assurance },
      ])
      : []),
    ...accountChanges(rule),
    ...protectedChanges(rule, policy),
  ];
  return [
    mutation(`removing the rule "${rule.id}"`, [], null),
    ...flipped(rule).map((changed) =>
      mutation(
        `turning the rule "${rule.id}" into a rule that ${
          changed.effect === "allow" ? "allows" : "denies"
        }`,
        [],
        changed,
      )
    ),
    ...changes.map(([what, path, changed]) =>
      mutation(`${what} of the rule "${rule.id}"`, path, changed)
    ),
  ];
}

function flipped(rule: Rule): Rule[] {
  // a deny rule about every account has no counterpart
  if (rule.accounts === null) return [];
  return [{
    ...rule,
    effect: rule.effect === "allow" ? "deny" : "allow",
    assurance: NO_ASSURANCE,
    allow_protected: false,
  }];
}
