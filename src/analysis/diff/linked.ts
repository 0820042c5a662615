/**
 * Persons with several linked identities and several authentications (Globus): which requirements
 * can be met together, when each may be met by another authentication.
 *
 * @module
 */
import { subsets } from "./atoms.ts";
import {
  assuranceFailure,
  type Requirements,
} from "../../policy/evaluate/assurance.ts";
import type { AccountSource } from "../../policy/model.ts";
import type { Authentication } from "../../policy/request.ts";
import type { Clause } from "./solver.ts";
import type { Side } from "./side.ts";
import { NO, type Space, WITNESS_NOW, YES } from "./space.ts";
import { ageLimits } from "./uses.ts";

/** More sorts of authentications than this are not looked at. */
const MAX_SORTS = 20_000;

interface Asked {
  readonly key: string;
  readonly required: Requirements;
  readonly side: Side;
}

/** Authentications that meet exactly the same requirements, one example of each sort. */
export class LinkedAuthentications {
  readonly #asked: readonly Asked[];
  readonly #sorts = new Map<string, Authentication>();
  readonly complete: boolean;

  constructor(asked: readonly { required: Requirements; side: Side }[]) {
    const distinct = new Map<string, Asked>();
    for (const { required, side } of asked) {
      const key = keyOf(required, side);
      distinct.set(key, { key, required, side });
    }
    this.#asked = [...distinct.values()];
    this.complete = this.#enumerate();
  }

  #enumerate(): boolean {
    const lists = this.#asked.flatMap(({ required }) => required.permittedIdps);
    const idps = subsets(few(groups(lists)));
    const sides = [...new Set(this.#asked.map(({ side }) => side))];
    const amrs = subsets(
      few(groups(sides.map(({ issuer }) => issuer.mfa.amr_any))),
    );
    const acrs = [
      null,
      ...new Set(sides.flatMap(({ issuer }) => issuer.mfa.acr_any)),
    ];
    const ages = new Set(
      this.#asked.flatMap(({ required, side }) =>
        ageLimits(required.maxAuthAge, side.issuer.clock_skew)
      ),
    );
    const times = [null, ...[...ages].map((age) => WITNESS_NOW - age)];
    if (idps.length * amrs.length * acrs.length * times.length > MAX_SORTS) {
      return false;
    }
    for (const names of idps) {
      for (const amr of amrs) {
        for (const acr of acrs) {
          for (const auth_time of times) {
            const one = { identity: null, idps: names, amr, acr, auth_time };
            const sort = this.#asked.map((asked) => meets(one, asked) ? 1 : 0);
            const key = sort.join("");
            if (!this.#sorts.has(key)) this.#sorts.set(key, one);
          }
        }
      }
    }
    return true;
  }

  /**
   * "There is an authentication of one of the sorts that meet this", and with sources: "by an identity
   * to which these sources give the account". Each list of sources has facts of its own: what two of
   * them have to do with each other is not said, so that the space has more points than there are
   * requests, never fewer.
   */
  clauseFor(
    required: Requirements,
    { side, space, sources }: {
      side: Side;
      space: Space;
      /** `null`: whoever it is that has authenticated. */
      sources: readonly AccountSource[] | null;
    },
  ): Clause {
    const wanted = keyOf(required, side);
    const index = this.#asked.findIndex(({ key }) => key === wanted);
    return [...this.#sorts.keys()].filter((sort) => sort[index] === "1")
      .map((sort) => ({
        variable: space.fact(authenticationFact({ sort, sources })).variable,
        values: YES,
      }));
  }

  /**
   * What follows of the facts that were asked for: an authentication by an identity of some sources is
   * one by an identity of more of them, and it is an authentication.
   */
  implications(space: Space): Clause[] {
    const known = space.facts().flatMap(({ key, variable }) => {
      const read = readFact(key);
      return read === null ? [] : [{ ...read, variable }];
    });
    return known.flatMap((less) =>
      known.filter((more) =>
        more !== less && more.sort === less.sort && less.sources !== null &&
        (more.sources === null || isPart(less.sources, more.sources))
      ).map(({ variable }) => [
        { variable: less.variable, values: NO },
        { variable, values: YES },
      ])
    );
  }

  /** The example for a fact that {@link clauseFor} made; `undefined` for other facts. */
  example(fact: string): LinkedExample | undefined {
    const read = readFact(fact);
    const authentication = this.#sorts.get(read?.sort ?? "");
    return authentication && read !== null
      ? { authentication, sources: read.sources }
      : undefined;
  }
}

interface AuthenticationFact {
  readonly sort: string;
  readonly sources: readonly AccountSource[] | null;
}

/** `null` for another fact. */
function readFact(key: string): AuthenticationFact | null {
  return key.startsWith(FACT) ? JSON.parse(key.slice(FACT.length)) : null;
}

/** Whether all of the sources are among the others. */
function isPart(
  less: readonly AccountSource[],
  more: readonly AccountSource[],
): boolean {
  const known = new Set(more.map((source) => JSON.stringify(source)));
  return less.every((source) => known.has(JSON.stringify(source)));
}

/** An authentication, and by whom it must be. */
export interface LinkedExample {
  readonly authentication: Authentication;
  /** An identity to which these give the account; `null`: anybody. */
  readonly sources: readonly AccountSource[] | null;
}

const FACT = "authentication ";

function authenticationFact(fact: AuthenticationFact): string {
  return FACT + JSON.stringify(fact);
}

function keyOf(required: Requirements, { issuer }: Side): string {
  const { mfa, clock_skew } = issuer;
  return JSON.stringify([required, required.mfa && mfa, clock_skew]);
}

function meets(one: Authentication, { required, side }: Asked): boolean {
  return assuranceFailure(
    { ...required, sameIdentity: true },
    [{ ...one, identity: "one" }],
    { issuer: side.issuer, now: WITNESS_NOW, mapping: ["one"] },
  ) === null;
}

/** One name of each group that no list tells apart. */
function groups(lists: readonly (readonly string[])[]): string[] {
  const examples = new Map<string, string>();
  for (const name of lists.flat()) {
    const key = lists.map((list) => list.includes(name)).join();
    if (!examples.has(key)) examples.set(key, name);
  }
  return [...examples.values()];
}

/** Subsets of more would be too many anyway: the caller's bound tells. */
function few(items: readonly string[]): readonly string[] {
  return items.slice(0, 14);
}
