/**
 * Telling what the host said no to from a defect.
 *
 * @module
 */

/**
 * Whether the file system or the operating system said no. The runtime has a class for some of what these say;
 * of the rest, a full disk among it, there is the number in the text alone.
 */
export function isSystemError(error: unknown): error is Error {
  return error instanceof Error &&
    (/\(os error [0-9]+\)/.test(error.message) ||
      Object.values(Deno.errors).some((kind) => error instanceof kind));
}
