/**
 * Files that decide who gets in (policy, secrets, CA certificates, account maps) are read only
 * where nobody but root or the program's own user could have written them.
 *
 * @module
 */

export type UntrustedReason =
  | "not_absolute"
  | "missing"
  | "unreadable"
  | "symlink"
  | "not_regular"
  | "owner"
  | "mode"
  | "too_large"
  | "changed";

/** A file that must not be used. The message names the path and what to do. */
export class UntrustedFileError extends Error {
  override readonly name = "UntrustedFileError";
  readonly reason: UntrustedReason;
  readonly path: string;
  constructor(reason: UntrustedReason, path: string, message: string) {
    super(message);
    this.reason = reason;
    this.path = path;
  }
}

interface TrustedFileOptions {
  /** Larger files are refused. */
  readonly maxBytes: number;
  /** Refuse a file that group or others may read (passwords, client secrets). */
  readonly secret?: boolean;
}

const GROUP_OR_OTHERS_WRITE = 0o022;
const GROUP_OR_OTHERS_READ = 0o044;
const STICKY = 0o1000;

/**
 * Reads a file whose path is absolute, has no symbolic link, and of which every component belongs
 * to root or to the user the program runs as and is not writable by others. A sticky directory
 * such as /tmp may be writable: nobody can replace another user's entry there.
 *
 * What is read comes from the handle that was checked. Throws {@link UntrustedFileError}.
 * Does not check the contents.
 */
export async function readTrustedFile(
  path: string,
  options: TrustedFileOptions,
): Promise<Uint8Array> {
  const before = checkTrustedPath(path);
  if (!before.isFile) {
    throw new UntrustedFileError(
      "not_regular",
      path,
      `"${path}" is not a regular file`,
    );
  }
  if (
    options.secret === true && ((before.mode ?? 0) & GROUP_OR_OTHERS_READ) !== 0
  ) {
    throw new UntrustedFileError(
      "mode",
      path,
      `"${path}" can be read by others: chmod 600 it`,
    );
  }
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(path, { read: true });
  } catch (error) {
    throw unreadable(path, error);
  }
  try {
    const opened = file.statSync();
    // the program cannot ask for O_NOFOLLOW: the handle must be the file that was looked at
    if (
      opened.ino !== before.ino || opened.dev !== before.dev || !opened.isFile
    ) {
      throw new UntrustedFileError(
        "changed",
        path,
        `"${path}" changed while it was opened`,
      );
    }
    checkOwner(path, opened);
    if (opened.size > options.maxBytes) {
      const message =
        `"${path}" has ${opened.size} bytes, at most ${options.maxBytes} are read`;
      throw new UntrustedFileError("too_large", path, message);
    }
    const bytes = await readWhole(file, opened.size);
    const after = file.statSync();
    // written in place meanwhile: half of a policy may well be one, with a rule less
    if (
      after.size !== bytes.length ||
      after.mtime?.getTime() !== opened.mtime?.getTime()
    ) {
      throw new UntrustedFileError(
        "changed",
        path,
        `"${path}" changed while it was read`,
      );
    }
    return bytes;
  } finally {
    file.close();
  }
}

/**
 * Checks every component of an absolute path from "/" down, as {@link readTrustedFile} demands it,
 * and returns what the last one is: a file or a directory. Throws {@link UntrustedFileError}.
 */
export function checkTrustedPath(path: string): Deno.FileInfo {
  if (!path.startsWith("/")) {
    throw new UntrustedFileError(
      "not_absolute",
      path,
      `"${path}" is not an absolute path`,
    );
  }
  const steps = path.split("/").filter((step) => step !== "" && step !== ".");
  if (steps.includes("..")) {
    throw new UntrustedFileError(
      "not_absolute",
      path,
      `"${path}" contains ".."`,
    );
  }
  const paths = steps.map((_, index) =>
    `/${steps.slice(0, index + 1).join("/")}`
  );
  // at once and in order: each wait for a thread would cost a login more than all of them together
  const components = ["/", ...paths];
  const infos = components.map((component) => lstat(component, path));
  for (const [index, info] of infos.entries()) {
    const component = components[index] ?? path;
    if (info.isSymlink) {
      const message = `"${component}" is a symbolic link: name the real path`;
      throw new UntrustedFileError("symlink", component, message);
    }
    checkOwner(component, info);
  }
  const last = infos.at(-1);
  if (last === undefined) throw unreadable(path, null);
  return last;
}

/** Owned by root or by us, and not writable by others unless sticky. */
function checkOwner(path: string, info: Deno.FileInfo): void {
  if (info.uid !== 0 && info.uid !== Deno.uid()) {
    const message = `"${path}" belongs to uid ${info.uid}: chown it to root`;
    throw new UntrustedFileError("owner", path, message);
  }
  const mode = info.mode ?? GROUP_OR_OTHERS_WRITE;
  const sticky = info.isDirectory && (mode & STICKY) !== 0;
  if ((mode & GROUP_OR_OTHERS_WRITE) !== 0 && !sticky) {
    throw new UntrustedFileError(
      "mode",
      path,
      `"${path}" can be written by others: chmod go-w it`,
    );
  }
}

function lstat(component: string, path: string): Deno.FileInfo {
  try {
    return Deno.lstatSync(component);
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): UntrustedFileError {
  if (error instanceof Deno.errors.NotFound) {
    return new UntrustedFileError("missing", path, `"${path}" does not exist`);
  }
  if (error instanceof Deno.errors.NotADirectory) {
    const message = `"${path}" leads through something that is not a directory`;
    return new UntrustedFileError("not_regular", path, message);
  }
  return new UntrustedFileError("unreadable", path, `"${path}" cannot be read`);
}

/** Bytes from which on a read may take so long that the deadlines must be able to end it. */
const LARGE = 1024 * 1024;

/**
 * In as few reads as possible; those of a large file are waits for a thread. One byte more than expected is asked
 * for, so that a file that grows under the reader does not go unnoticed.
 */
async function readWhole(file: Deno.FsFile, size: number): Promise<Uint8Array> {
  const buffer = new Uint8Array(size + 1);
  let length = 0;
  while (length < buffer.length) {
    const rest = buffer.subarray(length);
    const count = size > LARGE ? await file.read(rest) : file.readSync(rest);
    // whatever is not progress is the end: this loop must not be able to run for ever
    if (count === null || !(count > 0)) break;
    length += count;
  }
  return buffer.subarray(0, length);
}

/**
 * Strict UTF-8; a byte order mark at the start is dropped. Throws a TypeError on other bytes, and on
 * U+FFFD, which stands for them: the runtime's own strict decoder takes ten times as long, which an
 * account map of 100,000 lines makes felt.
 */
export function decodeUtf8(bytes: Uint8Array): string {
  // the runtime takes nothing for an empty text, which as a map would open no account to a deny rule
  if (!(bytes instanceof Uint8Array)) throw new TypeError("it was not read");
  const text = new TextDecoder().decode(bytes);
  if (text.includes("\ufffd")) throw new TypeError("it is not UTF-8");
  return text;
}
