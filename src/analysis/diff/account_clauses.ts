/**
 * The accounts of a rule as clauses: the ways in which its sources give the account.
 *
 * @module
 */
import type { Atom } from "./atoms.ts";
import {
  attributeLocations,
  type IdentityAttribute,
  keyAttribute,
} from "../../policy/identity_claims.ts";
import type { AccountSource, Rule } from "../../policy/model.ts";
import { askedOf, stripped } from "../../policy/evaluate/accounts.ts";
import type { LinkedAuthentications } from "./linked.ts";
import type { Clause, Literal } from "./solver.ts";
import { isLinked, type Side } from "./side.ts";
import { clause, type Space, UNTOLD_IDENTITIES, YES } from "./space.ts";
import { linkedLocation } from "./uses.ts";

export interface Context {
  readonly side: Side;
  readonly space: Space;
  readonly account: string;
  /** For issuers that vouch for several identities. */
  readonly linked: LinkedAuthentications | null;
}

/** One way in which the account is given, perhaps only where the guard holds as well. */
interface Way {
  readonly literal: Literal | null;
  readonly guard?: Literal | null;
}

/**
 * "One of the sources gives the account", and for a deny rule: "or it cannot be told that none
 * does".
 */
export function sourceClauses(
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
