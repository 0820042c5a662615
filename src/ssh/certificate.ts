/**
 * SSH certificates (OpenSSH's PROTOCOL.certkeys) of the two types that carry tokens, read strictly.
 *
 * @module
 */
import { decodeBase64 } from "../lib/base64url.ts";
import { type PublicJwk, publicKeyBlob, readKeyFields } from "./public_key.ts";
import { verifySignature } from "./signature.ts";
import { sameBytes, UTF8, WireError, WireReader } from "./wire.ts";

/** The types of certificates that can carry a token. */
export const CERTIFICATE_TYPES = [
  "ssh-ed25519-cert-v01@openssh.com",
  "ecdsa-sha2-nistp256-cert-v01@openssh.com",
] as const;

export type CertificateType = typeof CERTIFICATE_TYPES[number];

/** The curve of the key that a certificate of the type certifies. */
export const CURVE_OF = {
  "ssh-ed25519-cert-v01@openssh.com": "Ed25519",
  "ecdsa-sha2-nistp256-cert-v01@openssh.com": "P-256",
} as const satisfies Record<CertificateType, PublicJwk["crv"]>;

/** Longest certificate that is read, in characters of base64. sshd itself stops before. */
const MAX_CHARACTERS = 120_000;

const MAX_EXTENSIONS = 32;

/** The extension that holds an OpenPubkey token. */
export const TOKEN_EXTENSION = "openpubkey-pkt";

/** The extension in which some clients send their access token along. */
export const ACCESS_EXTENSION = "openpubkey-act";

/** Type 1 of a certificate; hosts have 2. */
export const USER = 1;

/** It cannot be read, or may not carry a token. The message is for the log and holds none of it. */
export class CertificateError extends Error {
  override readonly name = "CertificateError";
}

/** A critical option or an extension. */
interface CertificateOption {
  readonly name: string;
  readonly data: Uint8Array;
}

/** What a certificate says. Nothing in here is verified. */
export interface SshCertificate {
  readonly type: CertificateType;
  /** All of it, decoded. */
  readonly blob: Uint8Array;
  readonly key: {
    /** The plain public key in wire form. */
    readonly blob: Uint8Array;
    readonly jwk: PublicJwk;
  };
  readonly serial: bigint;
  /** 1 for users, 2 for hosts. */
  readonly certifies: number;
  readonly keyId: string;
  readonly principals: readonly string[];
  /** Seconds since the epoch, the first that is covered. */
  readonly validAfter: bigint;
  /** Seconds since the epoch, the first that is not. */
  readonly validBefore: bigint;
  readonly criticalOptions: readonly CertificateOption[];
  readonly extensions: readonly CertificateOption[];
  readonly reserved: Uint8Array;
  /** Of whoever signed, in wire form. */
  readonly signatureKey: Uint8Array;
  /** What is signed: all bytes before the signature. */
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
  /** The value of the extension {@link TOKEN_EXTENSION}; `null` without one. */
  readonly pkToken: string | null;
}

/**
 * Reads a certificate whose type is already known, from canonical base64. Throws
 * {@link CertificateError} where its structure is broken: lengths, bytes behind the end, another type,
 * a key that is not one, a token that is not text.
 *
 * Does not judge what it says, nor who signed it: others have certificates of their own, to which
 * nothing here applies. {@link requireSelfSigned} is for those with a token.
 */
export function readCertificate(base64: string, type: string): SshCertificate {
  const known = CERTIFICATE_TYPES.find((each) => each === type);
  if (known === undefined) {
    throw new CertificateError("the type is not one that carries tokens");
  }
  if (base64.length > MAX_CHARACTERS) {
    throw new CertificateError(
      `the certificate has ${base64.length} characters, at most ${MAX_CHARACTERS} are read`,
    );
  }
  const blob = decodeBase64(base64);
  if (blob === null) {
    throw new CertificateError("the certificate is not canonical base64");
  }
  try {
    return read(blob, known);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    throw new CertificateError(
      `the certificate is malformed: ${error.message}`,
    );
  }
}

function read(blob: Uint8Array, type: CertificateType): SshCertificate {
  const reader = new WireReader(blob);
  if (reader.text() !== type) {
    throw new WireError("it is of another type than its name says");
  }
  reader.string(); // the nonce
  const jwk = readKeyFields(reader, CURVE_OF[type]);
  const serial = reader.uint64();
  const certifies = reader.uint32();
  const keyId = label(reader.string());
  const principals = all(reader.string(), (each) => label(each.string()));
  const validAfter = reader.uint64();
  const validBefore = reader.uint64();
  const criticalOptions = options(reader.string());
  const extensions = options(reader.string());
  const reserved = reader.string();
  const signatureKey = reader.string();
  const before = reader.remaining;
  const signature = reader.string();
  reader.end("it");
  const token = extensions.find(({ name }) => name === TOKEN_EXTENSION);
  return {
    type,
    blob,
    key: { blob: publicKeyBlob(jwk), jwk },
    serial,
    certifies,
    keyId,
    principals,
    validAfter,
    validBefore,
    criticalOptions,
    extensions,
    reserved,
    signatureKey,
    signed: blob.subarray(0, blob.length - before),
    signature,
    pkToken: token === undefined ? null : onlyText(token.data),
  };
}

function options(bytes: Uint8Array): CertificateOption[] {
  return all(bytes, (reader) => ({
    name: label(reader.string()),
    data: reader.string(),
  }));
}

/** One after the other, until the bytes end. */
function all<Value>(
  bytes: Uint8Array,
  read: (reader: WireReader) => Value,
): Value[] {
  const reader = new WireReader(bytes);
  const values: Value[] = [];
  while (!reader.done) values.push(read(reader));
  return values;
}

/** Bytes that others may fill with anything; what is not UTF-8 becomes U+FFFD. */
function label(bytes: Uint8Array): string {
  return UTF8.decode(bytes);
}

function onlyText(data: Uint8Array): string {
  const reader = new WireReader(data);
  const text = reader.text();
  reader.end("an extension");
  return text;
}

/** What a certificate that may carry a token says; made by {@link requireSelfSigned} alone. */
export type SelfSigned =
  & Pick<SshCertificate, "key" | "principals" | "extensions">
  & { readonly pkToken: string };

/**
 * Demands of a certificate that it may carry a token: for a user, without critical options, with
 * sound extensions, valid at `now` (in seconds), and signed by the very key that it certifies. Throws
 * {@link CertificateError}. Whoever goes on with the answer has waited for it.
 *
 * Does not check whether the client has the private key, which sshd does, nor anything about the token.
 */
export async function requireSelfSigned(
  certificate: SshCertificate,
  { now }: { readonly now: number },
): Promise<SelfSigned> {
  const { extensions, validAfter, validBefore, pkToken } = certificate;
  const demand = (holds: boolean, message: string) => {
    if (!holds) throw new CertificateError(`the certificate ${message}`);
  };
  if (pkToken === null) {
    throw new CertificateError("the certificate carries no token");
  }
  demand(certificate.certifies === USER, "is not one for a user");
  demand(isPlain(certificate.keyId), "has a key id that is not plain text");
  demand(
    certificate.principals.every((each) => /^[\x21-\x7e]+$/.test(each)),
    "has a principal that is not a name",
  );
  demand(
    certificate.criticalOptions.length === 0,
    "has critical options, which one with a token cannot have",
  );
  demand(
    extensions.length <= MAX_EXTENSIONS,
    `has ${extensions.length} extensions, at most ${MAX_EXTENSIONS} are read`,
  );
  demand(
    extensions.every(({ name }, index) =>
      /^[\x21-\x7e]+$/.test(name) && (extensions[index - 1]?.name ?? "") < name
    ),
    "has extensions that are not sorted names, each once",
  );
  demand(
    extensions.every(isSoundExtension),
    "has an extension with other data than a flag or a text",
  );
  demand(certificate.reserved.length === 0, "fills what is reserved");
  const second = BigInt(Math.floor(now));
  demand(validAfter <= second, "is not valid yet");
  demand(second < validBefore, "is not valid any longer");
  demand(
    sameBytes(certificate.signatureKey, certificate.key.blob),
    "is not signed by the key that it certifies",
  );
  demand(
    await verifySignature(certificate, certificate.key.jwk),
    "has a signature that is not by its key",
  );
  const { key, principals } = certificate;
  return { key, principals, extensions, pkToken };
}

/** Printable text, of any script. */
function isPlain(text: string): boolean {
  // as most are; what Unicode calls a control takes long to prepare
  if (/^[\x20-\x7e]*$/.test(text)) return true;
  return /^[^\p{C}\p{Zl}\p{Zp}\ufffd]*$/u.test(text);
}

function isSoundExtension({ name, data }: CertificateOption): boolean {
  if (data.length === 0) return true;
  if (name.startsWith("permit-")) return false;
  const reader = new WireReader(data);
  try {
    reader.string();
  } catch {
    return false;
  }
  return reader.done;
}
