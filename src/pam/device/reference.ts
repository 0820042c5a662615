/**
 * The few characters that a refusal has in common with what the person saw of it, so that somebody
 * who asks finds the line in the log. They say nothing, and open nothing.
 *
 * @module
 */

/** Without what looks or sounds alike, and without vowels: no words come of it. */
const CHARACTERS = "23456789CDFGHJKMNPQRTVWXY";
const LENGTH = 4;

/** A reference such as "R2XR". Two of one day may be the same: the log has the time as well. */
export function newReference(): string {
  const random = crypto.getRandomValues(new Uint32Array(LENGTH));
  return Array.from(
    random,
    (number) => CHARACTERS.charAt(number % CHARACTERS.length),
  ).join("");
}

/** The value where it is a reference, otherwise `null`. */
export function referenceIn(value: unknown): string | null {
  return typeof value === "string" && value.length === LENGTH &&
      [...value].every((character) => CHARACTERS.includes(character))
    ? value
    : null;
}
