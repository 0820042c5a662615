/**
 * Words for a POSIX shell.
 *
 * @module
 */

/** `text` as one word, whatever is in it but NUL, which no word can hold. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_.,:=\/@%+-]+$/.test(text)
    ? text
    : `'${text.replaceAll("'", "'\\''")}'`;
}
