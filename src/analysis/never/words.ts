/**
 * A breach of `never` as a sentence.
 *
 * @module
 */
import { instantText } from "../../policy/instant.ts";
import { WITNESS_NOW } from "../diff/space.ts";
import type { Breach } from "../diff/breach.ts";
import type { Invariant, Proof } from "./invariants.ts";

/** Which rule admits what, with the request that shows it. */
export function breachText({ name }: Invariant, breach: Breach): string {
  const { rule, issuer, example, witness, doubts } = breach;
  const { account, service, rhost, claims, now } = witness;
  const who = example ? `an account such as "${account}"` : `"${account}"`;
  return `"${name}" must never be, and rule "${rule}" admits it: ${who}, issuer ${issuer}, ` +
    `service ${service}, ${
      rhost === null ? "no remote address" : `from ${rhost}`
    }${now === WITNESS_NOW ? "" : `, at ${instantText(now)}`}, claims ${
      JSON.stringify(claims)
    }${doubts.map((doubt) => `, but ${doubt}`).join("")}`;
}

/** That nothing was found, but not everything could be looked at. */
export function unprovedText({ name }: Invariant, why: string): string {
  return `it could not be proved that "${name}" never happens: ${why}`;
}

/** What there is to say against an invariant; nothing where it is proved. */
export function proofTexts({ invariant, breaches, limits }: Proof): string[] {
  if (breaches.length > 0) {
    return breaches.map((breach) => breachText(invariant, breach));
  }
  return limits.slice(0, 1).map((why) => unprovedText(invariant, why));
}
