/**
 * The two kinds of SSH public keys that certificates with a token certify (RFC 8709 section 4, RFC 5656
 * section 3.1), as SSH and as JOSE write them.
 *
 * @module
 */
import {
  decodeBase64url,
  encodeBase64,
  encodeBase64url,
} from "../lib/base64url.ts";
import { joined, WireError, WireReader, wireString } from "./wire.ts";

/** A public key as a JWK (RFC 8037 section 2, RFC 7518 section 6.2) with these members alone. */
export type PublicJwk =
  | { readonly kty: "OKP"; readonly crv: "Ed25519"; readonly x: string }
  | {
    readonly kty: "EC";
    readonly crv: "P-256";
    readonly x: string;
    readonly y: string;
  };

/** The name that SSH has for keys on the curve. */
export const KEY_TYPES = {
  "Ed25519": "ssh-ed25519",
  "P-256": "ecdsa-sha2-nistp256",
} as const satisfies Record<PublicJwk["crv"], string>;

const NIST_NAME = "nistp256";

/**
 * Reads what stands behind the name of the key's type. Throws {@link WireError} unless it is 32 bytes
 * of Ed25519, or an uncompressed point on P-256.
 */
export function readKeyFields(
  reader: WireReader,
  curve: PublicJwk["crv"],
): PublicJwk {
  if (curve === "Ed25519") {
    const x = reader.string();
    if (x.length !== 32) throw new WireError("the key is not of 32 bytes");
    return { kty: "OKP", crv: "Ed25519", x: encodeBase64url(x) };
  }
  if (reader.text() !== NIST_NAME) {
    throw new WireError("the key is on another curve than its type says");
  }
  const point = reader.string();
  const x = point.subarray(1, 33);
  const y = point.subarray(33);
  if (point.length !== 65 || point[0] !== 4 || !isOnP256(x, y)) {
    throw new WireError("the key is not an uncompressed point on its curve");
  }
  return {
    kty: "EC",
    crv: "P-256",
    x: encodeBase64url(x),
    y: encodeBase64url(y),
  };
}

/** What stands behind the name of the key's type. The coordinates are not checked. */
export function keyFields(jwk: PublicJwk): Uint8Array {
  const bytes = (text: string) => decodeBase64url(text) ?? new Uint8Array();
  return jwk.crv === "Ed25519" ? wireString(bytes(jwk.x)) : joined([
    wireString(NIST_NAME),
    wireString(joined([Uint8Array.of(4), bytes(jwk.x), bytes(jwk.y)])),
  ]);
}

/** The plain public key, as `ssh-keygen` writes it in base64. The coordinates are not checked. */
export function publicKeyBlob(jwk: PublicJwk): Uint8Array {
  return joined([wireString(KEY_TYPES[jwk.crv]), keyFields(jwk)]);
}

/** SHA-256 of a public key in wire form, as sshd and `ssh-keygen -l` write it. */
export async function fingerprintOf(blob: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", blob.slice());
  const text = encodeBase64(new Uint8Array(digest)).replace(/=+$/, "");
  return `SHA256:${text}`;
}

// FIPS 186-5 and SP 800-186 section 3.2.1.3: y² = x³ - 3x + b
const P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;
const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;

function isOnP256(x: Uint8Array, y: Uint8Array): boolean {
  const [a, b] = [integer(x), integer(y)];
  return a < P && b < P && (b * b - (a * a - 3n) * a - B) % P === 0n;
}

function integer(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return value;
}
