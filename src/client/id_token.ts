/**
 * What a client checks of its ID token (OpenID Connect Core section 3.1.3.7).
 *
 * @module
 */
import type { Transport } from "../issuer/http.ts";
import { requestKeys } from "../issuer/jwks_cache.ts";
import { shown } from "../lib/text.ts";
import type { AccessToken } from "../token/access_token.ts";
import { TokenError } from "../token/errors.ts";
import { parseCompactJws, type UnverifiedJws } from "../token/compact_jws.ts";
import { type JwtIssuer, mediaType, verifyJwt } from "../token/jwt.ts";
import type { JsonObject } from "../token/strict_json.ts";

interface Expected {
  readonly issuer: string;
  readonly clientId: string;
  readonly nonce: string;
  readonly jwksUri: string;
  /** Seconds since the epoch. */
  readonly now: number;
}

/** Those that a host can be told to take; never a symmetric one, and never "none". */
const ALGORITHMS = [
  ...["RS", "PS", "ES"].flatMap((family) =>
    ["256", "384", "512"].map((size) => family + size)
  ),
  "EdDSA",
  "Ed25519",
];

/** Seconds. The nonce says that it is new; a laptop's clock need not be right. */
const CLOCK_SKEW = 300;
const MAX_AGE = 3600;

/**
 * Verifies an ID token for the client: issuer, audience, times, nonce, and the signature by one of the
 * issuer's published keys. Answers its claims. Throws `TokenError`, and `IssuerError` where the keys
 * cannot be had.
 *
 * Does not check `at_hash`: the access token is not used.
 */
export async function verifyIdToken(
  transport: Transport,
  idToken: AccessToken,
  expected: Expected,
): Promise<JsonObject> {
  const { clientId, now } = expected;
  const issuer: JwtIssuer = {
    name: "issuer",
    kind: "jwt",
    issuer: expected.issuer,
    audiences: [clientId],
    algorithms: ALGORITHMS,
    types: ["JWT"],
    clock_skew: CLOCK_SKEW,
    max_token_age: MAX_AGE,
    scopes: [],
    allow_confirmation: false,
    allow_delegation: false,
  };
  const jws = parseCompactJws(idToken);
  checkHeader(jws);
  const { claims } = await verifyJwt(idToken, {
    jws,
    issuer,
    now,
    keys: {
      current: async () => ({
        keys: await requestKeys(transport, expected.jwksUri),
        warnings: [],
      }),
      // they have just been fetched
      refreshed: () => Promise.resolve(null),
    },
  });
  checkAuthorizedParty(claims, clientId);
  if (claims.nonce !== expected.nonce) {
    throw new TokenError(
      "key_not_bound",
      claims.nonce === undefined
        ? "the ID token has no nonce, so that no key can be bound to it"
        : "the ID token has another nonce: it is of another sign-in",
    );
  }
  return claims;
}

/** The verifier would refuse these as well, in words about a policy. */
function checkHeader({ algorithm, header: { typ = "JWT" } }: UnverifiedJws) {
  if (!ALGORITHMS.includes(algorithm)) {
    throw new TokenError(
      "algorithm_not_allowed",
      `the ID token has the algorithm ${
        shown(algorithm)
      }, by which nobody can verify it`,
    );
  }
  if (typeof typ === "string" && mediaType(typ) !== "jwt") {
    throw new TokenError(
      "type_not_allowed",
      `it is not an ID token but one of the type ${shown(typ)}`,
    );
  }
}

/** A token for others as well has to say that it was issued to us. */
function checkAuthorizedParty(
  { aud, azp }: JsonObject,
  clientId: string,
): void {
  if (azp === clientId) return;
  if (azp === undefined && [aud].flat().length === 1) return;
  throw new TokenError(
    "audience_mismatch",
    "the ID token was not issued to this client alone",
  );
}
