/**
 * From a sign-in to a certificate that is ready for ssh-agent.
 *
 * @module
 */
import { decodeBase64, decodeBase64url } from "../lib/base64url.ts";
import { certificateType } from "../ssh/certificate_writer.ts";
import type { JsonObject } from "../token/strict_json.ts";
import { ClientError } from "./errors.ts";
import {
  certificateOf,
  type FreshKey,
  freshKey,
  pkTokenOf,
  seedOf,
} from "./fresh_key.ts";
import { type SignedIn, type SignIn, signIn } from "./sign_in.ts";

type Who = Omit<SignIn, "nonce" | "screen" | "now" | "wait">;
type Where = Pick<SignIn, "screen" | "now" | "wait">;

/** A key with its certificate, and what the ID token says. */
interface CertifiedSignIn {
  readonly type: string;
  /** The certificate in wire form. */
  readonly blob: Uint8Array;
  readonly publicKey: Uint8Array;
  /** The private key; wiped when whoever is given it has ended. */
  readonly seed: Uint8Array;
  readonly claims: {
    readonly iss: string;
    readonly sub: string;
    /** Empty where there is none that can be shown. */
    readonly email: string;
    /** Seconds since the epoch. */
    readonly iat: number;
    readonly exp: number;
  };
}

/**
 * Makes a key, has the person sign in for it, and gives the certificate to `use`. Throws what
 * `signIn()` throws.
 */
export async function signInForCertificate(
  who: Who,
  where: Where,
  use: (certified: CertifiedSignIn) => Promise<void>,
): Promise<void> {
  const key = await freshKey();
  const options = { ...who, ...where, nonce: key.commitment };
  await signIn(options, async (signedIn) => {
    const certified = await certify(key, signedIn);
    try {
      await use(certified);
    } finally {
      certified.seed.fill(0);
    }
  });
}

async function certify(
  key: FreshKey,
  { idToken, claims }: SignedIn,
): Promise<CertifiedSignIn> {
  const said = saidIn(claims);
  const certificate = await certificateOf(key, {
    pkToken: await pkTokenOf(idToken, key),
    keyId: said.email,
  });
  const blob = decodeBase64(certificate);
  const publicKey = decodeBase64url(key.jwk.x);
  if (blob === null || publicKey === null) throw new TypeError("not base64");
  return {
    type: certificateType(key.jwk),
    blob,
    publicKey,
    seed: await seedOf(key),
    claims: said,
  };
}

/** The verifier has checked that those which it needs are there. */
function saidIn(claims: JsonObject): CertifiedSignIn["claims"] {
  const { iss, sub, email, iat, exp } = claims;
  if (
    typeof iss !== "string" || typeof sub !== "string" ||
    typeof iat !== "number" || typeof exp !== "number"
  ) {
    throw new ClientError("refused", "the ID token lacks a claim");
  }
  // a server takes printable text alone
  const shown = typeof email === "string" && /^[\x21-\x7e]{1,254}$/.test(email);
  return { iss, sub, email: shown ? email : "", iat, exp };
}
