/**
 * Everything that can differ between two requests for one account with tokens of one issuer, as
 * variables with few values each.
 *
 * @module
 */
import {
  type Atom,
  type Block,
  claimAtoms,
  ClaimUse,
  type GlobCache,
} from "./atoms.ts";
import { claimPath, locationOf } from "../../policy/claims.ts";
import type { Literal } from "./solver.ts";

/**
 * Fixed, so that the same comparison gives the same witnesses: 2026-01-01T12:00:00Z. Ages are
 * relative to the clock of a request, so that what is told of them at this time holds at any.
 */
export const WITNESS_NOW = 1_767_268_800;

/** One claim as variables. */
export interface ClaimVariables {
  readonly path: readonly string[];
  readonly variable: number;
  readonly atoms: readonly Atom[];
  /** For each block of list entries: whether the list has one. Values: no, yes. */
  readonly blocks: readonly (Block & { readonly variable: number })[];
}

/** A fact that is true or false by itself, such as "there is an authentication of this sort". */
interface Fact {
  readonly key: string;
  readonly variable: number;
}

interface SpaceUse {
  readonly claims: ReadonlyMap<string, ClaimUse>;
  readonly services: readonly string[];
  readonly rhosts: readonly string[];
  /** When rules end, in seconds since the epoch. */
  readonly ends: readonly number[];
  /** Before this time there are no requests, in seconds since the epoch. */
  readonly from: number;
  readonly cache: GlobCache;
}

/** Collects what rules ask of claims. */
export class Uses {
  readonly claims = new Map<string, ClaimUse>();

  of(location: string): ClaimUse {
    const path = claimPath(location);
    const key = locationOf(path);
    const use = this.claims.get(key) ?? new ClaimUse(path);
    this.claims.set(key, use);
    return use;
  }
}

export class Space {
  readonly sizes: number[] = [];
  readonly services: readonly string[];
  readonly rhosts: readonly (string | null)[];
  /** One instant of each range between the ends of rules. */
  readonly clocks: readonly number[];
  readonly limits: readonly string[];
  readonly claims: ReadonlyMap<string, ClaimVariables>;
  readonly service: number;
  readonly rhost: number;
  readonly clock: number;
  /** Values: an ordinary account, one that the host keeps for the system. */
  readonly host: number;
  readonly #facts = new Map<string, Fact>();

  constructor(use: SpaceUse) {
    this.services = use.services;
    this.rhosts = [null, ...use.rhosts];
    this.service = this.#variable(this.services.length);
    this.rhost = this.#variable(this.rhosts.length);
    this.host = this.#variable(2);
    this.clocks = clocksOf(use.ends, use.from);
    this.clock = this.#variable(this.clocks.length);
    const limits: string[] = [];
    // An example stands for all values that no rule tells apart. A map file maps a value wherever it
    // comes from, so that an example must not be what any rule mentions for any claim.
    const taken = new Set(
      [...use.claims.values()].filter(({ files }) => files.size > 0)
        .flatMap(({ scalars }) => [...scalars].map(String)),
    );
    this.claims = new Map([...use.claims].map(([key, claim]) => {
      const { atoms, blocks, limits: own } = claimAtoms(claim, {
        now: WITNESS_NOW,
        taken,
        cache: use.cache,
      });
      if (claim.files.size > 0) {
        atoms.forEach(({ value }) => taken.add(String(value)));
      }
      limits.push(...own.map((limit) => `${limit} at "${key}"`));
      return [key, {
        path: claim.path,
        variable: this.#variable(atoms.length),
        atoms,
        blocks: blocks.map((block) => ({
          ...block,
          variable: this.#variable(2),
        })),
      }];
    }));
    this.limits = limits;
  }

  #variable(size: number): number {
    return this.sizes.push(size) - 1;
  }

  /** The variable of a fact; the same key is the same fact. */
  fact(key: string): Fact {
    const fact = this.#facts.get(key) ?? { key, variable: this.#variable(2) };
    this.#facts.set(key, fact);
    return fact;
  }

  facts(): readonly Fact[] {
    return [...this.#facts.values()];
  }

  claim(location: string): ClaimVariables {
    const found = this.claims.get(locationOf(claimPath(location)));
    if (found === undefined) throw new Error(`no atoms for "${location}"`);
    return found;
  }

  /** The values of the claim that satisfy the predicate; `null` when none does. */
  literal(
    location: string,
    predicate: (atom: Atom) => boolean,
  ): Literal | null {
    const { variable, atoms } = this.claim(location);
    return literal(variable, atoms.map(predicate));
  }
}

/**
 * The usual time; of each other range the first instant, and of what comes before all the last. Of
 * ranges that are over nothing, and of the one that is not yet over no time before `from`.
 */
function clocksOf(ends: readonly number[], from: number): number[] {
  const sorted = [...new Set(ends)].sort((a, b) => a - b);
  const [first] = sorted;
  const usual = sorted.filter((end) => end <= WITNESS_NOW).length;
  const clocks = first === undefined
    ? [WITNESS_NOW]
    : [WITNESS_NOW, ...[first - 1, ...sorted].toSpliced(usual, 1)];
  const isOver = (now: number) =>
    sorted.some((end) => now < end && end <= from);
  return clocks.filter((now) => !isOver(now))
    .map((now) => Math.max(now, from));
}

/** The literal for the values that are true; `null` when there is none. */
export function literal(
  variable: number,
  values: readonly boolean[],
): Literal | null {
  let mask = 0n;
  for (const [index, value] of values.entries()) {
    if (value) mask |= 1n << BigInt(index);
  }
  return mask === 0n ? null : { variable, values: mask };
}

/** Those of the literals that can hold. */
export function clause(...literals: (Literal | null)[]): Literal[] {
  return literals.filter((part) => part !== null);
}

export const NO = 1n;
export const YES = 2n;

/**
 * What cannot be: a member of something that is not an object. A list has members too, by number;
 * where that matters is told by {@link nestingLimits}.
 */
export function nesting(space: Space): Literal[][] {
  const clauses: Literal[][] = [];
  for (const outer of space.claims.values()) {
    for (const inner of space.claims.values()) {
      if (!isInside(inner.path, outer.path)) continue;
      const absent = literal(
        inner.variable,
        inner.atoms.map(({ kind }) =>
          kind === "absent" || kind === "elsewhere"
        ),
      );
      const object = literal(
        outer.variable,
        outer.atoms.map(({ kind }) => kind === "object"),
      );
      clauses.push([absent, object].filter((part) => part !== null));
    }
  }
  return clauses;
}

/** Whole members lie elsewhere: what is not here of one that does, lies there, too. */
export function distribution(space: Space): Literal[][] {
  const clauses: Literal[][] = [];
  const claims = [...space.claims.values()];
  const not = ({ variable, atoms }: ClaimVariables, kind: Atom["kind"]) =>
    literal(variable, atoms.map((atom) => atom.kind !== kind));
  for (const one of claims) {
    if (!one.atoms.some(({ kind }) => kind === "elsewhere")) continue;
    for (const other of claims) {
      if (other === one || other.path[0] !== one.path[0]) continue;
      clauses.push(clause(not(one, "elsewhere"), not(other, "absent")));
    }
  }
  return clauses;
}

/** A map file maps a value or it does not, whichever claim the value comes from. */
export function mapping(space: Space): Literal[][] {
  const clauses: Literal[][] = [];
  const claims = [...space.claims.values()];
  for (const [index, one] of claims.entries()) {
    for (const other of claims.slice(index + 1)) {
      for (const file of filesOf(one)) {
        if (!filesOf(other).has(file)) continue;
        for (const value of one.atoms.map((atom) => atom.value)) {
          if (!other.atoms.some((atom) => atom.value === value)) continue;
          for (const mapped of [true, false]) {
            const not = (claim: ClaimVariables, which: boolean) =>
              literal(
                claim.variable,
                claim.atoms.map((atom) =>
                  atom.value !== value || atom.files.has(file) !== which
                ),
              );
            clauses.push(
              [not(one, mapped), not(other, !mapped)].filter((part) =>
                part !== null
              ),
            );
          }
        }
      }
    }
  }
  return clauses;
}

function filesOf({ atoms }: ClaimVariables): Set<string> {
  return new Set(atoms.flatMap(({ files }) => [...files]));
}

/** "There are linked identities that the issuer did not tell about." */
export const UNTOLD_IDENTITIES = "untold identities";

/** Locations that read an entry of a list which other conditions read as a list. */
export function nestingLimits(space: Space): string[] {
  const claims = [...space.claims.values()];
  return claims.filter((outer) =>
    outer.atoms.some(({ kind }) => kind === "list") &&
    claims.some((inner) =>
      isInside(inner.path, outer.path) &&
      /^[0-9]+$/.test(inner.path[outer.path.length] ?? "")
    )
  ).map(({ path }) =>
    `"${locationOf(path)}" is read as a list and by position`
  );
}

function isInside(path: readonly string[], outer: readonly string[]): boolean {
  return path.length > outer.length &&
    outer.every((step, index) => path[index] === step);
}
