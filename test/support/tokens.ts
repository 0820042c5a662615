/**
 * Hand-made tokens for attack tests: every byte of header, payload
 * and signature is the test's to choose.
 *
 * @module
 */

type Bytes = Uint8Array<ArrayBuffer>;

export interface Signer {
  /** What belongs into the `alg` header; {@link signRaw} does not insist. */
  readonly alg: string;
  readonly kid: string | undefined;
  /** Undefined for anything but an asymmetric key. */
  readonly publicKey?: CryptoKey;
  sign(data: Bytes): Promise<Bytes>;
}

export interface SignerOptions {
  /** RS|PS|ES 256/384/512 or EdDSA. */
  readonly alg: string;
  readonly kid?: string;
  /** RSA only, in bits; 1024 makes the key that RFC 7518 3.3 forbids. */
  readonly modulusLength?: number;
}

const CURVES: Record<string, string> = {
  "256": "P-256",
  "384": "P-384",
  "512": "P-521",
};

/**
 * Makes a fresh key for one JWS algorithm (RFC 7518 section 3.1, RFC 8037).
 * Throws a TypeError for an algorithm that is not listed there.
 */
export async function createSigner(options: SignerOptions): Promise<Signer> {
  const { alg, kid } = options;
  const family = alg.slice(0, 2);
  const bits = alg.slice(2);
  const hash = `SHA-${bits}`;
  const rsa = {
    modulusLength: options.modulusLength ?? 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
    hash,
  };
  let generate: RsaHashedKeyGenParams | EcKeyGenParams | Algorithm;
  let use: Algorithm | RsaPssParams | EcdsaParams;
  if (family === "RS" && bits in CURVES) {
    generate = { name: "RSASSA-PKCS1-v1_5", ...rsa };
    use = { name: "RSASSA-PKCS1-v1_5" };
  } else if (family === "PS" && bits in CURVES) {
    generate = { name: "RSA-PSS", ...rsa };
    use = { name: "RSA-PSS", saltLength: Number(bits) / 8 };
  } else if (family === "ES" && bits in CURVES) {
    generate = { name: "ECDSA", namedCurve: CURVES[bits]! };
    use = { name: "ECDSA", hash };
  } else if (alg === "EdDSA") {
    generate = { name: "Ed25519" };
    use = { name: "Ed25519" };
  } else {
    throw new TypeError(`no key can be made for algorithm "${alg}"`);
  }
  const { privateKey, publicKey } = await crypto.subtle.generateKey(
    generate,
    true,
    ["sign", "verify"],
  ) as CryptoKeyPair;
  return {
    alg,
    kid,
    publicKey,
    async sign(data) {
      return new Uint8Array(await crypto.subtle.sign(use, privateKey, data));
    },
  };
}

export interface HmacOptions {
  readonly alg?: "HS256" | "HS384" | "HS512";
  readonly kid?: string;
  /** Any bytes: a public key's PEM, a JWK's text, nothing at all. */
  readonly key: Uint8Array | string;
}

/** A symmetric signer with the given key bytes, for key-confusion attacks. */
export async function createHmacSigner(options: HmacOptions): Promise<Signer> {
  const { alg = "HS256", kid } = options;
  const bytes = toBytes(options.key);
  const key = await crypto.subtle.importKey(
    "raw",
    // WebCrypto refuses an empty key; HMAC pads keys with zeros to the block,
    // so that a block of zeros is the same key (RFC 2104 section 2).
    bytes.length === 0 ? new Uint8Array(64) : bytes,
    { name: "HMAC", hash: `SHA-${alg.slice(2)}` },
    false,
    ["sign"],
  );
  return {
    alg,
    kid,
    async sign(data) {
      return new Uint8Array(await crypto.subtle.sign("HMAC", key, data));
    },
  };
}

/**
 * A signer whose signature is the given bytes whatever it signs: empty for
 * `alg: none`, 64 zeros for the ECDSA (0, 0) signature of CVE-2022-21449.
 */
export function constantSignature(
  options: {
    readonly alg: string;
    readonly kid?: string;
    readonly signature: Uint8Array;
  },
): Signer {
  const signature = toBytes(options.signature);
  return {
    alg: options.alg,
    kid: options.kid,
    sign: () => Promise.resolve(signature),
  };
}

export interface RawToken {
  /** An object is written with JSON.stringify and nothing is added to it. */
  readonly headerJson: string | object | Uint8Array;
  readonly payload: string | object | Uint8Array;
  readonly signer: Signer;
}

/**
 * Signs exactly the given bytes as a compact JWS (RFC 7515 section 7.1).
 * Does not check anything: duplicate members, odd types, invalid UTF-8 and a
 * header that contradicts the signer all pass.
 */
export async function signRaw(token: RawToken): Promise<string> {
  const input = `${encodeSegment(token.headerJson)}.${
    encodeSegment(token.payload)
  }`;
  const signature = await token.signer.sign(toBytes(input));
  return `${input}.${encodeSegment(signature)}`;
}

/**
 * An ordinary token: `alg`, `typ: JWT` and `kid` as the signer has them.
 * `header` overrides members; `undefined` takes one away.
 */
export function signToken(
  options: {
    readonly signer: Signer;
    readonly claims: object;
    readonly header?: object;
  },
): Promise<string> {
  const { signer, claims, header } = options;
  return signRaw({
    headerJson: { alg: signer.alg, typ: "JWT", kid: signer.kid, ...header },
    payload: claims,
    signer,
  });
}

/** Base64url without padding (RFC 7515 section 2) of bytes, text or JSON. */
export function encodeSegment(value: string | object | Uint8Array): string {
  return toBytes(value).toBase64({ alphabet: "base64url", omitPadding: true });
}

/**
 * The signer's public key as the issuer would publish it, with `kid`, `alg`
 * and `use: sig`; `extra` overrides members, `undefined` takes one away.
 * Throws a TypeError for a signer without a public key.
 */
export async function publicJwk(
  signer: Signer,
  extra: Record<string, unknown> = {},
): Promise<Record<string, unknown>> {
  if (!signer.publicKey) {
    throw new TypeError(`a signer for "${signer.alg}" has no public key`);
  }
  const { ext: _ext, key_ops: _operations, ...jwk } = await crypto.subtle
    .exportKey("jwk", signer.publicKey);
  return withoutUndefined({
    ...jwk,
    kid: signer.kid,
    alg: signer.alg,
    use: "sig",
    ...extra,
  });
}

/**
 * Claims that a policy in the style of the README grants to alice: subject
 * "u1", a verified address, group "staff", two factors one minute ago.
 * `now` is in seconds since the epoch (default: the clock's) and the token
 * lives 300 s; further members override, `undefined` takes a claim away.
 */
export function standardClaims(
  options: {
    readonly issuer: string;
    readonly audience: unknown;
    readonly now?: number;
    readonly [claim: string]: unknown;
  },
): Record<string, unknown> {
  const {
    issuer,
    audience,
    now = Math.floor(Date.now() / 1000),
    ...overrides
  } = options;
  return withoutUndefined({
    iss: issuer,
    aud: audience,
    sub: "u1",
    iat: now,
    exp: now + 300,
    jti: crypto.randomUUID(),
    auth_time: now - 60,
    amr: ["pwd", "otp", "mfa"],
    email: "alice@example.edu",
    email_verified: true,
    groups: ["staff"],
    preferred_username: "alice",
    ...overrides,
  });
}

/**
 * A key set with `count` well-formed but useless EC keys, kids "key-0" and so
 * on: 100,000 of them are 14 MB.
 */
export function manyKeys(count = 100_000): { keys: object[] } {
  const x = "A".repeat(43);
  return {
    keys: Array.from({ length: count }, (_, index) => ({
      kty: "EC",
      crv: "P-256",
      alg: "ES256",
      use: "sig",
      kid: `key-${index}`,
      x,
      y: x,
    })),
  };
}

function toBytes(value: string | object | Uint8Array): Bytes {
  if (value instanceof Uint8Array) return new Uint8Array(value);
  return new TextEncoder().encode(
    typeof value === "string" ? value : JSON.stringify(value),
  );
}

function withoutUndefined(
  value: Record<string, unknown>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).filter(([, member]) => member !== undefined),
  );
}
