/**
 * Picking the one key that a token may be verified with. Keys come from the issuer's key set and
 * from nowhere else: `jwk`, `jku`, `x5u` and `x5c` in a token's header are never looked at.
 *
 * @module
 */
import { decodeBase64url } from "../lib/base64url.ts";
import { TokenError } from "./errors.ts";

type Jwk = Readonly<Record<string, unknown>>;

const MIN_RSA_BITS = 2048;
const MAX_RSA_BITS = 8192;

/** RFC 7518 section 6: `k` is symmetric, the others belong to private keys. */
const SECRET_MEMBERS = ["d", "k", "p", "q", "dp", "dq", "qi", "oth"];

/**
 * The y coordinates of the Ed25519 points of small order, in hexadecimal and little-endian: under
 * such a key one signature fits every message, or every eighth (RFC 8032 does not forbid them).
 */
const SMALL_ORDER = [
  "00".repeat(32),
  `01${"00".repeat(31)}`,
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  `ec${"ff".repeat(30)}7f`,
  `ed${"ff".repeat(30)}7f`,
  `ee${"ff".repeat(30)}7f`,
];

const EC_CURVES: Readonly<Record<string, string>> = {
  ES256: "P-256",
  ES384: "P-384",
  ES512: "P-521",
};

/**
 * The key for an algorithm and a `kid` (RFC 7515 section 4.1.4: compared, never interpreted).
 * `null` when the set has none, so that the caller may look for a newer set.
 *
 * Without a `kid` the set must hold exactly one key that fits; the same key twice counts once.
 * Throws {@link TokenError} `key_not_found` when the choice would be a guess: several keys, or one
 * `kid` on two keys.
 */
export function selectKey(
  keys: readonly Jwk[],
  wanted: { algorithm: string; keyId: string | null },
): Jwk | null {
  const { algorithm, keyId } = wanted;
  const fitting = keys.filter((key) => fits(key, algorithm));
  const candidates = distinct(
    keyId === null ? fitting : fitting.filter(({ kid }) => kid === keyId),
  );
  if (candidates.length > 1) {
    const why = keyId === null
      ? "the token names none of several keys"
      : "two keys share its kid";
    throw new TokenError("key_not_found", `no key can be chosen: ${why}`);
  }
  return candidates[0] ?? null;
}

/** The same key twice is no choice to be made. */
function distinct(keys: readonly Jwk[]): Jwk[] {
  const part = (key: Jwk) => JSON.stringify(publicPart(key));
  return [...new Map(keys.map((key) => [part(key), key])).values()];
}

/** Only what verification needs: `x5c` and other members cannot influence it. */
export function publicPart({ kty, n, e, crv, x, y }: Jwk): Jwk {
  return JSON.parse(JSON.stringify({ kty, n, e, crv, x, y }));
}

/** Whether a published key may verify signatures of the algorithm at all (RFC 7517, RFC 7518). */
function fits(key: Jwk, algorithm: string): boolean {
  if (key.use !== undefined && key.use !== "sig") return false;
  const { key_ops } = key;
  if (
    key_ops !== undefined &&
    !(Array.isArray(key_ops) && key_ops.includes("verify"))
  ) return false;
  if (
    key.alg !== undefined && algorithmOf(key.alg) !== algorithmOf(algorithm)
  ) return false;
  // an issuer that publishes a private key has lost it
  if (SECRET_MEMBERS.some((name) => key[name] !== undefined)) return false;
  switch (algorithm.slice(0, 2)) {
    case "RS":
    case "PS":
      return key.kty === "RSA" && isSoundRsa(key);
    case "ES":
      return key.kty === "EC" && key.crv === EC_CURVES[algorithm] &&
        typeof key.x === "string" && typeof key.y === "string";
    case "Ed":
      return algorithmOf(algorithm) === "EdDSA" && key.kty === "OKP" &&
        key.crv === "Ed25519" && isSoundEd25519(key);
    default:
      return false;
  }
}

/**
 * What a name of an algorithm means: of EdDSA only Ed25519 is taken here, to which RFC 9864 section
 * 2.2 gives a name of its own.
 */
export function algorithmOf(name: unknown): unknown {
  return name === "Ed25519" ? "EdDSA" : name;
}

/** RFC 7518 section 3.3 asks for 2048 bits; far larger moduli only cost time. */
function isSoundRsa(key: Jwk): boolean {
  const modulus = integerBytes(key.n);
  const exponent = integerBytes(key.e);
  if (modulus === null || exponent === null) return false;
  const bits = modulus.length * 8 - (Math.clz32(modulus[0] ?? 0) - 24);
  if (bits < MIN_RSA_BITS || bits > MAX_RSA_BITS) return false;
  // 1 and even exponents are not RSA, huge ones only cost time
  const e = exponent.reduce((value, byte) => value * 256 + byte, 0);
  return exponent.length <= 4 && e >= 3 && e % 2 === 1;
}

/** Base64urlUInt (RFC 7518 section 2); zeros in front must not make a key look longer. */
function integerBytes(value: unknown): Uint8Array | null {
  const bytes = typeof value === "string" ? decodeBase64url(value) : null;
  const first = bytes?.findIndex((byte) => byte !== 0) ?? -1;
  return first < 0 ? null : bytes?.subarray(first) ?? null;
}

function isSoundEd25519({ x }: Jwk): boolean {
  const bytes = typeof x === "string" ? decodeBase64url(x) : null;
  if (bytes?.length !== 32) return false;
  // the highest bit is the sign of the other coordinate (RFC 8032 section 5.1.2)
  const y = bytes.with(31, (bytes[31] ?? 0) & 0x7f);
  const hex = Array.from(y, (byte) => byte.toString(16).padStart(2, "0"));
  return !SMALL_ORDER.includes(hex.join(""));
}
