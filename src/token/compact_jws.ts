/**
 * The compact serialization of a JWS (RFC 7515 section 7.1), read strictly and before any key is
 * looked at: what these checks refuse costs no request and no cryptography.
 *
 * @module
 */
import type { AccessToken } from "./access_token.ts";
import { decodeBase64url } from "../lib/base64url.ts";
import { TokenError } from "./errors.ts";
import { type JsonObject, parseJsonObject } from "./strict_json.ts";

/** Longest token that is read at all. */
export const MAX_TOKEN_CHARACTERS = 16 * 1024;

/** pam_exec cuts what it hands over at this many bytes; Linux-PAM 1.3 at one more. */
const PAM_EXEC_LIMITS = [511, 512];

/** What a token says about itself. Nothing in here is verified. */
export interface UnverifiedJws {
  readonly header: JsonObject;
  readonly payload: JsonObject;
  readonly algorithm: string;
  readonly keyId: string | null;
}

/** Signature lengths in base64url characters; RSA signatures are as long as the key. */
const SIGNATURE_CHARACTERS: Readonly<Record<string, readonly number[]>> = {
  RS: [342, 512, 683, 1366],
  PS: [342, 512, 683, 1366],
  ES256: [86],
  ES384: [128],
  ES512: [176],
  EdDSA: [86, 152],
  Ed25519: [86],
};

/**
 * Whether the token can be a compact JWS by its characters alone. Says nothing about its contents.
 */
export function looksLikeJws(token: AccessToken): boolean {
  return /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$/.test(
    token.reveal(),
  );
}

/**
 * Takes a token apart. Throws {@link TokenError}: `token_truncated` where pam_exec has cut it,
 * `token_kind_unexpected` for an encrypted token, otherwise `token_malformed`. `read` is what its payload was
 * read as before, where another signature goes with the same.
 *
 * Does not check the signature, the algorithm or any claim.
 */
export function parseCompactJws(
  token: AccessToken,
  read?: JsonObject,
): UnverifiedJws {
  const text = token.reveal();
  if (text.length > MAX_TOKEN_CHARACTERS) {
    throw malformed(
      `it has ${text.length} characters, at most ${MAX_TOKEN_CHARACTERS} are read`,
    );
  }
  if (!/^[A-Za-z0-9_.-]+$/.test(text)) {
    throw malformed("it holds characters that no token has");
  }
  if (isTruncated(text)) {
    throw new TokenError(
      "token_truncated",
      `the token ends at ${text.length} bytes, where pam_exec cuts it off: use device sign-in, ` +
        "pam_script, or an issuer with short (ES256 or EdDSA) tokens",
    );
  }
  const segments = text.split(".");
  if (segments.length === 5) {
    // RFC 7516: nothing to decrypt with, and no reason to try
    throw new TokenError("token_kind_unexpected", "the token is encrypted");
  }
  const [header, payload, signature] = segments;
  if (segments.length !== 3 || header === undefined || payload === undefined) {
    const count = segments.length;
    throw malformed(
      count > 1
        ? `it has ${count} segments instead of 3`
        : "it has 1 segment instead of 3, as a password or an opaque token has",
    );
  }
  decodeSegment(signature ?? "", "signature");
  return parts(header, read ?? payload);
}

function parts(
  headerSegment: string,
  payloadSegment: string | JsonObject,
): UnverifiedJws {
  const header = parseJsonObject(
    decodeSegment(headerSegment, "header"),
    "header",
  );
  const { alg, kid } = header;
  if (typeof alg !== "string") throw malformed('the header has no "alg"');
  if (kid !== undefined && typeof kid !== "string") {
    throw malformed('"kid" is not a string');
  }
  // RFC 7515 section 4.1.11: extensions that must be understood are not; "b64" (RFC 7797) and
  // "zip" would change what is signed, a nested token ("cty") would not be what is verified
  for (const name of ["crit", "b64", "zip"]) {
    if (Object.hasOwn(header, name)) {
      throw malformed(`the header member "${name}" is not allowed`);
    }
  }
  if (
    typeof header.cty === "string" &&
    /^(?:application\/)?jwt$/i.test(header.cty)
  ) {
    throw malformed("it holds another token");
  }
  const payload = typeof payloadSegment === "string"
    ? parseJsonObject(decodeSegment(payloadSegment, "payload"), "payload")
    : payloadSegment;
  return { header, payload, algorithm: alg, keyId: kid ?? null };
}

function decodeSegment(segment: string, what: string): Uint8Array {
  const bytes = decodeBase64url(segment);
  if (bytes === null) throw malformed(`the ${what} is not base64url`);
  return bytes;
}

/** A token of exactly the length at which pam_exec cuts, without the end of a whole one. */
function isTruncated(text: string): boolean {
  if (!PAM_EXEC_LIMITS.includes(text.length)) return false;
  const [header = "", , signature, ...rest] = text.split(".");
  if (signature === undefined) return true;
  const lengths = signatureCharacters(header);
  return rest.length === 0 && lengths !== null &&
    !lengths.includes(signature.length);
}

/** `null` where the header itself is what is wrong, which the later checks tell better. */
function signatureCharacters(headerSegment: string): readonly number[] | null {
  try {
    const bytes = decodeSegment(headerSegment, "header");
    const { alg } = parseJsonObject(bytes, "header");
    if (typeof alg !== "string") return null;
    const name = [alg, alg.slice(0, 2)].find((name) =>
      Object.hasOwn(SIGNATURE_CHARACTERS, name)
    );
    return name === undefined ? null : SIGNATURE_CHARACTERS[name] ?? null;
  } catch {
    return null;
  }
}

function malformed(why: string): TokenError {
  return new TokenError("token_malformed", `the token is malformed: ${why}`);
}

// Tokens that only their issuer can read.

/** Characters of which a header's beginning can be told: 24 bytes. */
const BEGINNING = 32;

/**
 * Whether the token is anything but a JOSE object (JWS or JWE). Judged generously: a JWT that is
 * cut off, damaged, or pasted with a quotation mark or "token=" before it is still a JWT of
 * somebody, and no business of an issuer that reads opaque tokens. Says nothing about its contents.
 */
export function isOpaque(token: AccessToken): boolean {
  const text = token.reveal();
  return !text.includes(".") ||
    !text.split(/[^A-Za-z0-9_-]+/).some(beginsLikeHeader);
}

function beginsLikeHeader(segment: string): boolean {
  const start = segment.slice(0, BEGINNING).replaceAll("-", "+")
    .replaceAll("_", "/");
  // whole groups of four decode on their own, whatever is wrong behind them
  return /^\s*\{\s*["}]/.test(atob(start.slice(0, start.length & ~3)));
}
