/**
 * The few characters that the log line of a refusal has in common with what the person saw, so that
 * whoever is asked finds it: of a code that is spent by then, or of no meaning at all.
 *
 * @module
 */

/** Without what looks or sounds alike, and without vowels: no words come of it. */
const CHARACTERS = "23456789CDFGHJKMNPQRTVWXY";
const LENGTH = 4;

/** A reference such as "R2XR" for a sentence. Two may be the same: the log has the time as well. */
export function newReference(): string {
  const random = crypto.getRandomValues(new Uint32Array(LENGTH));
  return Array.from(
    random,
    (number) => CHARACTERS.charAt(number % CHARACTERS.length),
  ).join("");
}

/**
 * The reference of a sign-in that somebody has a code for: the code's first characters, which stand on
 * their screen. `null` where it has too few of them.
 */
export function referenceOf(userCode: string): string | null {
  return referenceIn(userCode.replace(/[^A-Za-z0-9]/g, "").slice(0, LENGTH));
}

/** The value where it is a reference, otherwise `null`. */
export function referenceIn(value: unknown): string | null {
  return typeof value === "string" && /^[A-Za-z0-9]{4}$/.test(value)
    ? value
    : null;
}
