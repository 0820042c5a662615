/**
 * Accounts and services: how weak and how strong a sign-in may be that reaches one by the other.
 *
 * @module
 */
import { hasEnded, type Way, type Who } from "../../analysis/who.ts";
import { requirements } from "../../analysis/who_words.ts";
import type { Requirements } from "../../policy/evaluate/assurance.ts";
import type { Policy } from "../../policy/model.ts";

export interface Matrix {
  /** Those that rules name; `null` stands for any other. */
  readonly services: readonly (string | null)[];
  readonly rows: readonly {
    readonly account: string;
    readonly example: boolean;
    /** False: there may be more ways than were looked at. */
    readonly whole: boolean;
    /** One a service, in their order. */
    readonly cells: readonly Cell[];
  }[];
  /** Services that are not shown, because they are too many. */
  readonly servicesLeft: number;
}

export interface Cell {
  readonly ways: number;
  /** What is asked of the sign-in, by the way that asks for least; empty: nothing. `null` without ways. */
  readonly weakest: readonly string[] | null;
  /** The same of the way that asks for most. */
  readonly strongest: readonly string[] | null;
}

/** As many columns as a page has room for. */
const MAX_SERVICES = 8;

/** With a time, ways that have ended then do not count. */
export function matrixOf(
  policy: Policy,
  who: Who,
  now: number | null,
): Matrix {
  const named = [
    ...new Set(policy.rules.flatMap(({ services }) => services ?? [])),
  ].sort();
  const services = [...named.slice(0, MAX_SERVICES), null];
  return {
    services,
    servicesLeft: Math.max(0, named.length - MAX_SERVICES),
    rows: who.accounts.map(({ account, example, ways, whole }) => ({
      account,
      example,
      // what could not be told of some account may be of this one
      whole: whole && who.limits.length === 0,
      cells: services.map((service) =>
        cellOf(
          ways.filter((way) =>
            !hasEnded(way, now) &&
            (way.services === null ||
              (service !== null && way.services.includes(service)))
          ),
        )
      ),
    })),
  };
}

function cellOf(ways: readonly Way[]): Cell {
  const sorted = ways.map(({ assurance }) => assurance).sort(weakestFirst);
  const words = (assurance: Requirements | undefined) =>
    assurance === undefined ? null : requirements({ assurance });
  return {
    ways: ways.length,
    weakest: words(sorted[0]),
    strongest: words(sorted.at(-1)),
  };
}

/**
 * Several factors count most, then how long ago the sign-in may be, then whether providers are
 * restricted, then whose it must be: an order for readers, not a proof that one asks for all that
 * another does.
 */
function weakestFirst(a: Requirements, b: Requirements): number {
  return Number(a.mfa) - Number(b.mfa) ||
    age(b) - age(a) ||
    a.permittedIdps.length - b.permittedIdps.length ||
    Number(a.sameIdentity) - Number(b.sameIdentity);
}

function age({ maxAuthAge }: Requirements): number {
  return maxAuthAge ?? Number.MAX_SAFE_INTEGER;
}
