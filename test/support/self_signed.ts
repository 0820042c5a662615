/**
 * A server certificate that is its own authority, in plain DER.
 *
 * The attacks are many small files, each a program of its own: loading an X.509 library in every
 * one of them would take longer than all attacks together.
 *
 * @module
 */
import type { Authority } from "./certificates.ts";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const HOUR = 3_600_000;

/** id-at-commonName, id-ce-subjectAltName and ecdsa-with-SHA256 (RFC 5280, RFC 5758). */
const COMMON_NAME = [0x55, 0x04, 0x03];
const ALT_NAME = [0x55, 0x1d, 0x11];
const ECDSA_SHA256 = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];

/** An authority that knows one certificate: for localhost, signed by itself, valid for a day. */
export async function createSelfSigned(): Promise<Authority> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, [
    "sign",
    "verify",
  ]) as CryptoKeyPair;
  const spki = await crypto.subtle.exportKey("spki", keys.publicKey);
  const body = toBeSigned(new Uint8Array(spki));
  const signature = await crypto.subtle.sign(
    ALGORITHM,
    keys.privateKey,
    new Uint8Array(body),
  );
  const certificate = sequence(
    body,
    sequence(der(0x06, ECDSA_SHA256)),
    der(0x03, [0, ...ecdsaSignature(new Uint8Array(signature))]),
  );
  const certPem = pem("CERTIFICATE", certificate);
  const pkcs8 = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
  const keyPem = pem("PRIVATE KEY", [...new Uint8Array(pkcs8)]);
  return {
    caPem: certPem,
    issueServerCertificate: () => Promise.resolve({ certPem, keyPem }),
  };
}

/** A WebCrypto signature, r and s side by side, as X.509 and TLS write it (RFC 3279). */
export function ecdsaSignature(signature: Uint8Array): number[] {
  const half = signature.length / 2;
  return sequence(
    integer([...signature.subarray(0, half)]),
    integer([...signature.subarray(half)]),
  );
}

/** RFC 5280 section 4.1.2. */
function toBeSigned(spki: Uint8Array): number[] {
  const now = Date.now();
  const name = sequence(
    der(0x31, sequence(der(0x06, COMMON_NAME), text(0x0c, "oauth-pam test"))),
  );
  return sequence(
    der(0xa0, integer([2])),
    integer([...crypto.getRandomValues(new Uint8Array(16))]),
    sequence(der(0x06, ECDSA_SHA256)),
    name,
    sequence(utcTime(now - HOUR), utcTime(now + 24 * HOUR)),
    name,
    [...spki],
    der(
      0xa3,
      sequence(sequence(
        der(0x06, ALT_NAME),
        der(0x04, sequence(text(0x82, "localhost"))),
      )),
    ),
  );
}

function der(tag: number, content: readonly number[]): number[] {
  const { length } = content;
  const size = length < 0x80
    ? [length]
    : length < 0x100
    ? [0x81, length]
    : [0x82, length >> 8, length & 0xff];
  return [tag, ...size, ...content];
}

function sequence(...members: number[][]): number[] {
  return der(0x30, members.flat());
}

/** A positive integer in its shortest form. */
function integer(bytes: readonly number[]): number[] {
  const first = bytes.findIndex((byte) => byte !== 0);
  const short = first < 0 ? [0] : bytes.slice(first);
  return der(0x02, short[0]! > 0x7f ? [0, ...short] : short);
}

function text(tag: number, value: string): number[] {
  return der(tag, [...new TextEncoder().encode(value)]);
}

function utcTime(milliseconds: number): number[] {
  const digits = new Date(milliseconds).toISOString().replace(/\D/g, "");
  return text(0x17, `${digits.slice(2, 14)}Z`);
}

function pem(label: string, bytes: readonly number[]): string {
  const lines = new Uint8Array(bytes).toBase64().replace(/.{1,64}/g, "$&\n");
  return `-----BEGIN ${label}-----\n${lines}-----END ${label}-----\n`;
}
