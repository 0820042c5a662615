/**
 * A rule as a region of the space of all requests for one account.
 *
 * Whether a single value satisfies a condition is asked of the evaluator's own functions, so that
 * there is no second reading of what conditions mean.
 *
 * @module
 */
import {
  assuranceFailure,
  type Requirements,
} from "../../policy/evaluate/assurance.ts";
import { type Atom, ODD_ENTRY } from "./atoms.ts";
import {
  checkCondition,
  claimLocation,
  isMet,
  judgeCondition,
} from "../../policy/evaluate/conditions.ts";
import { locationOf, withClaim } from "../../policy/claims.ts";
import {
  attributeLocations,
  type IdentityAttribute,
  keyAttribute,
} from "../../policy/identity_claims.ts";
import { isAccountName } from "../../policy/account_name.ts";
import type { AccountSource, Condition, Rule } from "../../policy/model.ts";
import { inNetworks } from "../../policy/network.ts";
import {
  conditionsOf,
  type RuleCondition,
} from "../../policy/evaluate/rule.ts";
import { subjectFromClaims } from "../../policy/evaluate/subject.ts";
import type { LinkedAuthentications } from "./linked.ts";
import type { Clause, Literal, Region } from "./solver.ts";
import {
  isLinked,
  isShared,
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

/** What one condition of a rule asks, with the path at which it is written in the rule. */
export interface RegionPart {
  readonly path: readonly string[];
  /** All of them must hold; an empty clause never does. */
  readonly clauses: Region;
}

/** Where an allow rule grants, or a deny rule matches: where all of its parts hold. */
export function regionParts(rule: Rule, context: Context): RegionPart[] {
  const { accounts_pattern } = context.side.policy;
  if (!isAccountName(context.account, accounts_pattern)) {
    return [{ path: ["accounts_pattern"], clauses: [NEVER] }];
  }
  return [...conditionsOf(rule, context.side.policy)].map((condition) => ({
    path: condition.path,
    clauses: clausesOf(condition, { ...context, rule }),
  })).filter(({ clauses }) => clauses.length > 0);
}

interface RuleContext extends Context {
  readonly rule: Rule;
}

/** One condition of a rule: all of the clauses must hold. */
function clausesOf(condition: RuleCondition, context: RuleContext): Clause[] {
  const { rule, space, account } = context;
  switch (condition.asks) {
    case "issuers":
    case "host":
      return []; // a space has one issuer, and only accounts that exist
    case "services": {
      const wanted = space.services.map((service) =>
        condition.names.includes(service)
      );
      return [clause(literal(space.service, wanted))];
    }
    case "rhosts": {
      const wanted = space.rhosts.map((rhost) =>
        inNetworks(condition.networks, rhost)
      );
      return [clause(literal(space.rhost, wanted))];
    }
    case "not_after": {
      const before = space.clocks.map((now) => now < condition.end);
      return [clause(literal(space.clock, before))];
    }
    case "when":
      return rule.effect === "deny"
        ? denyClauses(condition.condition, context)
        : conditionClauses(condition.condition, context);
    case "accounts":
      return isShared(rule, account) ? [] : sourceClauses(
        sourcesFor(rule, account) ?? [],
        rule.effect,
        context,
      );
    case "allow_protected":
      return protectedClauses(context);
    case "assurance":
      return assuranceClauses(condition.required, context);
  }
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

/** A protected account opens only where the rule names it and says so. */
function protectedClauses(
  { rule, side, space, account }: RuleContext,
): Clause[] {
  if (rule.allow_protected && isShared(rule, account)) return [];
  return side.policy.protected_accounts.includes(account)
    ? [NEVER]
    : [[{ variable: space.host, values: 1n }]];
}

/** What the authentication must be like where an allow rule matches. */
function assuranceClauses(
  required: Requirements,
  { rule, side, space, account, linked }: RuleContext,
): Clause[] {
  const clauses: Clause[] = [];
  const bound = required.sameIdentity && !isShared(rule, account);
  if (!requiresAnything(required) && !bound) return clauses;
  if (linked !== null) {
    const sources = bound ? sourcesFor(rule, account) ?? [] : null;
    return [linked.clauseFor(required, { side, space, sources })];
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
      // one entry that is not a string, and the whole list says nothing
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
      // only where the first is not a text at all
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
