/**
 * The single changes that mutations are made of.
 *
 * @module
 */
import { duration } from "../../policy/duration.ts";
import type {
  AccountSource,
  Assurance,
  Condition,
  Policy,
  Rule,
} from "../../policy/model.ts";
import { parseNetwork } from "../../policy/network.ts";
import type { Path } from "../../policy/syntax/yaml_tree.ts";

/** A change of one part: the description, the path inside it, and what becomes of the part. */
export type Change<Part> = readonly [string, Path, Part];

export const NO_ASSURANCE: Assurance = {
  permitted_idps: null,
  mfa: false,
  max_auth_age: null,
  same_identity: false,
};

export function scopeChanges(rule: Rule, policy: Policy): Change<Rule>[] {
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
  return changes;
}

/** The network with a prefix one bit shorter; bits behind a prefix are ignored. */
function widened(text: string): string | null {
  const network = parseNetwork(text);
  if (network === null || network.prefix === 0) return null;
  const [address = "", written] = text.split("/");
  const width = address.includes(":") ? 128 : 32;
  return `${address}/${(written === undefined ? width : Number(written)) - 1}`;
}

export function conditionChanges(
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
  if (condition.operator === "equals") return changes;
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

export function assuranceChanges(assurance: Assurance): Change<Assurance>[] {
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

export function accountChanges(rule: Rule): Change<Rule>[] {
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

export function protectedChanges(rule: Rule, policy: Policy): Change<Rule>[] {
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
