/**
 * Looking into a claims document. Claims are hostile: only own members, never the prototype.
 *
 * @module
 */

/** A JSON object as it was verified. */
export type Claims = Readonly<Record<string, unknown>>;

/**
 * The value at a location: a member's name, or a JSON Pointer (RFC 6901) when it begins with "/".
 * `undefined` when there is none.
 */
export function readClaim(claims: Claims, location: string): unknown {
  if (!location.startsWith("/")) return own(claims, location);
  let value: unknown = claims;
  for (const step of location.slice(1).split("/")) {
    const key = step.replaceAll("~1", "/").replaceAll("~0", "~");
    if (Array.isArray(value)) {
      value = /^(?:0|[1-9][0-9]{0,5})$/.test(key)
        ? value[Number(key)]
        : undefined;
    } else value = own(value, key);
    if (value === undefined) return undefined;
  }
  return value;
}

function own(value: unknown, key: string): unknown {
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    return undefined;
  }
  return Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined;
}
