/**
 * A key of its own for each sign-in, what an ID token has to say for it to be bound to the key
 * (OpenPubkey), and the certificate that carries both to an SSH server.
 *
 * @module
 */
import { encodeBase64url } from "../lib/base64url.ts";
import { WILDCARD_PRINCIPAL } from "../ssh/authorized_key.ts";
import { TOKEN_EXTENSION } from "../ssh/certificate.ts";
import {
  certificateToSign,
  writeCertificate,
} from "../ssh/certificate_writer.ts";
import type { PublicJwk } from "../ssh/public_key.ts";
import type { AccessToken } from "../token/access_token.ts";
import { canonicalJson, pkCommitment } from "../token/pk_commitment.ts";

/** An Ed25519 key (RFC 8032), in the memory of this process alone. */
export interface FreshKey {
  readonly jwk: PublicJwk & { readonly crv: "Ed25519" };
  readonly privateKey: CryptoKey;
  /** The client's header (CIC), base64url of its canonical JSON. */
  readonly header: string;
  /** What the ID token has to have as its nonce. */
  readonly commitment: string;
}

const ED25519 = "Ed25519";

/** Makes a key, and the header that says which it is. */
export async function freshKey(): Promise<FreshKey> {
  const { privateKey, publicKey } = await crypto.subtle.generateKey(
    ED25519,
    true,
    ["sign", "verify"],
  ) as CryptoKeyPair;
  const { x = "" } = await crypto.subtle.exportKey("jwk", publicKey);
  const jwk = { kty: "OKP", crv: ED25519, x } as const;
  const header = {
    alg: "EdDSA",
    // so that nobody can tell from the nonce of a token which key it commits to
    rz: hex(crypto.getRandomValues(new Uint8Array(32))),
    typ: "CIC",
    upk: { ...jwk, alg: "EdDSA" },
  };
  return {
    jwk,
    privateKey,
    header: encodeBase64url(bytesOf(canonicalJson(header))),
    commitment: await pkCommitment(header),
  };
}

/** The 32 bytes of the private key (RFC 8410 section 7). The caller wipes them. */
export async function seedOf({ privateKey }: FreshKey): Promise<Uint8Array> {
  const pkcs8 = new Uint8Array(
    await crypto.subtle.exportKey("pkcs8", privateKey),
  );
  const seed = pkcs8.slice(-32);
  pkcs8.fill(0);
  return seed;
}

/**
 * The PK token: the ID token with the key's own signature over its payload beside the issuer's.
 *
 * Does not check the ID token, nor that it commits to the key.
 */
export async function pkTokenOf(
  idToken: AccessToken,
  key: FreshKey,
): Promise<string> {
  const [header, payload, signature] = idToken.reveal().split(".");
  const own = await sign(key, bytesOf(`${key.header}.${payload}`));
  return [payload, header, signature, key.header, encodeBase64url(own)]
    .join(":");
}

/** What OpenSSH's own certificates permit; the server decides which of it holds. */
const PERMISSIONS = [
  "permit-X11-forwarding",
  "permit-agent-forwarding",
  "permit-port-forwarding",
  "permit-pty",
  "permit-user-rc",
];

/**
 * The certificate that the key makes out to itself, in base64. It has no end of its own: how long it
 * serves is for the agent, which forgets it, and for the server, which reads the token.
 */
export async function certificateOf(
  key: FreshKey,
  { pkToken, keyId }: { readonly pkToken: string; readonly keyId: string },
): Promise<string> {
  const toSign = certificateToSign({
    jwk: key.jwk,
    nonce: crypto.getRandomValues(new Uint8Array(32)),
    keyId,
    principals: [WILDCARD_PRINCIPAL],
    extensions: {
      [TOKEN_EXTENSION]: pkToken,
      ...Object.fromEntries(PERMISSIONS.map((name) => [name, null])),
    },
  });
  return writeCertificate(key.jwk, toSign, await sign(key, toSign));
}

async function sign(
  { privateKey }: FreshKey,
  bytes: Uint8Array,
): Promise<Uint8Array> {
  return new Uint8Array(
    await crypto.subtle.sign(ED25519, privateKey, Uint8Array.from(bytes)),
  );
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}
