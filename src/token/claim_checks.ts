/**
 * The registered claims (RFC 7519 section 4.1), judged after the signature.
 *
 * @module
 */
import { TokenError } from "./errors.ts";
import type { JsonObject } from "./strict_json.ts";

/** The end of the year 9999. What lies behind is milliseconds, or forged. */
const MAX_TIME = 253_402_300_799;

export interface ClaimExpectations {
  readonly issuer: string;
  readonly audiences: readonly string[];
  /** Seconds of tolerance for clocks that disagree. */
  readonly clock_skew: number;
  /** Seconds since `iat`. */
  readonly max_token_age: number;
  readonly scopes: readonly string[];
  readonly allow_confirmation: boolean;
  readonly allow_delegation: boolean;
}

/**
 * Judges `iss`, `aud`, `exp`, `nbf`, `iat`, `scope`, `cnf` and `act`. `now` is in seconds.
 * Throws {@link TokenError}. Does not check who the token is about: that is the policy's business.
 */
export function checkClaims(
  claims: JsonObject,
  expected: ClaimExpectations,
  now: number,
): void {
  if (required(claims, "iss") !== expected.issuer) {
    throw new TokenError("issuer_unknown", "the token is of another issuer");
  }
  checkAudience(required(claims, "aud"), expected.audiences);
  const skew = expected.clock_skew;
  // a fraction of a second counts as over, as not yet there, and as longer ago
  const exp = Math.floor(time(required(claims, "exp"), "exp"));
  const iat = time(required(claims, "iat"), "iat");
  const age = now - Math.floor(iat);
  if (exp <= now - skew) {
    throw new TokenError(
      "token_expired",
      `the token expired ${now - exp} s ago`,
    );
  }
  const nbf = claims.nbf === undefined ? null : time(claims.nbf, "nbf");
  for (const [name, value] of [["nbf", nbf], ["iat", iat]] as const) {
    if (value !== null && value > now + skew) {
      const message = `"${name}" lies ${
        Math.ceil(value) - now
      } s in the future: compare the clocks`;
      throw new TokenError("token_not_yet_valid", message);
    }
  }
  if (age > expected.max_token_age + skew) {
    const message =
      `the token was issued ${age} s ago, more than ${expected.max_token_age} s`;
    throw new TokenError("token_too_old", message);
  }
  // RFC 8417 section 2.2: a security event or logout token is about a session, it opens none
  if (Object.hasOwn(claims, "events")) {
    throw new TokenError(
      "token_kind_unexpected",
      "the token reports a security event",
    );
  }
  checkScopes(claims, expected.scopes);
  checkBinding(claims, expected);
}

/** RFC 7519 section 4.1.3: a string or a list of strings, compared byte for byte. */
function checkAudience(aud: unknown, audiences: readonly string[]): void {
  const list = typeof aud === "string" ? [aud] : aud;
  if (
    !Array.isArray(list) || !list.every((entry) => typeof entry === "string")
  ) {
    throw new TokenError(
      "token_malformed",
      '"aud" is neither a string nor a list of strings',
    );
  }
  if (!list.some((entry) => audiences.includes(entry))) {
    const shown = JSON.stringify(list.slice(0, 3)).slice(0, 160);
    throw new TokenError("audience_mismatch", `the token is for ${shown}`);
  }
}

/**
 * RFC 9068 section 2.2.3, RFC 6749 section 3.3: a list in one string, separated by single spaces. Some
 * issuers send a list, and some call it `scp`; all of them together were granted.
 */
function checkScopes(claims: JsonObject, scopes: readonly string[]): void {
  const granted = [claims.scope, claims.scp].flatMap((sent) =>
    typeof sent === "string" ? sent.split(" ") : Array.isArray(sent) ? sent : []
  );
  const missing = scopes.find((scope) => !granted.includes(scope));
  if (missing !== undefined) {
    throw new TokenError(
      "scope_missing",
      `the token has no scope "${missing}"`,
    );
  }
}

/** Whoever merely holds such a token is not who it was issued to. */
function checkBinding(claims: JsonObject, expected: ClaimExpectations): void {
  if (Object.hasOwn(claims, "cnf") && !expected.allow_confirmation) {
    const message =
      'the token is bound to a key ("cnf"), which a login cannot check';
    throw new TokenError("token_kind_unexpected", message);
  }
  for (const name of ["act", "may_act"]) {
    if (Object.hasOwn(claims, name) && !expected.allow_delegation) {
      const message =
        `the token is used on behalf of somebody else ("${name}")`;
      throw new TokenError("token_kind_unexpected", message);
    }
  }
}

function required(claims: JsonObject, name: string): unknown {
  const value = claims[name];
  if (value === undefined || value === null) {
    throw new TokenError("claim_missing", `the claim "${name}" is missing`);
  }
  return value;
}

/** RFC 7519 section 2, NumericDate: a number of seconds, with a fraction or without, of this age. */
function time(value: unknown, name: string): number {
  if (
    // written so that NaN fails
    typeof value !== "number" || !(value >= 0 && value <= MAX_TIME)
  ) {
    throw new TokenError(
      "token_malformed",
      `"${name}" is not a number of seconds in this age`,
    );
  }
  return value;
}
