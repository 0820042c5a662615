/**
 * A URL as a QR code for terminals: two modules a character, light ones drawn, as terminals are
 * mostly dark.
 *
 * @module
 */

/** The lines, or `null` when they would be more than `maxLines`. Loads its library when called. */
export async function qrLines(
  text: string,
  options: { maxLines: number },
): Promise<string[] | null> {
  const { renderUnicodeCompact } = await import("uqr");
  const lines = renderUnicodeCompact(text, { border: 1, ecc: "L" }).split("\n");
  return lines.length <= options.maxLines ? lines : null;
}
