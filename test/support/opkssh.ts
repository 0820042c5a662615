/**
 * A client of the tests' own that makes what opkssh sends: keys, PK tokens, certificates, and the files
 * that `ssh` takes. Written from the format, apart from what reads it; every field is the test's to
 * choose.
 *
 * @module
 */
import { sha3_256 } from "@noble/hashes/sha3.js";
import { proveInstead } from "./gq_signer.ts";
import { encodeSegment, type Signer, signToken } from "./tokens.ts";

type Bytes = Uint8Array<ArrayBuffer>;

export type Curve = "Ed25519" | "P-256";

/** A key of the user. */
export interface SshKey {
  readonly curve: Curve;
  /** With "d". */
  readonly privateJwk: JsonWebKey;
  /** The members of a thumbprint alone. */
  readonly jwk:
    | { readonly kty: "OKP"; readonly crv: "Ed25519"; readonly x: string }
    | {
      readonly kty: "EC";
      readonly crv: "P-256";
      readonly x: string;
      readonly y: string;
    };
  /** 64 bytes. */
  sign(bytes: Uint8Array): Promise<Bytes>;
}

export async function createKey(curve: Curve): Promise<SshKey> {
  const algorithm = curve === "Ed25519"
    ? { name: "Ed25519" }
    : { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const pair = await crypto.subtle.generateKey(algorithm, true, [
    "sign",
    "verify",
  ]) as CryptoKeyPair;
  const privateJwk = await crypto.subtle.exportKey("jwk", pair.privateKey);
  const { x = "", y = "" } = privateJwk;
  return {
    curve,
    privateJwk,
    jwk: curve === "Ed25519"
      ? { kty: "OKP", crv: curve, x }
      : { kty: "EC", crv: curve, x, y },
    sign: async (bytes) =>
      new Uint8Array(
        await crypto.subtle.sign(
          algorithm,
          pair.privateKey,
          Uint8Array.from(bytes),
        ),
      ),
  };
}

// PK tokens.

type Changes = Readonly<Record<string, unknown>>;

export interface PkTokenOptions {
  readonly key: SshKey;
  /** The issuer's. */
  readonly signer: Signer;
  /** Gets an ID token with the commitment from an issuer, in place of one that is made here. */
  readonly idToken?: (commitment: string) => Promise<string>;
  /** Of the ID token, to which the commitment is added. */
  readonly claims: Changes;
  readonly commitment?: "nonce" | "aud" | "gq" | "cnf";
  /** Overrides members of the ID token's header. */
  readonly header?: object;
  /** Overrides members of the client's header; `undefined` takes one away. */
  readonly cic?: Changes;
  readonly upk?: Changes;
  /** What stands where the commitment should: that of the header unless given. */
  readonly commit?: (commitment: string) => unknown;
  /** Who signs as the client; the key itself unless given. */
  readonly clientKey?: SshKey;
  /** Overrides members of the GQ proof's header. */
  readonly proof?: object;
  readonly proofMessage?: (
    parts: { header: string; payload: string },
  ) => string;
  readonly cosigner?: Signer;
  /** A later ID token, in compact form. */
  readonly refreshed?: string;
  /** Changes payload, headers and signatures before they are joined by ":". */
  readonly edit?: (parts: string[]) => string[];
}

/** A PK token in compact form. */
export async function createPkToken(options: PkTokenOptions): Promise<string> {
  const { key, signer, commitment = "nonce" } = options;
  const header = clientHeader(key, options);
  const made = options.commit ?? ((commitment: string) => commitment);
  const value = made(commitmentTo(header));
  const bound = {
    nonce: { nonce: value },
    aud: { aud: value },
    gq: {},
    cnf: { cnf: options.commit === undefined ? { jwk: key.jwk } : value },
  }[commitment];
  const idToken = await options.idToken?.(String(value)) ?? await signToken({
    signer,
    claims: { ...options.claims, ...bound },
    header: {
      ...commitment === "cnf" ? { typ: "dpop+id_token" } : {},
      ...options.header,
    },
  });
  const proven = commitment === "aud" || commitment === "gq"
    ? await proveInstead({
      signer,
      token: idToken,
      header: {
        ...commitment === "gq" ? { cic: value } : {},
        ...options.proof,
      },
      ...options.proofMessage && { message: options.proofMessage },
    })
    : idToken;
  const [protectedHeader = "", payload = "", signature = ""] = proven.split(
    ".",
  );
  const parts = [payload, protectedHeader, signature];
  const client = encodeSegment(header);
  parts.push(
    client,
    encodeSegment(
      await (options.clientKey ?? key).sign(encode(`${client}.${payload}`)),
    ),
  );
  if (options.cosigner !== undefined) {
    const { alg, kid } = options.cosigner;
    const cosigner = encodeSegment({ alg, kid, typ: "COS" });
    parts.push(
      cosigner,
      encodeSegment(
        await options.cosigner.sign(encode(`${cosigner}.${payload}`)),
      ),
    );
  }
  const joined = (options.edit?.(parts) ?? parts).join(":");
  return options.refreshed === undefined
    ? joined
    : `${joined}.${options.refreshed}`;
}

/** The client's header, with its members sorted as Go sorts them. */
function clientHeader(
  key: SshKey,
  { cic, upk }: Pick<PkTokenOptions, "cic" | "upk">,
): Changes {
  const alg = key.curve === "Ed25519" ? "EdDSA" : "ES256";
  const rz = crypto.getRandomValues(new Uint8Array(32)).toHex();
  return sorted({
    alg,
    rz,
    typ: "CIC",
    upk: sorted({ alg, ...key.jwk, ...upk }),
    ...cic,
  });
}

function sorted(members: Changes): Changes {
  return Object.fromEntries(
    Object.entries(members).filter(([, value]) => value !== undefined).sort(
      ([one], [other]) => one < other ? -1 : 1,
    ),
  );
}

function commitmentTo(header: Changes): string {
  return encodeSegment(sha3_256(encode(JSON.stringify(header))));
}

// Certificates.

/** What a certificate says; each is what opkssh writes unless given. */
export interface CertificateFields {
  readonly type?: string;
  readonly nonce?: Uint8Array;
  /** The key, from its fields on. */
  readonly keyFields?: Uint8Array;
  readonly serial?: bigint;
  readonly certifies?: number;
  readonly keyId?: string | Uint8Array;
  /** `opkssh-wildcard` unless given; older clients have none. */
  readonly principals?: readonly (string | Uint8Array)[];
  readonly validAfter?: bigint;
  readonly validBefore?: bigint;
  readonly critical?: readonly (readonly [string, Uint8Array])[];
  readonly extensions?: readonly (readonly [string, Uint8Array])[];
  readonly reserved?: Uint8Array;
  readonly signatureKey?: Uint8Array;
  /** Who signs; the key itself unless given. */
  readonly signWith?: SshKey;
  /** Changes the signature in wire form. */
  readonly signature?: (wire: Uint8Array) => Uint8Array;
  /** Bytes behind the end. */
  readonly trailing?: Uint8Array;
}

export interface Certificate {
  readonly type: string;
  readonly base64: string;
  readonly bytes: Uint8Array;
}

const KEY_NAMES = { "Ed25519": "ssh-ed25519", "P-256": "ecdsa-sha2-nistp256" };

/** An extension's data. */
export function extensionData(value: string): Uint8Array {
  return string(value);
}

/** The extensions that opkssh writes; `access` is the access token that it may add. */
export function opksshExtensions(
  pkToken: string,
  access?: string,
): [string, Uint8Array][] {
  const flag = new Uint8Array();
  return [
    ...access === undefined
      ? []
      : [["openpubkey-act", string(access)] as [string, Uint8Array]],
    ["openpubkey-pkt", string(pkToken)],
    ["permit-X11-forwarding", flag],
    ["permit-agent-forwarding", flag],
    ["permit-port-forwarding", flag],
    ["permit-pty", flag],
    ["permit-user-rc", flag],
  ];
}

/** The plain public key in wire form. */
export function publicBlob(key: SshKey): Uint8Array {
  return concat(string(KEY_NAMES[key.curve]), keyFields(key));
}

/** A certificate for a key, with these extensions unless `fields` has others. */
export async function createCertificate(
  key: SshKey,
  pkToken: string | null,
  fields: CertificateFields = {},
): Promise<Certificate> {
  const type = fields.type ?? `${KEY_NAMES[key.curve]}-cert-v01@openssh.com`;
  const options = (list: readonly (readonly [string, Uint8Array])[]) =>
    string(concat(...list.flatMap(([name, data]) => [
      string(name),
      string(data),
    ])));
  const principals = fields.principals ?? ["opkssh-wildcard"];
  const extensions = fields.extensions ??
    (pkToken === null ? [] : opksshExtensions(pkToken));
  const signed = concat(
    string(type),
    string(fields.nonce ?? crypto.getRandomValues(new Uint8Array(32))),
    fields.keyFields ?? keyFields(key),
    integer(fields.serial ?? 0n, 8),
    integer(BigInt(fields.certifies ?? 1), 4),
    string(fields.keyId ?? "alice@example.edu"),
    string(concat(...principals.map((each) => string(each)))),
    integer(fields.validAfter ?? 0n, 8),
    integer(fields.validBefore ?? 0xffffffffffffffffn, 8),
    options(fields.critical ?? []),
    options(extensions),
    string(fields.reserved ?? ""),
    string(fields.signatureKey ?? publicBlob(fields.signWith ?? key)),
  );
  const by = fields.signWith ?? key;
  const signature = wireSignature(by, await by.sign(signed));
  const bytes = concat(
    signed,
    string(fields.signature?.(signature) ?? signature),
    fields.trailing ?? new Uint8Array(),
  );
  return { type, bytes, base64: bytes.toBase64() };
}

function keyFields({ curve, jwk }: SshKey): Uint8Array {
  return curve === "Ed25519"
    ? string(fromSegment(jwk.x))
    : concat(string("nistp256"), string(pointOf(jwk)));
}

function pointOf(jwk: JsonWebKey): Uint8Array {
  return concat(
    Uint8Array.of(4),
    fromSegment(jwk.x ?? ""),
    fromSegment(jwk.y ?? ""),
  );
}

function wireSignature({ curve }: SshKey, raw: Uint8Array): Uint8Array {
  return concat(
    string(KEY_NAMES[curve]),
    string(
      curve === "Ed25519"
        ? raw
        : concat(mpint(raw.slice(0, 32)), mpint(raw.slice(32))),
    ),
  );
}

// Files for ssh.

/** Writes `id`, `id.pub` and `id-cert.pub` into the directory; gives the path of `id`. */
export async function writeKeyFiles(
  directory: string,
  key: SshKey,
  certificate: Certificate,
): Promise<string> {
  const path = `${directory}/id`;
  await Deno.writeTextFile(path, privateKeyFile(key), { mode: 0o600 });
  await Deno.writeTextFile(
    `${path}.pub`,
    `${KEY_NAMES[key.curve]} ${publicBlob(key).toBase64()}\n`,
  );
  await Deno.writeTextFile(
    `${path}-cert.pub`,
    `${certificate.type} ${certificate.base64}\n`,
  );
  return path;
}

/** A private key as OpenSSH keeps it without a passphrase (PROTOCOL.key). */
function privateKeyFile(key: SshKey): string {
  const secret = fromSegment(key.privateJwk.d ?? "");
  const check = integer(0x12345678n, 4);
  const fields = key.curve === "Ed25519"
    ? concat(
      string(fromSegment(key.jwk.x)),
      string(concat(secret, fromSegment(key.jwk.x))),
    )
    : concat(string("nistp256"), string(pointOf(key.jwk)), mpint(secret));
  const section = concat(
    check,
    check,
    string(KEY_NAMES[key.curve]),
    fields,
    string("a test"),
  );
  const padding = Uint8Array.from(
    { length: (8 - section.length % 8) % 8 },
    (_, index) => index + 1,
  );
  const file = concat(
    encode("openssh-key-v1\0"),
    string("none"),
    string("none"),
    string(""),
    integer(1n, 4),
    string(publicBlob(key)),
    string(concat(section, padding)),
  );
  const lines = file.toBase64().match(/.{1,70}/g) ?? [];
  return [
    "-----BEGIN OPENSSH PRIVATE KEY-----",
    ...lines,
    "-----END OPENSSH PRIVATE KEY-----",
    "",
  ].join("\n");
}

// RFC 4251 section 5.

function string(contents: string | Uint8Array): Uint8Array {
  const bytes = typeof contents === "string" ? encode(contents) : contents;
  return concat(integer(BigInt(bytes.length), 4), bytes);
}

function mpint(digits: Uint8Array): Uint8Array {
  let hex = digits.toHex().replace(/^(?:00)+/, "");
  if (/^[89a-f]/.test(hex)) hex = `00${hex}`;
  return string(Uint8Array.fromHex(hex));
}

function integer(value: bigint, size: number): Uint8Array {
  return Uint8Array.fromHex(value.toString(16).padStart(size * 2, "0"));
}

function concat(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

function fromSegment(segment: string): Uint8Array {
  return Uint8Array.fromBase64(segment, { alphabet: "base64url" });
}

function encode(text: string): Bytes {
  return new TextEncoder().encode(text);
}
