/**
 * Base64url without padding (RFC 7515 section 2) and base64, in their one canonical form.
 *
 * @module
 */

type Alphabet = "base64" | "base64url";

/**
 * The bytes, or `null` where the text is not base64url. Bits that a decoder drops must be zero:
 * otherwise one signature would stand behind several tokens.
 */
export function decodeBase64url(text: string): Uint8Array | null {
  return decode(text, "base64url");
}

/** Base64url without padding. */
export function encodeBase64url(bytes: Uint8Array): string {
  return encode(bytes, "base64url");
}

/** Standard base64 with padding (RFC 4648 section 4). */
export function encodeBase64(bytes: Uint8Array): string {
  return encode(bytes, "base64");
}

/** The bytes of standard base64 in its canonical form, or `null`. */
export function decodeBase64(text: string): Uint8Array | null {
  return decode(text, "base64");
}

// Newer runtimes have it built in, and `atob` has to be loaded first, which a login would feel. An
// executable may be compiled with an older runtime than the one that compiles it.

function decode(text: string, alphabet: Alphabet): Uint8Array | null {
  try {
    const bytes = Uint8Array.fromBase64 !== undefined
      ? Uint8Array.fromBase64(text, { alphabet })
      : Uint8Array.from(
        atob(text.replaceAll("-", "+").replaceAll("_", "/")),
        (char) => char.charCodeAt(0),
      );
    // what a decoder passes over does not come back
    return encode(bytes, alphabet) === text ? bytes : null;
  } catch {
    return null;
  }
}

function encode(bytes: Uint8Array, alphabet: Alphabet): string {
  const omitPadding = alphabet === "base64url";
  if (bytes.toBase64 !== undefined) {
    return bytes.toBase64({ alphabet, omitPadding });
  }
  const text = btoa(
    Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""),
  );
  return omitPadding
    ? text.replace(/=+$/, "").replaceAll("+", "-").replaceAll("/", "_")
    : text;
}
