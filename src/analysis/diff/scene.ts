/**
 * One account and the tokens of one issuer, set out for the search: the space of requests, and
 * the rules of both policies as regions of it.
 *
 * @module
 */
import type { GlobCache } from "./atoms.ts";
import type { Rule } from "../../policy/model.ts";
import { type Context, regionOf } from "./encode.ts";
import { LinkedAuthentications } from "./linked.ts";
import { networkExamples } from "./networks.ts";
import {
  isLinked,
  isShared,
  type IssuerPair,
  requirementsOf,
  ruleKey,
  rulesOf,
  type Side,
} from "./side.ts";
import type { Region } from "./solver.ts";
import {
  distribution,
  mapping,
  nesting,
  nestingLimits,
  NO,
  Space,
  Uses,
} from "./space.ts";
import { addUses } from "./uses.ts";

/** Whether the rules of both sides are the same for all accounts, up to order and names. */
export function sameRules(pair: IssuerPair): boolean {
  return pair.old !== null && pair.new !== null &&
    same(keysOf(pair.old, null), keysOf(pair.new, null));
}

interface KeyedRule {
  readonly rule: Rule;
  readonly key: string;
}

export function keysOf(side: Side | null, account: string | null): KeyedRule[] {
  return side === null ? [] : rulesOf(side).flatMap((rule) => {
    const key = ruleKey(rule, side, account);
    return key === null ? [] : [{ rule, key }];
  });
}

export function same(
  old: readonly KeyedRule[],
  next: readonly KeyedRule[],
): boolean {
  const text = (rules: readonly KeyedRule[]) =>
    [...new Set(rules.map(({ key }) => key))].sort().join("\n");
  return text(old) === text(next);
}

interface KeyedRegion {
  readonly region: Region;
  readonly key: string;
}

interface SideRegions {
  readonly allows: readonly KeyedRegion[];
  readonly denies: readonly KeyedRegion[];
}

export interface Scene {
  readonly account: string;
  readonly pair: IssuerPair;
  readonly space: Space;
  readonly linked: LinkedAuthentications | null;
  readonly always: Region;
  readonly old: SideRegions;
  readonly new: SideRegions;
  readonly limits: readonly string[];
}

export function sceneOf(
  account: string,
  pair: IssuerPair,
  { rules, cache, ordinary }: {
    rules: { old: readonly KeyedRule[]; new: readonly KeyedRule[] };
    cache: GlobCache;
    ordinary: boolean;
  },
): Scene {
  const sides = [
    { side: pair.old, rules: rules.old },
    { side: pair.new, rules: rules.new },
  ];
  const all = sides.flatMap(({ side, rules }) =>
    side === null ? [] : rules.map(({ rule }) => ({ side, rule }))
  );
  const uses = new Uses();
  for (const { side, rule } of all) addUses(uses, rule, { side, account });
  const services = new Set(all.flatMap(({ rule }) => rule.services ?? []));
  const linked = all.some(({ side }) => isLinked(side))
    ? new LinkedAuthentications(
      all.filter(({ rule }) => rule.effect === "allow").map((
        { rule, side },
      ) => ({ required: requirementsOf(rule, side), side })),
    )
    : null;
  const space = new Space({
    claims: uses.claims,
    services: withAnother(services),
    rhosts: networkExamples(all.flatMap(({ rule }) => rule.rhosts ?? [])),
    cache,
  });
  const regions = (side: Side | null, keyed: readonly KeyedRule[]) => {
    const of = (effect: Rule["effect"]) =>
      keyed.filter(({ rule }) => rule.effect === effect).flatMap(
        ({ rule, key }) => {
          if (side === null) return [];
          const context: Context = { side, space, account, linked };
          const region = regionOf(rule, context);
          return region === null ? [] : [{ region, key }];
        },
      );
    return { allows: of("allow"), denies: of("deny") };
  };
  return {
    account,
    pair,
    space,
    linked,
    old: regions(pair.old, rules.old),
    new: regions(pair.new, rules.new),
    always: [
      ...nesting(space),
      ...distribution(space),
      ...mapping(space),
      ...(ordinary ? [[{ variable: space.host, values: NO }]] : []),
    ],
    limits: [
      ...space.limits,
      ...nestingLimits(space),
      ...linkedLimits(account, { all, linked }),
    ],
  };
}

/** Another service than those that rules name stands for all others. */
function withAnother(services: ReadonlySet<string>): string[] {
  let other = "sshd";
  for (let number = 1; services.has(other); number++) {
    other = number === 1 ? "other" : `other${number}`;
  }
  return [
    ...new Set([...(services.has("sshd") ? ["sshd"] : []), other, ...services]),
  ];
}

function linkedLimits(
  account: string,
  options: {
    all: readonly { side: Side; rule: Rule }[];
    linked: LinkedAuthentications | null;
  },
): string[] {
  const { all, linked } = options;
  if (linked === null) return [];
  const bound = all.some(({ rule, side }) =>
    rule.effect === "allow" && !isShared(rule, account) &&
    requirementsOf(rule, side).sameIdentity
  );
  const mixed = all.some(({ side }) => !isLinked(side));
  return [
    ...(bound
      ? ["same_identity with linked identities is only tried out"]
      : []),
    ...(mixed ? ["the kind of the issuer changes what identities it has"] : []),
    ...(linked.complete ? [] : ["too many sorts of authentications"]),
  ];
}
