/**
 * A disk that is full, as a program meets one in the middle of a write.
 *
 * @module
 */

/**
 * Words before a command and its arguments, after which no file of theirs grows beyond so many blocks of 512
 * bytes: writing more fails.
 */
export function onFullDisk(blocks = 0): string[] {
  const script = `trap "" XFSZ; ulimit -f ${blocks}; exec "$@"`;
  return ["sh", "-c", script, "sh"];
}
