/**
 * Which of an agent's keys are certificates with a token, and for how long they still serve.
 *
 * @module
 */
import { encodeBase64 } from "../lib/base64url.ts";
import {
  CERTIFICATE_TYPES,
  CertificateError,
  readCertificate,
  requireSelfSigned,
} from "../ssh/certificate.ts";
import { isWildcard } from "../ssh/authorized_key.ts";
import { WireError, WireReader } from "../ssh/wire.ts";
import { TokenError } from "../token/errors.ts";
import { parsePkToken } from "../token/pk_token.ts";
import type { AgentIdentity } from "./agent.ts";

/** A certificate with a token. Only what its own key vouches for is known to be true of it. */
export interface HeldCertificate {
  readonly type: string;
  readonly blob: Uint8Array;
  readonly comment: string;
  readonly iss: string;
  readonly aud: readonly string[];
  readonly sub: string | null;
  /** Seconds since the epoch. */
  readonly iat: number;
  readonly exp: number;
}

/**
 * The certificates with a token among what an agent has; whatever else it has is left out, also what a
 * server would refuse at sight. `now` is in seconds.
 *
 * Does not check the issuer's signature: that is the server's business.
 */
export async function heldCertificates(
  identities: readonly AgentIdentity[],
  now: number,
): Promise<HeldCertificate[]> {
  const held = await Promise.all(
    identities.map((identity) => heldCertificate(identity, now)),
  );
  return held.filter((each) => each !== null);
}

async function heldCertificate(
  { blob, comment }: AgentIdentity,
  now: number,
): Promise<HeldCertificate | null> {
  try {
    const type = new WireReader(blob).text();
    if (!CERTIFICATE_TYPES.some((known) => known === type)) return null;
    const certificate = readCertificate(encodeBase64(blob), type);
    const { pkToken, principals } = certificate;
    if (pkToken === null || !isWildcard(principals)) return null;
    await requireSelfSigned(certificate, { now });
    const claims = claimsIn(pkToken);
    return claims === null ? null : { type, blob, comment, ...claims };
  } catch (error) {
    const unreadable = error instanceof CertificateError ||
      error instanceof WireError || error instanceof TokenError;
    if (!unreadable) throw error;
    return null;
  }
}

type Claims = Pick<HeldCertificate, "iss" | "aud" | "sub" | "iat" | "exp">;

/** What the ID token says, as its issuer gave it. */
function claimsIn(pkToken: string): Claims | null {
  const { iss, issued } = parsePkToken(pkToken);
  const { aud, sub, iat, exp } = issued.jws.payload;
  if (typeof iat !== "number" || typeof exp !== "number") return null;
  return {
    iss,
    aud: [aud].flat().filter((each) => typeof each === "string"),
    sub: typeof sub === "string" ? sub : null,
    iat,
    exp,
  };
}

/** `null`: until the ID token expires. */
export type Lifetime = number | null;

/** The first second in which it does not serve any more, where servers count as `lifetime` says. */
export function endOf(
  { iat, exp }: Pick<HeldCertificate, "iat" | "exp">,
  lifetime: Lifetime,
): number {
  return Math.floor(lifetime === null ? exp : iat + lifetime);
}

/** The one that serves longest, of those for a client of an issuer. */
export function longestHeld(
  held: readonly HeldCertificate[],
  { issuer, clientId, lifetime }: {
    readonly issuer: string;
    readonly clientId: string;
    readonly lifetime: Lifetime;
  },
): HeldCertificate | null {
  const [first] = held
    .filter(({ iss, aud }) => iss === issuer && aud.includes(clientId))
    .sort((a, b) => endOf(b, lifetime) - endOf(a, lifetime));
  return first ?? null;
}
