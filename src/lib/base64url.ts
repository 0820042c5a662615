/**
 * Base64url without padding (RFC 7515 section 2) and base64, in their one canonical form.
 *
 * @module
 */

/**
 * The bytes, or `null` where the text is not base64url. Bits that a decoder drops must be zero:
 * otherwise one signature would stand behind several tokens.
 */
export function decodeBase64url(text: string): Uint8Array | null {
  const alphabet = "base64url";
  try {
    const bytes = Uint8Array.fromBase64(text, { alphabet });
    const again = bytes.toBase64({ alphabet, omitPadding: true });
    return again === text ? bytes : null;
  } catch {
    return null;
  }
}

/** Standard base64 with padding (RFC 4648 section 4). */
export function encodeBase64(bytes: Uint8Array): string {
  return bytes.toBase64();
}

/** The bytes of standard base64 in its canonical form, or `null`. */
export function decodeBase64(text: string): Uint8Array | null {
  try {
    const bytes = Uint8Array.fromBase64(text);
    return encodeBase64(bytes) === text ? bytes : null;
  } catch {
    return null;
  }
}
