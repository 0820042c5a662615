/**
 * SHA-3 (FIPS 202), by the runtime where it knows it: an executable may be compiled with one that does
 * not.
 *
 * @module
 */

/** SHA3-256. */
export async function sha3(bytes: Uint8Array): Promise<Uint8Array> {
  return await native("SHA3-256", bytes) ??
    (await import("@noble/hashes/sha3.js")).sha3_256(bytes);
}

/** The first 32 bytes of SHAKE256. */
export async function shake256(bytes: Uint8Array): Promise<Uint8Array> {
  // cSHAKE256 without a name and customization is SHAKE256 (SP 800-185 section 3.3)
  const algorithm = { name: "cSHAKE256", outputLength: LENGTH * 8 };
  return await native(algorithm, bytes) ??
    (await import("@noble/hashes/sha3.js")).shake256(bytes, { dkLen: LENGTH });
}

const LENGTH = 32;

async function native(
  algorithm: AlgorithmIdentifier,
  bytes: Uint8Array,
): Promise<Uint8Array | null> {
  try {
    const digest = await crypto.subtle.digest(
      algorithm,
      Uint8Array.from(bytes),
    );
    return digest.byteLength === LENGTH ? new Uint8Array(digest) : null;
  } catch {
    return null;
  }
}
