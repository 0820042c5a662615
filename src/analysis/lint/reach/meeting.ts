/**
 * Which allow rules a deny rule may meet: there may be a request that both are about.
 *
 * @module
 */
import { addTo } from "../../../lib/multimap.ts";
import { keyAttribute } from "../../../policy/identity_claims.ts";
import type { AccountSource, Rule } from "../../../policy/model.ts";
import { type Sets, setsOf, share } from "../../apart.ts";
import { claimName, type LintContext } from "../context.ts";

/** An allow rule, and without which claims it grants nothing. */
interface AllowSets extends Sets {
  readonly asks: ReadonlySet<string>;
}

/** All allow rules, found by the accounts that they name. */
class Meeting {
  readonly #all: readonly AllowSets[];
  readonly #places: ReadonlyMap<AllowSets, number>;
  readonly #byName = new Map<string, AllowSets[]>();
  readonly #unnamed: AllowSets[] = [];

  constructor(allowRules: readonly Rule[]) {
    this.#all = allowRules.map((rule) => ({
      ...setsOf(rule),
      asks: asks(rule),
    }));
    this.#places = new Map(this.#all.map((each, place) => [each, place]));
    for (const each of this.#all) {
      if (each.names === null) this.#unnamed.push(each);
      for (const name of each.names ?? []) {
        addTo(this.#byName, name, each);
      }
    }
  }

  /** Those that a rule may meet, in their order. */
  with(rule: Rule): AllowSets[] {
    const own = setsOf(rule);
    return this.#candidates(own).filter((allow) =>
      share(own.issuers, allow.issuers) && share(own.services, allow.services)
    );
  }

  #candidates({ names }: Sets): readonly AllowSets[] {
    if (names === null) return this.#all;
    const named = [...names].flatMap((name) => this.#byName.get(name) ?? []);
    if (named.length === 0) return this.#unnamed;
    const place = (each: AllowSets) => this.#places.get(each) ?? 0;
    return [...new Set([...this.#unnamed, ...named])]
      .sort((a, b) => place(a) - place(b));
  }
}

const prepared = new WeakMap<LintContext, Meeting>();

/** That of a policy's allow rules: several checks look at the same preparation. */
export function meetingOf(context: LintContext): Meeting {
  const meeting = prepared.get(context) ?? new Meeting(context.allowRules);
  prepared.set(context, meeting);
  return meeting;
}

/** Claims that a token must have to be granted anything. */
function asks({ when, accounts }: Rule): ReadonlySet<string> {
  const found = new Set(when.map(({ claim }) => claimName(claim)));
  const [first = new Set<string>(), ...others] = (accounts ?? []).map(claimsOf);
  for (const claim of first) {
    if (others.every((claims) => claims.has(claim))) found.add(claim);
  }
  return found;
}

const ATTRIBUTES = { id: "sub", email: "email", username: null } as const;

/** The claims without any of which a source gives nothing. */
function claimsOf(source: AccountSource): ReadonlySet<string> {
  switch (source.source) {
    case "names":
      return new Set();
    case "claim":
      return new Set([claimName(source.claim)]);
    case "identity": {
      const claim = ATTRIBUTES[source.attribute];
      return new Set(claim === null ? [] : [claim]);
    }
    case "map":
    case "map_file": {
      const claims = new Set(source.keys.map((key) => {
        const attribute = keyAttribute(key);
        return attribute === null ? claimName(key) : ATTRIBUTES[attribute];
      }));
      // any of several keys will do
      const [only = null] = claims;
      return new Set(claims.size === 1 && only !== null ? [only] : []);
    }
  }
}
