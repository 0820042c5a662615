/**
 * GQ proofs: instead of an RSA signature, the proof of knowing one (Guillou and Quisquater, ISO/IEC
 * 14888-2, as OpenPubkey has it for RS256). Whoever sees the proof cannot make another with it, while
 * whoever sees the signature could.
 *
 * @module
 */
import { decodeBase64url } from "../lib/base64url.ts";
import { shake256 } from "./sha3.ts";

/** The name in the header `alg`. */
export const GQ256 = "GQ256";

/** The one exponent: with it, 16 rounds of 16 bits each make 256 bits. */
const EXPONENT = 65537;
const EXPONENT_BASE64URL = "AQAB";
const ROUNDS = 16;
const CHALLENGE_BYTES = 2;
const CHALLENGES = ROUNDS * CHALLENGE_BYTES;

/** RFC 7518 section 3.3 asks for 2048 bits. */
const MIN_BYTES = 256;

/** What RFC 8017 section 9.2 puts before a digest of SHA-256. */
const SHA256_PREFIX = "3031300d060960864801650304020105000420";

interface GqStatement {
  /** The issuer's RSA key, which is sound for RS256. */
  readonly key: Readonly<Record<string, unknown>>;
  /** What the issuer has signed: the original header, ".", and the payload. */
  readonly identity: string;
  /** What the proof is bound to: its own header, ".", and the payload. */
  readonly message: string;
}

/**
 * Whether the proof is one of knowing the key's RS256 signature of `identity`, made for `message`. Never
 * throws for what the proof may be; `false`, too, for an exponent other than 65537.
 */
export async function verifyGq(
  proof: Uint8Array,
  { key, identity, message }: GqStatement,
): Promise<boolean> {
  const modulus = typeof key.n === "string" ? decodeBase64url(key.n) : null;
  if (modulus === null || key.e !== EXPONENT_BASE64URL) return false;
  const n = integer(modulus);
  const size = Math.ceil(n.toString(16).length / 2);
  if (size < MIN_BYTES) return false;
  if (proof.length !== CHALLENGES + ROUNDS * size) return false;
  const g = integer(await paddedDigest(identity, size));
  const challenges = proof.subarray(0, CHALLENGES);
  const text = new TextEncoder().encode(message);
  const hashed = new Uint8Array(ROUNDS * size + text.length);
  for (let round = 0; round < ROUNDS; round++) {
    const at = CHALLENGES + round * size;
    const answer = integer(proof.subarray(at, at + size));
    if (answer === 0n || answer >= n) return false;
    const [high = 0, low = 0] = challenges.subarray(round * CHALLENGE_BYTES);
    const witness = power(answer, EXPONENT, n) *
        power(g, high * 256 + low, n) % n;
    hashed.set(digits(witness, size), round * size);
  }
  hashed.set(text, ROUNDS * size);
  const expected = await shake256(hashed);
  return expected.every((byte, index) => byte === challenges[index]);
}

/** EMSA-PKCS1-v1_5 (RFC 8017 section 9.2) with SHA-256. */
async function paddedDigest(text: string, size: number): Promise<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const end = [...fromHex(SHA256_PREFIX), ...digest];
  const filling = Array(size - end.length - 3).fill(0xff);
  return Uint8Array.of(0, 1, ...filling, 0, ...end);
}

function power(base: bigint, exponent: number, modulus: bigint): bigint {
  let result = 1n;
  for (const bit of exponent.toString(2)) {
    result = result * result % modulus;
    if (bit === "1") result = result * base % modulus;
  }
  return result;
}

function integer(bytes: Uint8Array): bigint {
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0"));
  return BigInt(`0x0${hex.join("")}`);
}

function digits(value: bigint, size: number): Uint8Array {
  return fromHex(value.toString(16).padStart(size * 2, "0"));
}

function fromHex(text: string): Uint8Array {
  return Uint8Array.from(
    text.match(/../g) ?? [],
    (pair) => Number.parseInt(pair, 16),
  );
}
