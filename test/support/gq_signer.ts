/**
 * Makes GQ proofs of RS256 signatures, written from the format and apart from the verifier.
 *
 * @module
 */
import { shake256 } from "@noble/hashes/sha3.js";
import { encodeSegment, publicJwk, type Signer } from "./tokens.ts";

type Bytes = Uint8Array<ArrayBuffer>;

interface GqOptions {
  /** The issuer's, for RS256. */
  readonly signer: Signer;
  /** The token that the issuer has signed. */
  readonly token: string;
  /** Overrides members of the proof's own header, such as "cic"; `undefined` takes one away. */
  readonly header?: object;
  /** What the proof is made for, instead of its own header and payload. */
  readonly message?: (parts: { header: string; payload: string }) => string;
}

/** The token with a proof in the place of its signature. */
export async function proveInstead(options: GqOptions): Promise<string> {
  const { signer, token } = options;
  const [original = "", payload = "", signature = ""] = token.split(".");
  const header = encodeSegment({
    alg: "GQ256",
    typ: "JWT",
    kid: original,
    ...options.header,
  });
  const message = options.message?.({ header, payload }) ??
    `${header}.${payload}`;
  const { n } = await publicJwk(signer);
  const proof = prove(
    integer(bytesOf(String(n))),
    integer(bytesOf(signature)),
    message,
  );
  return `${header}.${payload}.${encodeSegment(proof)}`;
}

const E = 65537n;
const ROUNDS = 16;

/** ISO/IEC 14888-2, GQ1: 16 commitments, one hash of all, 16 answers. */
function prove(n: bigint, signature: bigint, message: string): Bytes {
  const size = n.toString(16).length / 2;
  const secret = inverse(signature, n);
  const nonces = Array.from(
    { length: ROUNDS },
    () => integer(crypto.getRandomValues(new Uint8Array(size))) % n,
  );
  const witnesses = nonces.map((nonce) => digits(power(nonce, E, n), size));
  const challenge = shake256(
    Uint8Array.from(
      [...witnesses.flatMap((witness) => [...witness]), ...encode(message)],
    ),
    { dkLen: 2 * ROUNDS },
  );
  const answers = nonces.map((nonce, round) => {
    const exponent = BigInt(challenge[2 * round]! * 256) +
      BigInt(challenge[2 * round + 1]!);
    return digits(nonce * power(secret, exponent, n) % n, size);
  });
  return Uint8Array.from([
    ...challenge,
    ...answers.flatMap((answer) => [...answer]),
  ]);
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let [result, factor] = [1n, base % modulus];
  for (let left = exponent; left > 0n; left >>= 1n) {
    if ((left & 1n) === 1n) result = result * factor % modulus;
    factor = factor * factor % modulus;
  }
  return result;
}

/** By Euclid's extended algorithm. */
function inverse(value: bigint, modulus: bigint): bigint {
  let [a, b, x, y] = [value, modulus, 1n, 0n];
  while (b !== 0n) {
    const quotient = a / b;
    [a, b] = [b, a - quotient * b];
    [x, y] = [y, x - quotient * y];
  }
  return (x % modulus + modulus) % modulus;
}

function integer(bytes: Uint8Array): bigint {
  return BigInt(`0x${bytes.toHex()}`);
}

function digits(value: bigint, size: number): Uint8Array {
  return Uint8Array.fromHex(value.toString(16).padStart(2 * size, "0"));
}

function bytesOf(segment: string): Uint8Array {
  return Uint8Array.fromBase64(segment, { alphabet: "base64url" });
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
