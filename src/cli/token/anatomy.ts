/**
 * What a token is, as far as it can be told without any key: for `token inspect`.
 *
 * @module
 */
import { ALGORITHMS } from "../../policy/kinds.ts";
import { AccessToken } from "../../token/access_token.ts";
import { isOpaque, parseCompactJws } from "../../token/compact_jws.ts";
import { TokenError } from "../../token/errors.ts";
import { decodeUtf8 } from "../../files/trusted_file.ts";

export type TokenKind =
  | "jws"
  | "jwe"
  | "opaque"
  | "json"
  | "malformed"
  | "empty";

type JsonObject = Readonly<Record<string, unknown>>;

/** Nothing in here is verified, and nothing in here is the token or its signature. */
export interface Anatomy {
  readonly kind: TokenKind;
  /** Bytes, which is characters for anything that can be a token. */
  readonly length: number;
  readonly header: JsonObject | null;
  readonly claims: JsonObject | null;
  /** Why every login refuses it before any key is looked at, or why it cannot be decoded. */
  readonly refused:
    | { readonly reason: string; readonly message: string }
    | null;
}

/**
 * Takes a token apart, one newline at its end aside. More generous than a login: what a login
 * refuses is shown together with why. Never throws. Does not check the signature or any claim.
 */
export function anatomyOf(input: Uint8Array): Anatomy {
  const bytes = withoutNewline(input);
  const none = { length: bytes.length, header: null, claims: null };
  const text = asciiText(bytes);
  if (bytes.length === 0) {
    return { ...none, kind: "empty", refused: missing() };
  }
  if (text !== null && /^\s*\{/.test(text)) {
    return { ...none, kind: "json", refused: json(text) };
  }
  const token = new AccessToken(text ?? "");
  const refused = text === null
    ? malformed("it holds characters that no token has")
    : refusal(token);
  const segments = text?.split(".") ?? [];
  const header = objectIn(segments[0]);
  if (header !== null && segments.length === 5) {
    return { ...none, kind: "jwe", header, refused };
  }
  if (header !== null && segments.length === 3) {
    const claims = objectIn(segments[1]);
    const kind = claims === null ? "malformed" : "jws";
    return { ...none, kind, header, claims, refused };
  }
  const opaque = text !== null && /^[\x21-\x7e]+$/.test(text) &&
    isOpaque(token) && refused?.reason !== "token_truncated";
  return opaque
    ? { ...none, kind: "opaque", refused: null }
    : { ...none, kind: "malformed", header, refused };
}

function withoutNewline(bytes: Uint8Array): Uint8Array {
  if (bytes.at(-1) !== 10) return bytes;
  return bytes.subarray(0, bytes.at(-2) === 13 ? -2 : -1);
}

function asciiText(bytes: Uint8Array): string | null {
  if (bytes.some((byte) => byte > 0x7e)) return null;
  return new TextDecoder().decode(bytes);
}

function refusal(token: AccessToken): Anatomy["refused"] {
  try {
    const { algorithm } = parseCompactJws(token);
    if (ALGORITHMS.some((name) => name === algorithm)) return null;
    const named = JSON.stringify(algorithm.slice(0, 60));
    return {
      reason: "algorithm_not_allowed",
      message: `no policy can allow the algorithm ${named}`,
    };
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    return { reason: error.code, message: error.message };
  }
}

function malformed(why: string): { reason: string; message: string } {
  return {
    reason: "token_malformed",
    message: `the token is malformed: ${why}`,
  };
}

function missing(): { reason: string; message: string } {
  return { reason: "token_missing", message: "there is no token" };
}

/** The answer of a token endpoint (RFC 6749 section 5.1), or a token in JSON (RFC 7515 section 7.2). */
function json(text: string): { reason: string; message: string } {
  const document = parsed(text) ?? {};
  const member = ["access_token", "id_token"].find((name) =>
    Object.hasOwn(document, name)
  );
  return malformed(
    member !== undefined
      ? `it is a JSON document: pass the value of its "${member}" alone`
      : ["payload", "ciphertext"].some((name) => Object.hasOwn(document, name))
      ? "it is in the JSON serialization, and logins take the compact one only"
      : "it is a JSON document",
  );
}

/** The JSON object that a segment holds, read as generously as anybody might read it. */
function objectIn(segment: string | undefined): JsonObject | null {
  try {
    const binary = atob(
      (segment ?? "").replaceAll("-", "+").replaceAll("_", "/"),
    );
    const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0));
    return parsed(decodeUtf8(bytes));
  } catch {
    return null;
  }
}

function parsed(text: string): JsonObject | null {
  try {
    const value = JSON.parse(text);
    return value !== null && typeof value === "object" &&
        !Array.isArray(value) && !isDeeper(value, MAX_DEPTH)
      ? value
      : null;
  } catch {
    return null;
  }
}

/** Deeper than a login reads, and than can be shown. */
const MAX_DEPTH = 32;

function isDeeper(value: unknown, levels: number): boolean {
  if (value === null || typeof value !== "object") return false;
  return levels === 0 ||
    Object.values(value).some((member) => isDeeper(member, levels - 1));
}
