/**
 * OpenPubkey's PK tokens: an ID token that commits to a key, and the signature of that key.
 *
 * @module
 */
import { TokenError } from "./errors.ts";
import type { Evidence } from "./evidence.ts";
import type { JwtIssuer, PublishedKeys } from "./jwt.ts";

/** What the policy says of an issuer whose ID tokens may be in certificates. */
export interface PkIssuer extends JwtIssuer {
  readonly ssh_certificates: {
    readonly commitment: "nonce" | "aud" | "gq" | "cnf";
    /** Seconds since `iat`; `null`: until `exp`. */
    readonly lifetime: number | null;
    readonly refreshed: boolean;
  };
}

/** What a PK token says. Nothing in here is verified. */
export interface UnverifiedPkToken {
  readonly iss: string;
}

export function parsePkToken(_text: string): UnverifiedPkToken {
  throw new TokenError("token_malformed", "not yet");
}

export interface PkVerification {
  /** The key of the certificate. */
  readonly key: object;
  readonly issuer: PkIssuer;
  readonly keys: PublishedKeys;
  /** Seconds since the epoch. */
  readonly now: number;
}

export function verifyPkToken(
  _token: UnverifiedPkToken,
  _options: PkVerification,
): Promise<Evidence> {
  throw new TokenError("token_malformed", "not yet");
}
