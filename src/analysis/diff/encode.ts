/**
 * A rule as a region of the space of all requests for one account.
 *
 * Whether a single value satisfies a condition is asked of the evaluator's own functions, so that
 * there is no second reading of what conditions mean.
 *
 * @module
 */
import { assuranceFailure } from "../../policy/evaluate/assurance.ts";
import { type Atom, ODD_ENTRY } from "./atoms.ts";
import {
  checkCondition,
  claimLocation,
  isMet,
  judgeCondition,
} from "../../policy/evaluate/conditions.ts";
import { withClaim } from "../../policy/claims.ts";
import { locationOf } from "../../policy/evaluate/claims_used.ts";
import type {
  AccountSource,
  Condition,
  IdentityAttribute,
  Rule,
} from "../../policy/model.ts";
import { contains, parseAddress, parseNetwork } from "../../policy/network.ts";
import { subjectFromClaims } from "../../policy/evaluate/subject.ts";
import type { LinkedAuthentications } from "./linked.ts";
import type { Clause, Literal, Region } from "./solver.ts";
import {
  isLinked,
  isShared,
  requirementsOf,
  requiresAnything,
  type Side,
  sourcesFor,
} from "./side.ts";
import {
  type ClaimVariables,
  clause,
  literal,
  NO,
  type Space,
  UNTOLD_IDENTITIES,
  WITNESS_NOW,
  YES,
} from "./space.ts";
import { askedOf, stripped } from "../../policy/evaluate/accounts.ts";
import {
  attributeLocations,
  keyAttribute,
} from "../../policy/identity_claims.ts";
import { linkedLocation } from "./uses.ts";

export interface Context {
  readonly side: Side;
  readonly space: Space;
  readonly account: string;
  /** For issuers that vouch for several identities. */
  readonly linked: LinkedAuthentications | null;
}

/** An empty clause never holds. */
const NEVER: Clause = [];

/**
 * Where an allow rule grants, or a deny rule matches; `null` when that is nowhere.
 */
export function regionOf(rule: Rule, context: Context): Region | null {
  const { space, account } = context;
  const clauses: Clause[] = [];
  if (rule.services !== null) {
    const wanted = rule.services;
    const values = space.services.map((service) => wanted.includes(service));
    clauses.push(clause(literal(space.service, values)));
  }
  if (rule.rhosts !== null) {
    const networks = rule.rhosts;
    const values = space.rhosts.map((rhost) => inNetworks(networks, rhost));
    clauses.push(clause(literal(space.rhost, values)));
  }
  const conditionOf = rule.effect === "deny" ? denyClauses : conditionClauses;
  for (const condition of rule.when) {
    clauses.push(...conditionOf(condition, context));
  }
  const shared = isShared(rule, account);
  const sources = sourcesFor(rule, account);
  if (sources !== null && !shared) {
    clauses.push(...sourceClauses(sources, rule.effect, context));
  }
  if (rule.effect === "allow") clauses.push(...grantClauses(rule, context));
  return clauses.some(({ length }) => length === 0) ? null : clauses;
}

function inNetworks(
  networks: readonly string[],
  rhost: string | null,
): boolean {
  const address = rhost === null ? null : parseAddress(rhost);
  return address !== null && networks.some((text) => {
    const network = parseNetwork(text);
    return network !== null && contains(network, address);
  });
}

function conditionClauses(
  condition: Condition,
  { side, space }: Context,
): Clause[] {
  const location = claimLocation(side.issuer, condition.claim);
  const { path, blocks } = space.claim(location);
  switch (condition.operator) {
    case "any":
    case "all":
    case "none": {
      const isList = clause(
        space.literal(location, ({ kind }) => kind === "list"),
      );
      const wanted = new Set<unknown>(condition.values);
      const inside = blocks.filter(({ values }) =>
        values.every((value) => wanted.has(value))
      );
      const has = inside.map(({ variable }) => ({ variable, values: YES }));
      if (condition.operator === "any") return [isList, has];
      if (condition.operator === "all") {
        return [isList, ...has.map((part) => [part])];
      }
      return [
        isList,
        ...[...has, ...oddEntry(blocks)]
          .map(({ variable }) => [{ variable, values: NO }]),
      ];
    }
    default:
      return [
        clause(space.literal(location, ({ value }) =>
          value !== undefined &&
          checkCondition(condition, {
            issuer: side.issuer,
            claims: withClaim({}, locationOf(path), value),
          }).holds)),
      ];
  }
}

/** A list has an entry about which nothing can be told. */
function oddEntry(blocks: ClaimVariables["blocks"]): Literal[] {
  return blocks.filter(({ values }) => values.includes(ODD_ENTRY))
    .map(({ variable }) => ({ variable, values: YES }));
}

/** Where a condition of a deny rule holds, or cannot be told not to. */
function denyClauses(condition: Condition, { side, space }: Context): Clause[] {
  const location = claimLocation(side.issuer, condition.claim);
  const { path, blocks } = space.claim(location);
  const is = (test: (kind: Atom["kind"]) => boolean) =>
    clause(space.literal(location, ({ kind }) => test(kind)));
  switch (condition.operator) {
    case "any":
    case "all":
    case "none": {
      const wanted = new Set<unknown>(condition.values);
      const has = blocks.filter(({ values }) =>
        values.every((value) => wanted.has(value))
      ).map(({ variable }) => ({ variable, values: YES }));
      const present = is((kind) => kind !== "absent");
      const noList = is((kind) => kind !== "list");
      if (condition.operator === "none") {
        // what has what must not be there does not hold, whatever else there is
        return [
          present,
          ...has.map(({ variable }) => [...noList, { variable, values: NO }]),
        ];
      }
      const untold = [...noList, ...oddEntry(blocks)];
      return condition.operator === "any"
        ? [present, [...has, ...untold]]
        : [present, ...has.map((part) => [part, ...untold])];
    }
    default:
      return [
        clause(
          space.literal(
            location,
            ({ kind, value }) =>
              kind === "list" || kind === "elsewhere" || (value !== undefined &&
                isMet(
                  judgeCondition(condition, {
                    issuer: side.issuer,
                    claims: withClaim({}, locationOf(path), value),
                  }),
                  "deny",
                )),
          ),
        ),
      ];
  }
}

/** What an allow rule needs beyond matching. */
function grantClauses(rule: Rule, context: Context): Clause[] {
  const { side, space, account, linked } = context;
  const shared = isShared(rule, account);
  const clauses: Clause[] = [];
  if (!(rule.allow_protected && shared)) {
    if (side.policy.protected_accounts.includes(account)) return [NEVER];
    clauses.push([{ variable: space.host, values: 1n }]);
  }
  const required = requirementsOf(rule, side);
  const bound = required.sameIdentity && !shared;
  if (!requiresAnything(required) && !bound) return clauses;
  if (linked !== null) {
    return [...clauses, linked.clauseFor(required, side, space)];
  }
  const { issuer } = side;
  const { claims, mfa } = issuer;
  for (const list of required.permittedIdps) {
    clauses.push(
      clause(
        space.literal(
          claims.idp,
          ({ value }) => list.includes(value as string),
        ),
      ),
    );
  }
  if (required.mfa) {
    const acr = clause(
      space.literal(
        claims.acr,
        ({ value }) => mfa.acr_any.includes(value as string),
      ),
    );
    const { blocks } = space.claim(claims.amr);
    const isList = clause(
      space.literal(claims.amr, ({ kind }) => kind === "list"),
    );
    const methods = blocks.filter(({ values }) =>
      values.every((value) => mfa.amr_any.includes(value as string))
    ).map(({ variable }) => ({ variable, values: YES }));
    clauses.push([...isList, ...acr], [...methods, ...acr]);
    for (const { values, variable } of blocks) {
      if (values.every((value) => typeof value === "string")) continue;
      // one entry that is no string, and the whole list says nothing
      clauses.push([{ variable, values: NO }, ...acr]);
    }
  }
  if (bound) {
    clauses.push(
      clause(
        space.literal("sub", ({ kind }) => kind === "string"),
      ),
    );
  }
  clauses.push(
    clause(
      space.literal(
        claims.auth_time,
        (atom) => recentEnough(atom, { required, side, space }),
      ),
    ),
  );
  return clauses;
}

function recentEnough(
  { value }: Atom,
  options: {
    required: { readonly maxAuthAge: number | null };
    side: Side;
    space: Space;
  },
): boolean {
  const { issuer } = options.side;
  const { path } = options.space.claim(issuer.claims.auth_time);
  const { authentications } = subjectFromClaims(
    issuer,
    value === undefined ? {} : withClaim({}, locationOf(path), value),
  );
  return assuranceFailure(
    {
      permittedIdps: [],
      mfa: false,
      maxAuthAge: options.required.maxAuthAge,
      sameIdentity: true,
    },
    authentications.map((one) => ({ ...one, identity: "one" })),
    { issuer, now: WITNESS_NOW, mapping: ["one"] },
  ) === null;
}

// The accounts of a rule as clauses: the ways in which its sources give the account.

/** One way in which the account is given, perhaps only where the guard holds as well. */
interface Way {
  readonly literal: Literal | null;
  readonly guard?: Literal | null;
}

/**
 * "One of the sources gives the account", and for a deny rule: "or it cannot be told that none
 * does".
 */
function sourceClauses(
  sources: readonly AccountSource[],
  effect: Rule["effect"],
  context: Context,
): Clause[] {
  const ways = sources.flatMap((source) => sourceWays(source, context));
  const given = (guarded: boolean) =>
    ways.filter(({ guard }) => (guard !== undefined) === guarded)
      .flatMap(({ literal }) => clause(literal));
  const untold = effect === "deny"
    ? sources.flatMap((source) => untoldWays(source, context))
    : [];
  const [direct, guarded] = [[...given(false), ...untold], given(true)];
  if (guarded.length === 0) return [direct];
  // (direct or (guard and guarded)) as a conjunction; all guards are the same
  const guard = ways.find((way) => way.guard !== undefined)?.guard ?? null;
  return [[...direct, ...clause(guard)], [...direct, ...guarded]];
}

/** What `untoldSource()` in `accounts.ts` says, as literals. */
function untoldWays(
  source: AccountSource,
  { side, space }: Context,
): Literal[] {
  return askedOf(source, side.issuer).flatMap(({ locations, linked }) =>
    linked
      ? [{ variable: space.fact(UNTOLD_IDENTITIES).variable, values: YES }]
      : locations.flatMap((location) =>
        clause(
          space.literal(
            location,
            ({ kind }) => kind !== "absent" && kind !== "string",
          ),
        )
      )
  );
}

function sourceWays(source: AccountSource, context: Context): Way[] {
  const { space, account } = context;
  switch (source.source) {
    case "names":
      return [];
    case "claim":
      return [{
        literal: space.literal(
          source.claim,
          ({ value }) => stripped(value, source.strip_suffix) === account,
        ),
      }];
    case "identity":
      return attributeWays(source.attribute, context, {
        values: new Set([account + (source.strip_suffix ?? "")]),
        file: null,
      });
    case "map":
    case "map_file": {
      const wanted = {
        values: new Set(
          source.source === "map" ? source.map.map(({ key }) => key) : [],
        ),
        file: source.source === "map_file" ? source.path : null,
      };
      return source.keys.flatMap((key): Way[] => {
        const attribute = keyAttribute(key);
        return attribute !== null
          ? attributeWays(attribute, context, wanted)
          : [{ literal: space.literal(key, (atom) => isWanted(atom, wanted)) }];
      });
    }
  }
}

interface Wanted {
  readonly values: ReadonlySet<string>;
  readonly file: string | null;
}

function isWanted({ value, files }: Atom, wanted: Wanted): boolean {
  return typeof value === "string" && value !== "" &&
    (wanted.values.has(value) ||
      (wanted.file !== null && files.has(wanted.file)));
}

function attributeWays(
  attribute: IdentityAttribute,
  { side, space }: Context,
  wanted: Wanted,
): Way[] {
  if (!isLinked(side)) {
    const [first = "", second] = attributeLocations(attribute, side.issuer);
    const at = (location: string) =>
      space.literal(location, (atom) => isWanted(atom, wanted));
    return second === undefined ? [{ literal: at(first) }] : [
      { literal: at(first) },
      // only where the first is no text at all
      {
        literal: at(second),
        guard: space.literal(first, ({ kind }) => kind !== "string"),
      },
    ];
  }
  // any of the linked identities will do: each value is there or not, like entries of a list
  const { blocks } = space.claim(linkedLocation(attribute));
  const has = blocks.filter(({ values }) =>
    values.every((value) => wanted.values.has(String(value)))
  ).map(({ variable }) => ({ literal: { variable, values: YES } }));
  if (wanted.file === null) return has;
  const { variable } = space.fact(mappedFact(attribute, wanted.file));
  return [...has, { literal: { variable, values: YES } }];
}

/** "An identity with this attribute is in this map file." */
export function mappedFact(attribute: IdentityAttribute, path: string): string {
  return `mapped ${attribute} ${path}`;
}
