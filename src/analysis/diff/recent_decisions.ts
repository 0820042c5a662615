/**
 * Recorded logins repeat themselves: the same person, account and network, day after day. What was
 * decided a while ago for the same question need not be decided again.
 *
 * @module
 */
import { kindRow } from "../../policy/kinds.ts";
import {
  claimPath,
  type Claims,
  locationOf,
  readClaim,
} from "../../policy/claims.ts";
import { mentionedLocations } from "../../policy/evaluate/claims_used.ts";
import { subjectFromClaims } from "../../policy/evaluate/subject.ts";
import type { Issuer, Policy } from "../../policy/model.ts";
import {
  type IssuerPair,
  requirementsOf,
  requiresAnything,
  rulesOf,
  type Side,
} from "./side.ts";

/** Characters of the keys in each of two generations: what is not asked for again goes with its own. */
const GENERATION = 2 * 1024 * 1024;
/** A longer one is asked for once. */
const MAX_KEY = 16 * 1024;

/** What was made for the latest keys, of which so many are kept that they fit into some megabytes. */
export class RecentDecisions<Value> {
  #young = new Map<string, Value>();
  #old = new Map<string, Value>();
  #characters = 0;

  get(key: string, make: () => Value): Value {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const value = this.#old.get(key) ?? make();
    if (key.length > MAX_KEY) return value;
    if (this.#characters + key.length > GENERATION) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#characters = 0;
    }
    this.#young.set(key, value);
    this.#characters += key.length;
    return value;
  }
}

/**
 * Tells what both policies are asked about the claims of an issuer, so that equal answers follow from
 * equal texts: claims that neither looks at make no difference, and times only where one of them has a
 * bound between them.
 */
export class Question {
  /** The locations of claims that one of the policies looks at, sorted. */
  readonly locations: readonly string[];
  readonly #asked: readonly string[];
  /** When rules end. */
  readonly #ends: readonly number[];
  readonly #ages: readonly Age[];

  constructor({ old, new: next }: IssuerPair) {
    const sides = [old, next].filter((side) => side !== null);
    const locations = new Set(sides.flatMap(mentioned));
    this.locations = [...locations].sort();
    this.#ends = [
      ...new Set(
        sides.flatMap(rulesOf).flatMap(({ not_after }) => not_after ?? []),
      ),
    ];
    this.#ages = sides.map(ageOf).filter((age) => age !== null);
    const needed = new Set([
      ...sides.flatMap(neededAsTheyAre),
      // of linked identities, each time is a matter of its own
      ...sides.filter((side) => kindRow(side.issuer).linked).flatMap(mentioned),
    ]);
    this.#asked = this.locations.filter((location) =>
      needed.has(location) ||
      !this.#ages.some((age) =>
        age.bounds !== null && authTimeOf(age.issuer) === location
      )
    );
  }

  /** `now` in seconds since the epoch. */
  text(claims: Claims, now: number): string {
    return JSON.stringify([
      this.#ends.filter((end) => now < end).length,
      ...this.#ages.map((age) => sinceThen(age, claims, now)),
      this.#asked.map((location) => {
        const value = readClaim(claims, location);
        return value === undefined ? 0 : [value];
      }),
    ]);
  }
}

/** What a policy asks of the time of an authentication. */
interface Age {
  readonly issuer: Issuer;
  /** The greatest ages that are admitted; `null` where each second may be another matter. */
  readonly bounds: readonly number[] | null;
}

/** `null` where nothing is asked of authentications. */
function ageOf(side: Side): Age | null {
  const required = rulesOf(side).map((rule) => requirementsOf(rule, side))
    .filter((each) => requiresAnything(each) || each.sameIdentity);
  if (required.length === 0) return null;
  const { issuer } = side;
  // of several linked ones, each has a time of its own
  if (kindRow(issuer).linked) return { issuer, bounds: null };
  const ages = required.flatMap(({ maxAuthAge }) => maxAuthAge ?? []);
  return { issuer, bounds: [...new Set(ages)] };
}

/** The same for times with the same answers, see `failureOf` in `policy/evaluate/assurance.ts`. */
function sinceThen({ issuer, bounds }: Age, claims: Claims, now: number) {
  if (bounds === null) return now;
  const [only] = subjectFromClaims(issuer, claims).authentications;
  const time = only?.auth_time ?? null;
  if (time === null) return null;
  return [
    time <= now + issuer.clock_skew,
    ...bounds.map((bound) => now - time <= bound),
  ];
}

function mentioned({ policy, issuer }: Side): string[] {
  return mentionedLocations(policy, issuer);
}

function authTimeOf({ claims }: Issuer): string {
  return locationOf(claimPath(claims.auth_time));
}

const NO_ASSURANCE = {
  permitted_idps: null,
  mfa: false,
  max_auth_age: null,
  same_identity: false,
} as const;

/** The locations that are looked at for anything but the time of an authentication. */
function neededAsTheyAre({ policy, issuer }: Side): string[] {
  const without: Policy = {
    ...policy,
    assurance: NO_ASSURANCE,
    rules: policy.rules.map((rule) => ({ ...rule, assurance: NO_ASSURANCE })),
  };
  const { idp, amr, acr } = issuer.claims;
  const others = [idp, amr, acr, "sub"].map((location) =>
    locationOf(claimPath(location))
  );
  return [...mentionedLocations(without, issuer), ...others];
}
