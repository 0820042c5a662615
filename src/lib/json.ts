/**
 * Values that came out of JSON, before anybody knows what they are.
 *
 * @module
 */

/** Whether it has members: neither `null` nor a list. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/** The members that say something, without a prototype: `null` stands for absent. */
export function present(body: object): Record<string, unknown> {
  const members: Record<string, unknown> = Object.create(null);
  for (const [key, value] of Object.entries(body)) {
    if (value !== null && value !== undefined) members[key] = value;
  }
  return members;
}

/** The object that an entry of a cache holds; `null` where it is missing, torn or anything else. */
export function objectIn(
  bytes: Uint8Array | null,
): Record<string, unknown> | null {
  if (bytes === null) return null;
  try {
    const value = JSON.parse(
      new TextDecoder("utf-8", { fatal: true }).decode(bytes),
    );
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}
