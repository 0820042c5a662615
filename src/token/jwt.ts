/**
 * Local verification of a JWT (RFC 7519, RFC 8725, RFC 9068, OpenID Connect Core section 3.1.3.7).
 *
 * @module
 */
import { compactVerify, type JWK } from "@panva/jose";
import type { AccessToken } from "./access_token.ts";
import { checkClaims, type ClaimExpectations } from "./claim_checks.ts";
import { parseCompactJws, type UnverifiedJws } from "./compact_jws.ts";
import { TokenError } from "./errors.ts";
import { type Evidence, verified } from "./verified.ts";
import { algorithmOf, publicPart, selectKey } from "./signing_key.ts";
import { type JsonObject, parseJsonObject } from "./strict_json.ts";

/** What the policy says of an issuer whose tokens are JWTs. */
export interface JwtIssuer extends ClaimExpectations {
  /** The local name. */
  readonly name: string;
  /** How its tokens are read; {@link verifyJwt} is for "jwt" alone. */
  readonly kind: string;
  readonly algorithms: readonly string[];
  readonly types: readonly string[];
}

type Jwk = Readonly<Record<string, unknown>>;

/** The issuer's published keys. */
export interface PublishedKeys {
  /** The current keys, and what the log should say about them. */
  current(): Promise<{ keys: readonly Jwk[]; warnings: readonly string[] }>;
  /** Newer keys, or `null` when there are none to be had now. May be asked for twice. */
  refreshed(): Promise<readonly Jwk[] | null>;
}

/**
 * Reads a token and finds the issuer that its `iss` names, before any request leaves. Nothing is
 * verified yet. Throws {@link TokenError}.
 */
export function identifyIssuer<Issuer extends { readonly issuer: string }>(
  token: AccessToken,
  issuers: readonly Issuer[],
): { jws: UnverifiedJws; issuer: Issuer } {
  const jws = parseCompactJws(token);
  const { iss } = jws.payload;
  if (iss === undefined || iss === null) {
    throw new TokenError("claim_missing", 'the claim "iss" is missing');
  }
  if (typeof iss !== "string") {
    throw new TokenError("token_malformed", '"iss" is not a string');
  }
  // byte for byte: URLs that mean the same are different issuers (RFC 8725 section 3.8)
  const issuer = issuers.find((candidate) => candidate.issuer === iss);
  if (issuer === undefined) {
    const shown = JSON.stringify(iss.slice(0, 120));
    throw new TokenError(
      "issuer_unknown",
      `the issuer ${shown} is not in the policy`,
    );
  }
  return { jws, issuer };
}

export interface JwtVerification {
  readonly jws: UnverifiedJws;
  readonly issuer: JwtIssuer;
  readonly keys: PublishedKeys;
  /** Seconds since the epoch. */
  readonly now: number;
}

/**
 * Verifies a token of a jwt-kind issuer: algorithm and type as the policy allows, signature by a
 * published key, then the registered claims. Throws {@link TokenError}, also for an issuer of
 * another kind, and whatever `keys` throws.
 *
 * Does not check revocation, replay, or whether anybody may log in with it.
 */
export async function verifyJwt(
  token: AccessToken,
  options: JwtVerification,
): Promise<Evidence> {
  const { kind, name } = options.issuer;
  if (kind !== "jwt") {
    const message = `the tokens of "${name}" are not plain JWTs but "${kind}"`;
    throw new TokenError("token_kind_unexpected", message);
  }
  const evidence = await verifySignedClaims(token, options);
  checkSubject(options.jws, evidence);
  return evidence;
}

/** The types of which a specification demands a subject; an absent `typ` counts as JWT. */
const WITH_SUBJECT = ["jwt", "at+jwt"];

/**
 * OpenID Connect Core section 2 for ID tokens, RFC 9068 section 2.2 for access tokens: without
 * `sub` it is about nobody.
 */
function checkSubject({ header }: UnverifiedJws, { claims }: Evidence): void {
  const type = typeof header.typ === "string" ? mediaType(header.typ) : "jwt";
  if (!WITH_SUBJECT.includes(type)) return;
  if (typeof claims.sub === "string" && claims.sub !== "") return;
  throw new TokenError("claim_missing", 'the claim "sub" is missing');
}

/**
 * What all locally verified kinds have in common, for the verifiers of kinds with further rules.
 * Throws like {@link verifyJwt}.
 *
 * Does not check what a profile (SciTokens, WLCG) demands beyond RFC 7519.
 */
export async function verifySignedClaims(
  token: AccessToken,
  options: JwtVerification,
): Promise<Evidence> {
  const { issuer, now } = options;
  const { claims, warnings } = await signedClaims(token, options);
  checkClaims(claims, issuer, now);
  return verified({ issuer: issuer.name, claims, warnings });
}

/** Says that a key has signed a token and gives the payload that it signed, or throws. */
export type SignatureCheck = (
  token: AccessToken,
  options: { readonly key: Jwk; readonly algorithm: string },
) => Promise<Uint8Array>;

/**
 * The claims that a published key has signed, and what the log should say: algorithm, type and
 * signature are as the policy and the issuer have them. `check` is for proofs that stand in the place
 * of the signature. Throws like {@link verifyJwt}.
 *
 * Does not judge any claim.
 */
export async function signedClaims(
  token: AccessToken,
  { jws, issuer, keys }: Omit<JwtVerification, "now">,
  check: SignatureCheck = checkSignature,
): Promise<{ claims: JsonObject; warnings: readonly string[] }> {
  checkHeader(jws, issuer);
  const { keys: current, warnings } = await keys.current();
  const wanted = { algorithm: jws.algorithm, keyId: jws.keyId };
  const key = selectKey(current, wanted) ??
    selectKey(await keys.refreshed() ?? [], wanted);
  if (key === null) {
    const { algorithm, keyId } = wanted;
    throw new TokenError(
      "key_not_found",
      keyId === null
        ? `the issuer has no key for ${algorithm}, and the token names none`
        : `the issuer lacks the key ${
          JSON.stringify(keyId.slice(0, 60))
        } for ${algorithm}, which the token names`,
    );
  }
  const options = { key, keys, wanted, check };
  const signed = await signedPayload(token, options).catch(
    async (error) => {
      // an ordinary forgery costs no more than that
      if (!Object.hasOwn(jws.header, "nonce")) throw error;
      throw (await import("./unfitting.ts")).explained(error, jws);
    },
  );
  // what was verified is what is judged, not what was read before
  return { claims: parseJsonObject(signed, "payload"), warnings };
}

/**
 * The issuer of grid tokens as its policy means it: the audience that stands for all of them counts
 * only by explicit choice, even where it is listed.
 */
export function withAnyAudience<
  Issuer extends JwtIssuer & { readonly any_audience: boolean },
>(issuer: Issuer, any: string): Issuer {
  const own = issuer.audiences.filter((audience) => audience !== any);
  return { ...issuer, audiences: issuer.any_audience ? [...own, any] : own };
}

/** RFC 8725 section 3.1: what may be used is the policy's choice, never the token's. */
function checkHeader(jws: UnverifiedJws, issuer: JwtIssuer): void {
  if (
    !issuer.algorithms.map(algorithmOf).includes(algorithmOf(jws.algorithm))
  ) {
    const shown = JSON.stringify(jws.algorithm.slice(0, 20));
    throw new TokenError(
      "algorithm_not_allowed",
      `the algorithm ${shown} is not in the policy`,
    );
  }
  const { typ } = jws.header;
  if (typ !== undefined && typeof typ !== "string") {
    throw new TokenError("token_malformed", '"typ" is not a string');
  }
  // RFC 7515 section 4.1.9: a media type, compared without case, "application/" left out
  const type = mediaType(typ ?? "JWT");
  if (!issuer.types.some((allowed) => mediaType(allowed) === type)) {
    const shown = JSON.stringify(type.slice(0, 40));
    throw new TokenError(
      "type_not_allowed",
      `the token type ${shown} is not in the policy`,
    );
  }
}

/** The type that a header names, in the one form that is compared. */
export function mediaType(typ: string): string {
  // ASCII only: KELVIN SIGN and the like must not fold into a letter
  return typ.replace(/[A-Z]/g, (letter) => letter.toLowerCase()).replace(
    /^application\//,
    "",
  );
}

/**
 * The payload that the issuer has signed. A signature that does not fit may be one by a key that
 * came in the place of this one, in a set without names for keys or under the same name: newer keys
 * are looked at once, where there are any to be had.
 */
async function signedPayload(
  token: AccessToken,
  { key, keys, wanted, check }: {
    key: Jwk;
    keys: PublishedKeys;
    wanted: { algorithm: string; keyId: string | null };
    check: SignatureCheck;
  },
): Promise<Uint8Array> {
  const { algorithm } = wanted;
  try {
    return await check(token, { key, algorithm });
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    const newer = selectKey(await keys.refreshed() ?? [], wanted);
    const other = newer !== null &&
      JSON.stringify(publicPart(newer)) !== JSON.stringify(publicPart(key));
    if (!other) throw error;
    return await check(token, { key: newer, algorithm });
  }
}

/** The payload that the key has signed. */
async function checkSignature(
  token: AccessToken,
  options: { key: Jwk; algorithm: string },
): Promise<Uint8Array> {
  const { key, algorithm } = options;
  try {
    const { payload } = await compactVerify(
      token.reveal(),
      publicPart(key) as JWK,
      { algorithms: [algorithm] },
    );
    return payload;
  } catch {
    throw new TokenError(
      "signature_invalid",
      "the signature is not by the issuer's key",
    );
  }
}
