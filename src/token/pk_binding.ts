/**
 * Where the ID token of a PK token names the key, and what of the policy's demands changes by it.
 *
 * @module
 */
import type { ClaimExpectations } from "./claim_checks.ts";
import { isObject } from "../lib/json.ts";
import { TokenError } from "./errors.ts";
import type { JwtIssuer } from "./jwt.ts";
import { type CertifiedJwk, isPublicKey } from "./pk_client.ts";
import type { JsonObject } from "./strict_json.ts";

/** What the policy says of an issuer whose ID tokens may be in certificates. */
export interface PkIssuer extends JwtIssuer {
  readonly ssh_certificates: {
    readonly commitment: "nonce" | "aud" | "gq" | "cnf";
    /** Seconds since `iat`; `null`: until `exp`, and as young as `max_token_age` demands. */
    readonly lifetime: number | null;
    /** Whether a refreshed ID token may vouch after that. */
    readonly refreshed: boolean;
  };
}

/** What a commitment may be found in. */
interface Bound {
  /** As the issuer has signed them. */
  readonly claims: JsonObject;
  /** Of the GQ proof, which covers it; of a signature for the other commitments. */
  readonly header: JsonObject;
}

/**
 * What begins the audience of tokens that their holder may bind to a key: the issuer has no say in
 * the header `cic`, so whoever else gets such a token could bind it to a key of their own.
 */
export const GQ_AUDIENCE = "OPENPUBKEY-PKTOKEN:";

/** The type of ID tokens that the issuer has bound to a key (OpenID Connect Key Binding). */
const KEY_BOUND_TYPE = "dpop+id_token";

/**
 * Demands that the ID token names the client's header by `commitment`, or with `cnf` its key, at the
 * place that the policy says and nowhere else. Throws {@link TokenError} `key_not_bound`.
 */
export function checkBinding(
  { claims, header }: Bound,
  { commitment, key, place }: {
    readonly commitment: string;
    readonly key: CertifiedJwk;
    readonly place: PkIssuer["ssh_certificates"]["commitment"];
  },
): void {
  const refuse = (what: string) => {
    const message = `the ID token names another key, or none: ${what}`;
    throw new TokenError("key_not_bound", message);
  };
  switch (place) {
    case "nonce":
    case "aud":
      if (claims[place] !== commitment) {
        refuse(`"${place}" is not the commitment to it`);
      }
      return;
    case "gq":
      if (
        typeof claims.aud !== "string" || !claims.aud.startsWith(GQ_AUDIENCE)
      ) refuse(`"aud" does not begin with "${GQ_AUDIENCE}"`);
      if (header.cic !== commitment) {
        refuse('"cic" in the header is not the commitment to it');
      }
      return;
    case "cnf": {
      const { cnf } = claims;
      // RFC 7800 section 3.1: one key; which of two would be meant, nobody could tell
      const alone = isObject(cnf) && Object.keys(cnf).join() === "jwk";
      if (!alone || !isPublicKey(cnf.jwk, key)) {
        refuse('"cnf" does not hold it as its only "jwk"');
      }
      return;
    }
  }
}

/** What the policy demands of the ID token's claims, once the commitment has been found. */
export function expectationsOf(
  issuer: PkIssuer,
  commitment: string,
): ClaimExpectations {
  switch (issuer.ssh_certificates.commitment) {
    case "aud":
      return { ...issuer, audiences: [commitment] };
    case "cnf":
      // the key it is bound to has been checked
      return { ...issuer, allow_confirmation: true };
    default:
      return issuer;
  }
}

/** The types that the policy means: key-bound ones with `cnf`, and with nothing else. */
export function typesOf(
  { types, ssh_certificates: { commitment } }: PkIssuer,
  mediaType: (typ: string) => string,
): readonly string[] {
  return commitment === "cnf"
    ? [KEY_BOUND_TYPE]
    : types.filter((type) => mediaType(type) !== KEY_BOUND_TYPE);
}

/**
 * OpenID Connect Core sections 2 and 3.1.3.7 for ID tokens: it is about somebody, and was issued to the
 * client whose sign-in named the key. Another client of the issuer chooses its own `nonce`. Throws
 * {@link TokenError}.
 */
export function checkIdToken(
  { sub, aud, azp }: JsonObject,
  { audiences }: ClaimExpectations,
): void {
  if (typeof sub !== "string" || sub === "") {
    throw new TokenError("claim_missing", 'the claim "sub" is missing');
  }
  const several = Array.isArray(aud) && aud.length > 1;
  if (azp === undefined ? several : !audiences.some((own) => own === azp)) {
    throw new TokenError(
      "audience_mismatch",
      'the token was issued to another client ("azp"), or for several',
    );
  }
}
