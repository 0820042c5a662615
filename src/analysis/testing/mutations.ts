/**
 * The changes to a policy that its tests ought to notice: one condition at a time is removed or
 * loosened.
 *
 * Changes that cannot matter are left out where that is plain to see (issuers that are all of
 * them, `allow_protected` without a protected name); others are found by `mutation_effect.ts`.
 *
 * @module
 */
import {
  type AccountSource,
  type Assurance,
  type Condition,
  NO_ASSURANCE,
  type Policy,
  type Rule,
} from "../../policy/model.ts";
import type { Path } from "../../policy/syntax/yaml.ts";
import { duration } from "../../policy/duration.ts";
import { instantText } from "../../policy/instant.ts";
import { parseNetwork } from "../../policy/network.ts";
import { restricts } from "../permits.ts";

export interface Mutation {
  /** What was done, such as `removing "mfa" from the assurance of the rule "staff"`. */
  readonly description: string;
  /** Where in the policy the changed thing is written. */
  readonly path: Path;
  /** The only rule whose outcome can differ; `null` when all can. */
  readonly rule: string | null;
  /** What becomes of that rule; `null` where it is gone. */
  readonly changed: Rule | null;
  readonly policy: Policy;
}

/** The changed policy with no other rules than what became of these. */
export function changedWith(
  policy: Policy,
  mutation: Mutation,
  rules: readonly Rule[],
): Policy {
  const { rule, changed } = mutation;
  if (rule === null) return { ...mutation.policy, rules };
  return {
    ...policy,
    rules: rules.flatMap((one) =>
      one.id !== rule ? [one] : changed === null ? [] : [changed]
    ),
  };
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
      changed: null,
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
      changed: null,
      policy: { ...policy, assurance: changed },
    }));
  const emptied: Mutation = {
    description: 'emptying "protected_accounts"',
    path: ["protected_accounts"],
    rule: null,
    changed: null,
    policy: { ...policy, protected_accounts: [] },
  };
  const single = without(policy.protected_accounts, { some: false })
    // root is protected without being written
    .filter(([account]) => account !== "root")
    .map(([account, rest]): Mutation => ({
      description: `removing ${show(account)} from "protected_accounts"`,
      path: ["protected_accounts"],
      rule: null,
      changed: null,
      policy: { ...policy, protected_accounts: rest },
    }));
  // plain names are the usual: only a policy that has said more is asked where it ends
  const wider = policy.accounts_pattern === "sssd"
    ? [{
      description: 'widening "accounts_pattern" to "relaxed"',
      path: ["accounts_pattern"],
      rule: null,
      changed: null,
      policy: { ...policy, accounts_pattern: "relaxed" as const },
    }]
    : [];
  return [...assurance, emptied, ...single, ...wider];
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
    changed,
    // made when it is asked for: each is as large as the policy
    get policy() {
      const at = rules.indexOf(rule);
      return {
        ...policy,
        rules: changed === null
          ? rules.toSpliced(at, 1)
          : rules.with(at, changed),
      };
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
    ...permitChanges(rule, policy),
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
    ssh: null,
  }];
}

// The single changes that mutations are made of.

/** A change of one part: the description, the path inside it, and what becomes of the part. */
export type Change<Part> = readonly [string, Path, Part];

function scopeChanges(rule: Rule, policy: Policy): Change<Rule>[] {
  const changes: Change<Rule>[] = [];
  for (const key of ["issuers", "services", "rhosts"] as const) {
    const list = rule[key];
    if (list === null) continue;
    if (
      key !== "issuers" ||
      policy.issuers.some(({ name }) => !list.includes(name))
    ) changes.push([`removing "${key}"`, [key], { ...rule, [key]: null }]);
    for (const [value, rest, index] of without(list, { some: false })) {
      const what = `removing ${show(value)} from "${key}"`;
      changes.push([what, [key, index], { ...rule, [key]: rest }]);
    }
  }
  for (const [index, text] of (rule.rhosts ?? []).entries()) {
    const wider = widened(text);
    if (wider === null) continue;
    const rhosts = rule.rhosts?.with(index, wider) ?? null;
    const what = `widening ${show(text)} to ${show(wider)} in "rhosts"`;
    changes.push([what, ["rhosts", index], { ...rule, rhosts }]);
  }
  return [...changes, ...endChanges(rule)];
}

const DAY = 86_400;

/** Without an end, or with one that lets more people in: a deny rule ends earlier. */
function endChanges(rule: Rule): Change<Rule>[] {
  const { not_after } = rule;
  if (not_after === null) return [];
  const moved = not_after + (rule.effect === "allow" ? DAY : -DAY);
  return [
    ['removing "not_after"', ["not_after"], { ...rule, not_after: null }],
    [`moving "not_after" to ${instantText(moved)}`, ["not_after"], {
      ...rule,
      not_after: moved,
    }],
  ];
}

/** The network with a prefix one bit shorter; bits behind a prefix are ignored. */
function widened(text: string): string | null {
  const network = parseNetwork(text);
  if (network === null || network.prefix === 0) return null;
  const [address = "", written] = text.split("/");
  const width = address.includes(":") ? 128 : 32;
  return `${address}/${(written === undefined ? width : Number(written)) - 1}`;
}

function conditionChanges(
  condition: Condition,
): Change<Condition | null>[] {
  const { claim, operator } = condition;
  const name = `${claim}.${operator}`;
  const changes: Change<Condition | null>[] = [
    [`removing the condition "${name}"`, [operator], null],
  ];
  if (condition.operator === "like") {
    for (const pattern of loosened(condition.pattern)) {
      changes.push([
        `loosening the glob ${show(condition.pattern)} to ${show(pattern)}`,
        [operator],
        { claim, operator: "like", pattern },
      ]);
    }
    return changes;
  }
  if (!("values" in condition)) return changes;
  for (const [value, values, index] of without(condition.values, {})) {
    changes.push([
      `removing ${show(value)} from "${name}"`,
      [operator, index],
      { ...condition, values },
    ]);
  }
  if (condition.operator === "all" && condition.values.length > 1) {
    changes.push([`turning "${name}" into "any"`, [operator], {
      ...condition,
      operator: "any",
    }]);
  }
  return changes;
}

/** Globs that match more: without an anchor, or without the character next to a star. */
function loosened(pattern: string): string[] {
  const looser = [
    pattern.startsWith("*")
      ? pattern.replace(/^(\*+)[^*]/, "$1")
      : `*${pattern}`,
    pattern.endsWith("*") ? pattern.replace(/[^*](\*+)$/, "$1") : `${pattern}*`,
  ];
  return [...new Set(looser)].filter((one) => one !== pattern);
}

function assuranceChanges(assurance: Assurance): Change<Assurance>[] {
  const { permitted_idps, mfa, max_auth_age, same_identity } = assurance;
  const changes: Change<Assurance>[] = [];
  const remove = (key: keyof Assurance) =>
    changes.push([`removing "${key}" from`, [key], {
      ...assurance,
      [key]: NO_ASSURANCE[key],
    }]);
  if (permitted_idps !== null) {
    remove("permitted_idps");
    for (const [idp, rest, index] of without(permitted_idps, {})) {
      const path = ["permitted_idps", index];
      const changed = { ...assurance, permitted_idps: rest };
      changes.push([
        `removing ${show(idp)} from "permitted_idps" in`,
        path,
        changed,
      ]);
    }
  }
  if (mfa) remove("mfa");
  if (max_auth_age !== null) {
    remove("max_auth_age");
    const twice = { ...assurance, max_auth_age: max_auth_age * 2 };
    const what = `doubling "max_auth_age" to ${duration(max_auth_age * 2)} in`;
    if (max_auth_age > 0) changes.push([what, ["max_auth_age"], twice]);
  }
  if (same_identity) remove("same_identity");
  return changes;
}

function accountChanges(rule: Rule): Change<Rule>[] {
  const sources = rule.accounts ?? [];
  const removed = without(sources, {}).map(([source, rest, index]): Change<
    Rule
  > => [
    `removing ${sourceName(source)} from "accounts"`,
    ["accounts", index],
    { ...rule, accounts: rest },
  ]);
  const changed = sources.flatMap((source, index) =>
    sourceChanges(source).map(([what, path, one]): Change<Rule> => [
      what,
      ["accounts", index, ...path],
      { ...rule, accounts: sources.with(index, one) },
    ])
  );
  return [...removed, ...changed];
}

function sourceName(source: AccountSource): string {
  switch (source.source) {
    case "claim":
      return `the claim ${show(source.claim)}`;
    case "identity":
      return `the identities' ${show(source.attribute)}`;
    case "map":
      return "the map";
    case "map_file":
      return `the map file ${show(source.path)}`;
    case "names":
      return `the names ${source.names.map(show).join(", ")}`;
  }
}

function sourceChanges(source: AccountSource): Change<AccountSource>[] {
  switch (source.source) {
    case "claim":
    case "identity":
      return source.strip_suffix === null ? [] : [[
        `not cutting off ${show(source.strip_suffix)} from ${
          sourceName(source)
        } in "accounts"`,
        ["strip_suffix"],
        { ...source, strip_suffix: null },
      ]];
    case "map":
    case "map_file":
      // the entries of a map are data: nobody writes a test for each person
      return without(source.keys, {}).map(([key, keys, index]) => [
        `removing ${show(key)} from the keys of ${sourceName(source)}`,
        ["keys", index],
        { ...source, keys },
      ]);
    case "names":
      return without(source.names, {}).map(([name, names, index]) => [
        `removing ${show(name)} from the names in "accounts"`,
        ["names", index],
        { ...source, names },
      ]);
  }
}

function protectedChanges(rule: Rule, policy: Policy): Change<Rule>[] {
  const names = (rule.accounts ?? []).flatMap((source) =>
    source.source === "names" ? source.names : []
  );
  if (
    rule.effect === "deny" ||
    !names.some((name) => policy.protected_accounts.includes(name))
  ) return [];
  const allow_protected = !rule.allow_protected;
  return [[
    `setting "allow_protected" to ${allow_protected}`,
    rule.allow_protected ? ["allow_protected"] : [],
    { ...rule, allow_protected },
  ]];
}

/** Only sessions by certificate can be restricted. */
function permitChanges(rule: Rule, policy: Policy): Change<Rule>[] {
  const { ssh } = rule;
  if (ssh === null || !restricts(rule, policy)) return [];
  return [
    ['removing "ssh"', ["ssh"], { ...rule, ssh: null }],
    ...without(ssh.permit, { some: true }).map((
      [value, permit, index],
    ): Change<Rule> => [
      `removing ${show(value)} from "ssh.permit"`,
      ["ssh", "permit", index],
      { ...rule, ssh: { permit } },
    ]),
  ];
}

/** Each entry with the list that is left; nothing for a list of one, unless `some` says so. */
export function without<Item>(
  list: readonly Item[],
  options: { some?: boolean },
): [Item, Item[], number][] {
  if (list.length < 2 && options.some !== true) return [];
  return list.map((item, index) => [item, list.toSpliced(index, 1), index]);
}

export function show(value: unknown): string {
  return JSON.stringify(value);
}
