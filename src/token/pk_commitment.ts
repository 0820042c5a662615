/**
 * What the ID token of a PK token commits to: a hash of the client's header (CIC).
 *
 * @module
 */
import { encodeBase64url } from "../lib/base64url.ts";
import { isObject } from "../lib/json.ts";

/**
 * The commitment to a CIC header: base64url of SHA3-256 (FIPS 202) over its canonical JSON.
 */
export async function pkCommitment(header: object): Promise<string> {
  return encodeBase64url(
    await sha3(new TextEncoder().encode(canonicalJson(header))),
  );
}

async function sha3(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  try {
    return new Uint8Array(await crypto.subtle.digest("SHA3-256", bytes));
  } catch {
    // an executable may be compiled with a runtime that does not know it
    return (await import("@noble/hashes/sha3.js")).sha3_256(bytes);
  }
}

/**
 * JSON as Go's encoding/json writes a map: members sorted, no white space, and escaped what HTML or
 * JavaScript could take for its own. For strings and objects of them alone, whose names are ASCII;
 * throws a TypeError for anything else, which two languages may write differently.
 */
export function canonicalJson(value: unknown): string {
  if (typeof value === "string") return text(value);
  if (!isObject(value)) throw new TypeError("neither a string nor an object");
  const members = Object.keys(value).sort().map((name) =>
    `${text(name)}:${canonicalJson(value[name])}`
  );
  return `{${members.join(",")}}`;
}

function text(value: string): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
