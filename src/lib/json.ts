/**
 * Values that came out of JSON, before anybody knows what they are.
 *
 * @module
 */

/** Whether it has members: neither `null` nor a list. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
