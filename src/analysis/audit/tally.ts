/**
 * Counts by name, in memory that is bounded whatever names a file holds.
 *
 * @module
 */
import type { Entry } from "./entry.ts";

/** What became of the attempts that have a name in common. */
export interface Tally {
  readonly allowed: number;
  readonly denied: number;
  /** Of any of them, as recorded. */
  readonly first: string;
  readonly last: string;
  /** Of a grant. */
  readonly lastAllowed: string | null;
}

export interface NamedTally extends Tally {
  /** `null` where records have none. */
  readonly name: string | null;
}

export interface Tallies {
  /** By name, those without one last. */
  readonly named: readonly NamedTally[];
  /** Of all names that did not fit. */
  readonly others: Tally | null;
}

type Counting = { -readonly [Member in keyof Tally]: Tally[Member] };

/** More names of one sort than a policy or a host has. */
const MAX_NAMES = 10_000;

export class TalliesByName {
  readonly #named = new Map<string | null, Counting>();
  #others: Counting | null = null;

  /** The name is kept as it is. */
  add(name: string | null, entry: Entry): void {
    const found = this.#named.get(name);
    if (found !== undefined) count(found, entry);
    else if (this.#named.size < MAX_NAMES) {
      this.#named.set(name, started(entry));
    } else if (this.#others !== null) count(this.#others, entry);
    else this.#others = started(entry);
  }

  result(): Tallies {
    const named = [...this.#named].map(([name, tally]) => ({ name, ...tally }));
    const key = ({ name }: NamedTally) => name ?? "\uffff";
    return {
      named: named.sort((a, b) => key(a) < key(b) ? -1 : 1),
      others: this.#others,
    };
  }
}

function started(entry: Entry): Counting {
  const tally: Counting = {
    allowed: 0,
    denied: 0,
    first: entry.time,
    last: entry.time,
    lastAllowed: null,
  };
  count(tally, entry);
  return tally;
}

function count(tally: Counting, { decision, time }: Entry): void {
  if (decision === "allow") {
    tally.allowed += 1;
    if (tally.lastAllowed === null || isLater(time, tally.lastAllowed)) {
      tally.lastAllowed = time;
    }
  } else tally.denied += 1;
  if (isLater(time, tally.last)) tally.last = time;
  if (isLater(tally.first, time)) tally.first = time;
}

/** Both as recorded, perhaps with offsets. */
function isLater(time: string, other: string): boolean {
  // as this program writes them, they are in the order of their letters
  return time.endsWith("Z") && other.endsWith("Z") &&
      time.length === other.length
    ? time > other
    : Date.parse(time) > Date.parse(other);
}
