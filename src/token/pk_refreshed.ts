/**
 * Refreshed ID tokens in a PK token: the issuer says later that it still knows the user.
 *
 * @module
 */
import { checkClaims, type ClaimExpectations } from "./claim_checks.ts";
import { TokenError } from "./errors.ts";
import type { JsonObject } from "./strict_json.ts";

/** OpenID Connect Core section 12.2: the same, and present as before. */
const SAME = ["iss", "sub", "aud", "azp"];

/** The same wherever both have it. */
const SAME_IF_THERE = ["nonce", "auth_time"];

/** What belongs to one answer of the issuer, and need not come again. */
const OF_ONE_ANSWER = [...SAME_IF_THERE, "at_hash", "c_hash", "s_hash", "jti"];

/**
 * Demands that a refreshed ID token, whose signature has been verified, continues the one that names
 * the key: about the same user for the same client, issued later, valid by its own times, and saying
 * all that the other said. Throws {@link TokenError}.
 *
 * Does not check a commitment: most issuers do not repeat it.
 */
export function checkRefreshed(
  claims: JsonObject,
  { earlier, expected, now }: {
    readonly earlier: JsonObject;
    readonly expected: ClaimExpectations;
    /** Seconds since the epoch. */
    readonly now: number;
  },
): void {
  checkClaims(claims, expected, now);
  const same = (name: string) =>
    JSON.stringify([claims[name]].flat()) ===
      JSON.stringify([earlier[name]].flat());
  const other = SAME.find((name) => !same(name)) ??
    SAME_IF_THERE.find((name) =>
      Object.hasOwn(claims, name) && Object.hasOwn(earlier, name) && !same(name)
    );
  if (other !== undefined) {
    throw new TokenError(
      "key_not_bound",
      `the refreshed ID token has another "${other}" than the one that names the key`,
    );
  }
  if (!(Number(claims.iat) > Number(earlier.iat))) {
    throw new TokenError(
      "token_expired",
      "the refreshed ID token is not younger than the one that is over",
    );
  }
  // a deny rule could ask for what is missing, and would not match
  const missing = Object.keys(earlier).find((name) =>
    !Object.hasOwn(claims, name) && !OF_ONE_ANSWER.includes(name)
  );
  if (missing !== undefined) {
    const shown = JSON.stringify(missing.slice(0, 60));
    throw new TokenError(
      "token_expired",
      `the refreshed ID token says nothing of ${shown}, and the other one is over: sign in again`,
    );
  }
}
