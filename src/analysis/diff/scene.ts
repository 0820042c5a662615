/**
 * One account and the tokens of one issuer, set out for the search: the space of requests, and
 * the rules of both policies as regions of it.
 *
 * @module
 */
import type { GlobCache } from "./atoms.ts";
import type { Rule } from "../../policy/model.ts";
import type { Context } from "./account_clauses.ts";
import { type RegionPart, regionParts } from "./encode.ts";
import { providerOf, whyMissing } from "../providers.ts";
import { LinkedAuthentications } from "./linked.ts";
import { networkExamples } from "./networks.ts";
import {
  isLinked,
  type IssuerPair,
  requirementsOf,
  ruleKey,
  rulesOf,
  type Side,
} from "./side.ts";
import { type Budget, type Region, solve } from "./solver.ts";
import {
  clause,
  distribution,
  mapping,
  nesting,
  nestingLimits,
  NO,
  Space,
  Uses,
} from "./space.ts";
import { addUses } from "./uses.ts";

/** Rules of each side of a comparison. */
export interface RulesOfSides {
  readonly old: readonly Rule[];
  readonly new: readonly Rule[];
}

/**
 * The rules for which the other side has none that decides the same, whatever the account. Names,
 * descriptions and the order of anything do not count.
 */
export function changedRules(pair: IssuerPair): RulesOfSides {
  const keyed = (side: Side | null) =>
    side === null ? [] : rulesOf(side).map((rule) => ({
      rule,
      key: ruleKey(rule, side, null),
    }));
  const [before, after] = [keyed(pair.old), keyed(pair.new)];
  const without = (rules: typeof before, others: typeof before) => {
    const known = new Set(others.map(({ key }) => key));
    return rules.filter(({ key }) => !known.has(key)).map(({ rule }) => rule);
  };
  return { old: without(before, after), new: without(after, before) };
}

/** The rules that can concern the account and for which the other side has none like it there. */
export function changedFor(
  account: string,
  pair: IssuerPair,
  changed: RulesOfSides,
): RulesOfSides {
  const keyed = (side: Side | null, rules: readonly Rule[]) =>
    new Map(
      side === null ? [] : rules.flatMap((rule) => {
        const key = ruleKey(rule, side, account);
        return key === null ? [] : [[key, rule] as const];
      }),
    );
  const before = keyed(pair.old, changed.old);
  const after = keyed(pair.new, changed.new);
  const without = (rules: typeof before, others: typeof before) =>
    [...rules].filter(([key]) => !others.has(key)).map(([, rule]) => rule);
  return { old: without(before, after), new: without(after, before) };
}

/** A rule as the parts of its region. */
type Regions = ReadonlyMap<Rule, readonly RegionPart[]>;

export interface Scene {
  readonly account: string;
  readonly pair: IssuerPair;
  readonly space: Space;
  readonly linked: LinkedAuthentications | null;
  /** What holds of every request. */
  readonly always: Region;
  /** What holds of requests with tokens as the provider makes them, as far as it is known. */
  readonly usual: Region;
  readonly old: Regions;
  readonly new: Regions;
  readonly limits: readonly string[];
}

/** The space in which these rules can be told apart, and no others. */
export function sceneOf(
  account: string,
  pair: IssuerPair,
  { rules, cache, ordinary = false, from = -Infinity }: {
    rules: RulesOfSides;
    cache: GlobCache;
    /** Whether to leave out accounts that the host keeps for the system. */
    ordinary?: boolean;
    /** Requests before this time are left out, in seconds since the epoch. */
    from?: number;
  },
): Scene {
  const sides = [
    { side: pair.old, rules: rules.old },
    { side: pair.new, rules: rules.new },
  ];
  const all = sides.flatMap(({ side, rules }) =>
    side === null ? [] : rules.map((rule) => ({ side, rule }))
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
    ends: all.flatMap(({ rule }) => rule.not_after ?? []),
    from,
    cache,
  });
  const regions = (side: Side | null, rules: readonly Rule[]): Regions => {
    if (side === null) return new Map();
    const context: Context = { side, space, account, linked };
    return new Map(rules.map((rule) => [rule, regionParts(rule, context)]));
  };
  const made = {
    old: regions(pair.old, rules.old),
    new: regions(pair.new, rules.new),
  };
  return {
    account,
    pair,
    space,
    linked,
    ...made,
    always: [
      ...nesting(space),
      ...distribution(space),
      ...mapping(space),
      ...linked?.implications(space) ?? [],
      ...ordinary ? [[{ variable: space.host, values: NO }]] : [],
    ],
    usual: usual(space, pair),
    limits: [
      ...space.limits,
      ...nestingLimits(space),
      ...linkedLimits({ all, linked }),
    ],
  };
}

/** Tokens lack what their provider does not send. */
function usual(space: Space, pair: IssuerPair): Region {
  const issuer = (pair.new ?? pair.old)?.issuer.issuer ?? "";
  if (providerOf(issuer) === null) return [];
  return [...space.claims].filter(([location]) =>
    whyMissing(location, issuer) !== null
  ).map(([location]) =>
    clause(space.literal(location, ({ kind }) => kind === "absent"))
  );
}

/**
 * A point of the scene inside of a region and outside of others, with a token as the provider makes
 * them where there is one. That there is none holds for all tokens: what is known of a provider
 * proves nothing.
 */
export function pointIn(
  { space: { sizes }, usual }: Scene,
  { inside, outside }: { inside: Region; outside: readonly Region[] },
  budget: Budget,
): ReturnType<typeof solve> {
  if (usual.length > 0) {
    const found = solve(
      { sizes, inside: [...inside, ...usual], outside },
      budget,
    );
    if (found !== null && found !== "gave up") return found;
  }
  return solve({ sizes, inside, outside }, budget);
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
  { all, linked }: {
    all: readonly { side: Side; rule: Rule }[];
    linked: LinkedAuthentications | null;
  },
): string[] {
  if (linked === null) return [];
  const mixed = all.some(({ side }) => !isLinked(side));
  return [
    ...(mixed ? ["the kind of the issuer changes what identities it has"] : []),
    ...(linked.complete ? [] : ["too many sorts of authentications"]),
  ];
}
