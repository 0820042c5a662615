/**
 * The comparison of two policies for one account and the tokens of one issuer.
 *
 * @module
 */
import type { GlobCache } from "./atoms.ts";
import type { Decision } from "../../policy/decision.ts";
import { keysOf, same, type Scene, sceneOf } from "./scene.ts";
import type { IssuerPair } from "./side.ts";
import { type Budget, type Region, solve } from "./solver.ts";
import {
  type Decisions,
  decisionsOn,
  shrunk,
  type Witness,
  witnessAt,
} from "./witness.ts";

/** One difference, with the request that shows it. */
export interface Difference {
  readonly pair: IssuerPair;
  readonly witness: Witness;
  readonly decisions: Decisions;
}

export interface Comparison {
  readonly differences: readonly Difference[];
  /** Why differences may have been missed; empty when there are no others of either direction. */
  readonly limits: readonly string[];
}

const NOTHING: Comparison = { differences: [], limits: [] };

/** Which way a difference goes: what the new policy decides. */
type Direction = "wider" | "narrower";

interface CompareOptions {
  readonly budget: Budget;
  /** Enough of them: how many differences are wanted of each direction. */
  readonly wanted: Readonly<Record<Direction, number>>;
  readonly cache: GlobCache;
  /** Whether to leave out accounts that the host keeps for the system. */
  readonly ordinary: boolean;
}

/**
 * Differences of each direction, where there are any, with different rules that decide. That
 * there are none of a direction is certain where there are no limits.
 */
export function compareAccount(
  account: string,
  pair: IssuerPair,
  options: CompareOptions,
): Comparison {
  const rules = {
    old: keysOf(pair.old, account),
    new: keysOf(pair.new, account),
  };
  if (same(rules.old, rules.new)) return NOTHING;
  const all = [...rules.old, ...rules.new];
  // where nothing admits, nothing differs
  if (all.every(({ rule }) => rule.effect === "deny")) return NOTHING;
  const scene = sceneOf(account, pair, { ...options, rules });
  const search = new Search(scene, options);
  search.run("wider");
  search.run("narrower");
  return {
    differences: search.differences(),
    limits: [...scene.limits, ...search.limits],
  };
}

class Search {
  readonly limits: string[] = [];
  readonly #scene: Scene;
  readonly #options: CompareOptions;
  readonly #found = new Map<string, Difference>();
  readonly #count = { wider: 0, narrower: 0 };

  constructor(scene: Scene, options: CompareOptions) {
    this.#scene = scene;
    this.#options = options;
  }

  differences(): Difference[] {
    return [...this.#found.values()];
  }

  /** Looks for requests that one policy admits and the other does not. */
  run(direction: Direction): void {
    const { old, new: next } = this.#scene;
    const [granting, refusing] = direction === "wider"
      ? [next, old]
      : [old, next];
    const admitted = new Set(refusing.allows.map(({ key }) => key));
    const denied = new Set(granting.denies.map(({ key }) => key));
    const denies = granting.denies.map(({ region }) => region);
    const allows = refusing.allows.map(({ region }) => region);
    const enough = () =>
      this.#count[direction] >= this.#options.wanted[direction];
    for (const { region, key } of granting.allows) {
      if (enough()) return;
      // refused because nothing admits: not where the same rule stands on the other side
      if (!admitted.has(key)) this.#look(region, [...denies, ...allows]);
      // refused because something forbids: not where that forbids on both sides
      for (const deny of refusing.denies) {
        if (enough()) return;
        if (!denied.has(deny.key)) {
          this.#look([...region, ...deny.region], denies);
        }
      }
    }
  }

  #look(inside: Region, outside: readonly Region[]): void {
    const { space, always } = this.#scene;
    const found = solve({
      sizes: space.sizes,
      inside: [...always, ...inside],
      outside,
    }, this.#options.budget);
    if (found === null) return;
    if (found === "gave up") {
      this.#limit("there are too many combinations to look at all of them");
      for (const point of sampled(inside, this.#scene)) this.#take(point);
      return;
    }
    if (!this.#take(found.map(lowestBit))) {
      this.#limit("a difference that was found could not be shown");
    }
  }

  /** Keeps the point if the policies really differ there. */
  #take(point: readonly number[]): boolean {
    const { pair } = this.#scene;
    const witness = witnessAt(point, this.#scene);
    const decisions = decisionsOn(pair, witness);
    if (decisions.old.decision === decisions.new.decision) return false;
    const key = differenceKey(decisions);
    if (!this.#found.has(key)) {
      const small = shrunk(pair, witness);
      this.#found.set(key, {
        pair,
        witness: small,
        decisions: decisionsOn(pair, small),
      });
      this.#count[directionOf(decisions)] += 1;
    }
    return true;
  }

  #limit(text: string): void {
    if (!this.limits.includes(text)) this.limits.push(text);
  }
}

export function directionOf(decisions: Decisions): Direction {
  return decisions.new.decision === "allow" ? "wider" : "narrower";
}

/** The same for differences that show the same rules at work. */
export function differenceKey({ old, new: next }: Decisions): string {
  return JSON.stringify([next.decision, old.rule, next.rule]);
}

function lowestBit(mask: bigint): number {
  let bit = 0;
  for (let rest = mask; (rest & 1n) === 0n && rest > 0n; rest >>= 1n) bit += 1;
  return bit;
}

/** The rules that do not say the same to a request, by their ids. */
export function rulesInvolved({ old, new: next }: Decisions): string[] {
  const said = (decision: Decision) =>
    new Map(
      decision.rules.map(({ id, matched, granted, because }) => [
        id,
        matched ? `${granted} ${because}` : "no",
      ]),
    );
  const [before, after] = [said(old), said(next)];
  return [...new Set([...before.keys(), ...after.keys()])].filter((id) =>
    (before.get(id) ?? "no") !== (after.get(id) ?? "no")
  ).sort();
}

// What is tried where there are too many combinations to search: around a request that a rule
// admits, every pair of values of every two variables.

/** Requests tried for one rule. */
const MAX_TRIES = 4_000;
const BASE_STEPS = 2_000;

/** Points in or near the region: for each variable the number of its value. */
export function* sampled(
  inside: Region,
  { space, always }: Scene,
): Generator<readonly number[]> {
  const base = solve(
    { sizes: space.sizes, inside: [...always, ...inside], outside: [] },
    { steps: BASE_STEPS },
  );
  if (base === null || base === "gave up") return;
  const start = base.map((mask, variable) =>
    valuesOf(mask, space.sizes[variable] ?? 0)[0] ?? 0
  );
  yield start;
  let tries = 0;
  for (const [one, size] of space.sizes.entries()) {
    for (let other = one + 1; other < space.sizes.length; other++) {
      for (let first = 0; first < size; first++) {
        for (let second = 0; second < (space.sizes[other] ?? 0); second++) {
          if (++tries > MAX_TRIES) return;
          yield start.with(one, first).with(other, second);
        }
      }
    }
  }
}

function valuesOf(mask: bigint, size: number): number[] {
  return Array.from({ length: size }, (_, index) => index).filter((index) =>
    (mask >> BigInt(index)) % 2n === 1n
  );
}
