/**
 * What a grant needs at the least, said a second time in the plainest way, without a line of the
 * program's: with the runtime's JSON and WebCrypto. It may call for less than the program, never
 * for more.
 *
 * @module
 */

/** Of the one issuer and its one key. */
export interface Trust {
  readonly issuer: string;
  readonly audience: string;
  readonly key: CryptoKey;
}

type Members = Record<string, unknown>;

/** An object of that JSON text; `null` for everything else. */
export function members(text: string): Members | null {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === "object" && !Array.isArray(value)
      ? value as Members
      : null;
  } catch {
    return null;
  }
}

/** The bytes as text; `null` where they are not UTF-8. */
export function utf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

function decoded(segment: string | undefined): Uint8Array<ArrayBuffer> | null {
  if (segment === undefined || !/^[A-Za-z0-9_-]+$/.test(segment)) return null;
  try {
    return Uint8Array.fromBase64(segment, { alphabet: "base64url" });
  } catch {
    return null;
  }
}

/** Whether this is a token of Alice's, whole, signed by the issuer, for us, and in time. */
export async function isAlicesToken(
  text: string,
  { issuer, audience, key }: Trust,
): Promise<boolean> {
  const [head, body, signature, ...rest] = text.split(".");
  const bytes = [head, body, signature].map(decoded);
  if (rest.length > 0 || bytes.includes(null)) return false;
  const header = members(utf8(bytes[0]!) ?? "");
  const claims = members(utf8(bytes[1]!) ?? "");
  if (header?.alg !== "ES256" || claims === null) return false;
  if (header.crit !== undefined || header.b64 !== undefined) return false;
  const valid = await crypto.subtle.verify(
    { name: "ECDSA", hash: "SHA-256" },
    key,
    bytes[2]!,
    new TextEncoder().encode(`${head}.${body}`),
  );
  return valid && claims.iss === issuer && isFor(claims, audience) &&
    isAlice(claims) && [claims.iat, claims.exp].every(Number.isSafeInteger);
}

/** Claims that are not over, if they end, and say what the rule of the policies here asks for. */
export function isAlice(claims: Members): boolean {
  const now = Date.now() / 1000;
  // a minute for clocks that differ, another for this machine
  // of an introspected token `null` stands for absent; a JWT must have it, see above
  const over = (claims.exp ?? null) !== null &&
    !(Number(claims.exp) > now - 120);
  return !over && claims.email === "alice@example.edu" &&
    claims.email_verified === true &&
    Array.isArray(claims.groups) && claims.groups.includes("staff");
}

export function isFor({ aud }: Members, audience: string): boolean {
  return aud === audience || (Array.isArray(aud) && aud.includes(audience));
}
