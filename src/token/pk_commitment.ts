/**
 * What the ID token of a PK token commits to: a hash of the client's header (CIC).
 *
 * @module
 */
import { encodeBase64url } from "../lib/base64url.ts";
import { isObject } from "../lib/json.ts";
import { sha3 } from "./sha3.ts";

/**
 * The commitment to a CIC header: base64url of SHA3-256 over its canonical JSON. Throws like
 * {@link canonicalJson}.
 */
export async function pkCommitment(header: object): Promise<string> {
  const bytes = new TextEncoder().encode(canonicalJson(header));
  return encodeBase64url(await sha3(bytes));
}

/**
 * JSON as Go's encoding/json writes a map: members sorted, no white space, and escaped what HTML or
 * JavaScript could take for its own. For strings and objects of them alone, whose names are ASCII;
 * throws a TypeError for anything else and for control characters, which two languages, or two
 * versions of one, may write differently.
 */
export function canonicalJson(value: unknown): string {
  if (typeof value === "string") return text(value);
  if (!isObject(value)) throw new TypeError("neither a string nor an object");
  const names = Object.keys(value).sort();
  // beyond ASCII, JavaScript sorts by other units than Go
  if (!names.every((name) => /^[\x20-\x7e]+$/.test(name))) {
    throw new TypeError("a name that is not ASCII");
  }
  const members = names.map((name) =>
    `${text(name)}:${canonicalJson(value[name])}`
  );
  return `{${members.join(",")}}`;
}

function text(value: string): string {
  // deno-lint-ignore no-control-regex -- they are what is refused
  if (/[\x00-\x1f\x7f]/.test(value) || !value.isWellFormed()) {
    throw new TypeError("a string that is not plain text");
  }
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
