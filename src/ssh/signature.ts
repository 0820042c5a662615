/**
 * Signatures as SSH writes them (RFC 8709 section 6, RFC 5656 section 3.1.2), from and to the 64 bytes
 * that WebCrypto knows.
 *
 * @module
 */
import { KEY_TYPES, type PublicJwk } from "./public_key.ts";
import { joined, sameBytes, WireReader, wireString } from "./wire.ts";

/** How WebCrypto names the algorithm that goes with the curve. */
const ALGORITHMS = {
  "Ed25519": { name: "Ed25519" },
  "P-256": { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
} as const satisfies Record<PublicJwk["crv"], object>;

/**
 * Whether the key has signed, with a signature in its one canonical form. Never throws for what the
 * signature or the key may be.
 */
export async function verifySignature(
  { signed, signature }: {
    readonly signed: Uint8Array;
    readonly signature: Uint8Array;
  },
  jwk: PublicJwk,
): Promise<boolean> {
  const algorithm = ALGORITHMS[jwk.crv];
  try {
    const raw = rawSignature(signature, jwk.crv);
    const key = await crypto.subtle.importKey("jwk", jwk, algorithm, false, [
      "verify",
    ]);
    return await crypto.subtle.verify(
      algorithm,
      key,
      raw,
      signed.slice(),
    );
  } catch {
    return false;
  }
}

/** A signature of 64 bytes, as WebCrypto makes it, in wire form. */
export function wireSignature(
  raw: Uint8Array,
  curve: PublicJwk["crv"],
): Uint8Array {
  const numbers = curve === "Ed25519" ? raw : joined([
    wireString(mpint(raw.subarray(0, 32))),
    wireString(mpint(raw.subarray(32))),
  ]);
  return joined([wireString(KEY_TYPES[curve]), wireString(numbers)]);
}

/** Throws where it is not one of the curve's signatures. */
function rawSignature(
  signature: Uint8Array,
  curve: PublicJwk["crv"],
): Uint8Array<ArrayBuffer> {
  const reader = new WireReader(signature);
  if (reader.text() !== KEY_TYPES[curve]) throw new TypeError("another type");
  const numbers = reader.string();
  reader.end("the signature");
  if (curve === "Ed25519") return numbers.slice();
  const raw = new Uint8Array(64);
  const inner = new WireReader(numbers);
  for (const end of [32, 64]) {
    const number = inner.string();
    const digits = number[0] === 0 ? number.subarray(1) : number;
    raw.set(digits, end - digits.length);
  }
  // its one form: what was skipped or cut above does not come back
  if (!sameBytes(wireSignature(raw, curve), signature)) {
    throw new TypeError("another form");
  }
  return raw;
}

/** RFC 4251 section 5, `mpint`: no zeros in front but one where the number would look negative. */
function mpint(digits: Uint8Array): Uint8Array {
  const start = digits.findIndex((byte) => byte !== 0);
  if (start < 0) return new Uint8Array();
  const number = digits.subarray(start);
  return (number[0] ?? 0) < 0x80 ? number : joined([Uint8Array.of(0), number]);
}
