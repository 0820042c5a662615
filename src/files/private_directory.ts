/**
 * What is ours alone: the folders that state is kept in and the files in them.
 *
 * Looked at without waiting for a thread, which would cost a login more than the look itself.
 *
 * @module
 */

const DIRECTORY_MODE = 0o700;

export class StateError extends Error {
  override readonly name = "StateError";
}

/**
 * Creates the directory where there is none. Throws when what is there is a link, or of somebody
 * else, or writable by others. Does not check its parents:
 * whoever can write there can put another directory in its place.
 */
export async function ensurePrivateDirectory(path: string): Promise<void> {
  const found = lookAt(path);
  if (found === null) {
    try {
      await Deno.mkdir(path, { mode: DIRECTORY_MODE });
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    }
  }
  requirePrivate(path, found ?? Deno.lstatSync(path));
}

/** As {@link ensurePrivateDirectory}, but throws where there is no directory. */
// deno-lint-ignore require-await -- what it throws is a rejection
export async function checkPrivateDirectory(path: string): Promise<void> {
  requirePrivate(path, Deno.lstatSync(path));
}

/** Throws unless what is at the path is a directory of ours that nobody else can write to. */
export function requirePrivate(path: string, info: Deno.FileInfo): void {
  const writable = ((info.mode ?? 0o777) & 0o022) !== 0;
  if (!info.isDirectory || !isOwn(info) || writable) {
    throw new StateError(`"${path}" is not a private directory`);
  }
}

/** As `Deno.lstatSync`, and null where there is nothing: the one error that costs nothing. */
export function lookAt(path: string): Deno.FileInfo | null {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

function isOwn(info: Deno.FileInfo): boolean {
  return info.uid === 0 || info.uid === Deno.uid();
}

/** A regular file of ours which nobody else may touch; an open one may have lost its only name. */
export function isOwnFile(info: Deno.FileInfo): boolean {
  return info.isFile && isOwn(info) && (info.nlink ?? 2) <= 1 &&
    ((info.mode ?? 0o777) & 0o077) === 0;
}

/** The bytes of an open file, as many as `size` or as there are. */
export function contentsOf(file: Deno.FsFile, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let length = 0;
  while (length < bytes.length) {
    const count = file.readSync(bytes.subarray(length));
    if (count === null || !(count > 0)) break;
    length += count;
  }
  return bytes.subarray(0, length);
}
