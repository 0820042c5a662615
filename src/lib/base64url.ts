/**
 * Base64url without padding (RFC 7515 section 2) and base64, in their one canonical form.
 *
 * @module
 */

/**
 * What newer runtimes have built in; `atob` has to be loaded first, which a login would feel. An
 * executable may be compiled with an older runtime than the one that compiles it.
 */
interface NativeBase64 {
  fromBase64?(text: string, options: { alphabet: "base64url" }): Uint8Array & {
    toBase64(options: { alphabet: "base64url"; omitPadding: boolean }): string;
  };
}

/**
 * The bytes, or `null` where the text is not base64url. Bits that a decoder drops must be zero:
 * otherwise one signature would stand behind several tokens.
 */
export function decodeBase64url(text: string): Uint8Array | null {
  const alphabet = "base64url";
  const native = Uint8Array as unknown as NativeBase64;
  try {
    if (native.fromBase64 !== undefined) {
      const bytes = native.fromBase64(text, { alphabet });
      const again = bytes.toBase64({ alphabet, omitPadding: true });
      return again === text ? bytes : null;
    }
    const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    const again = btoa(binary).replaceAll("+", "-").replaceAll("/", "_");
    return again.replace(/=+$/, "") === text
      ? Uint8Array.from(binary, (char) => char.charCodeAt(0))
      : null;
  } catch {
    return null;
  }
}

/** Base64url without padding. */
export function encodeBase64url(bytes: Uint8Array): string {
  return encodeBase64(bytes).replace(/=+$/, "").replaceAll("+", "-")
    .replaceAll("/", "_");
}

/** Standard base64 with padding (RFC 4648 section 4). */
export function encodeBase64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

/** The bytes of standard base64 in its canonical form, or `null`. */
export function decodeBase64(text: string): Uint8Array | null {
  try {
    const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
    return encodeBase64(bytes) === text ? bytes : null;
  } catch {
    return null;
  }
}
