/**
 * A search for a point inside one region and outside of others: the heart of `policy diff`.
 *
 * Variables have few values each; a set of values is a bit mask. A region is a conjunction of
 * clauses, a clause an "or" of "this variable has one of these values". Backtracking with unit
 * propagation: complete, and fast where rules differ in little.
 *
 * @module
 */

export interface Literal {
  readonly variable: number;
  /** Bit n: the variable's value number n. Never zero. */
  readonly values: bigint;
}

/** Holds when one of its literals does; an empty one never holds. */
export type Clause = readonly Literal[];

/** Holds when all of its clauses do. */
export type Region = readonly Clause[];

interface Problem {
  /** How many values each variable has. */
  readonly sizes: readonly number[];
  readonly inside: Region;
  /** The point must be in none of these. */
  readonly outside: readonly Region[];
}

/** Clauses that may still be looked at; shared by all searches of one comparison. */
export interface Budget {
  steps: number;
}

/**
 * A box of which every point answers, a mask for each variable; `null` when there is none.
 * "gave up": the budget is used up.
 */
export function solve(
  problem: Problem,
  budget: Budget,
): bigint[] | null | "gave up" {
  const box = problem.sizes.map((size) => (1n << BigInt(size)) - 1n);
  return search({
    box,
    inside: problem.inside.map(merged),
    outside: problem.outside.map((region) => region.map(merged)),
  }, budget);
}

/** One literal for each variable, as everything below takes for granted. */
function merged(clause: Clause): Clause {
  const values = new Map<number, bigint>();
  for (const { variable, values: more } of clause) {
    values.set(variable, (values.get(variable) ?? 0n) | more);
  }
  return values.size === clause.length
    ? clause
    : [...values].map(([variable, values]) => ({ variable, values }));
}

interface State {
  readonly box: bigint[];
  readonly inside: readonly Clause[];
  readonly outside: readonly Region[];
}

function search(state: State, budget: Budget): bigint[] | null | "gave up" {
  if (budget.steps <= 0) return "gave up";
  const reduced = propagate(state, budget);
  if (reduced === null) return null;
  if (reduced.inside.length === 0 && reduced.outside.length === 0) {
    return reduced.box;
  }
  for (const branch of branches(reduced)) {
    const found = search(branch, budget);
    if (found !== null) return found;
  }
  return null;
}

/** Draws every conclusion that needs no choice. `null`: there is no point. */
function propagate(state: State, budget: Budget): State | null {
  const box = [...state.box];
  let { inside, outside } = state;
  for (let changed = true; changed;) {
    changed = false;
    budget.steps -= inside.length + outside.length + 1;
    const open: Clause[] = [];
    for (const clause of inside) {
      const rest = remaining(clause, box);
      if (rest === "holds") continue;
      const [only] = rest;
      if (only === undefined) return null;
      if (rest.length > 1) open.push(rest);
      else {
        box[only.variable] = only.values;
        changed = true;
      }
    }
    const left: Region[] = [];
    for (const region of outside) {
      const rest = undecided(region, box);
      if (rest === "never") continue;
      const [only] = rest;
      if (only === undefined) return null;
      if (rest.length > 1) left.push(rest);
      else {
        exclude(box, only);
        changed = true;
      }
    }
    [inside, outside] = [open, left];
  }
  return { box, inside, outside };
}

/** The literals that can still hold, cut to the box. */
function remaining(clause: Clause, box: readonly bigint[]): Clause | "holds" {
  const rest: Literal[] = [];
  for (const { variable, values } of clause) {
    const here = box[variable] ?? 0n;
    const common = here & values;
    if (common === here) return "holds";
    if (common !== 0n) rest.push({ variable, values: common });
  }
  return rest;
}

function undecided(region: Region, box: readonly bigint[]): Clause[] | "never" {
  const rest: Clause[] = [];
  for (const clause of region) {
    const literals = remaining(clause, box);
    if (literals === "holds") continue;
    if (literals.length === 0) return "never";
    rest.push(literals);
  }
  return rest;
}

/** Cuts the box so that no literal of the clause holds. */
function exclude(box: bigint[], clause: Clause): void {
  for (const { variable, values } of clause) {
    box[variable] = (box[variable] ?? 0n) & ~values;
  }
}

/** Disjoint cases that together are the state; the constraint with the fewest cases is taken. */
function branches({ box, inside, outside }: State): State[] {
  const clause = smallest(inside);
  const region = smallest(outside);
  const states: State[] = [];
  if (clause !== undefined && clause.length <= (region?.length ?? Infinity)) {
    const rest = [...box];
    for (const literal of clause) {
      const here = (rest[literal.variable] ?? 0n) & literal.values;
      if (here === 0n) continue;
      const part = [...rest];
      part[literal.variable] = here;
      states.push({ box: part, inside, outside });
      exclude(rest, [literal]);
      if (rest[literal.variable] === 0n) break;
    }
    return states;
  }
  const holding: Clause[] = [];
  for (const missed of region ?? []) {
    const part = [...box];
    exclude(part, missed);
    states.push({ box: part, inside: [...inside, ...holding], outside });
    holding.push(missed);
  }
  return states;
}

function smallest<Item extends { readonly length: number }>(
  items: readonly Item[],
): Item | undefined {
  let best = items[0];
  for (const item of items) {
    if (item.length < (best?.length ?? 0)) best = item;
  }
  return best;
}

/** The first of the values that are left of a variable. */
export function lowestBit(mask: bigint): number {
  let bit = 0;
  for (let rest = mask; (rest & 1n) === 0n && rest > 0n; rest >>= 1n) bit += 1;
  return bit;
}
