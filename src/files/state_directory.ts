/**
 * The cache directory: the only place that login writes.
 *
 * Entries are written to a new name and renamed, so that a reader sees a whole entry or none.
 * Whatever is not exactly such an entry (a link, a pipe, a file of another owner, one that others
 * may read) does not exist for the reader and is replaced by the writer, never followed.
 *
 * @module
 */

import { within } from "../lib/deadline.ts";
import {
  contentsOf,
  ensurePrivateDirectory,
  isOwnFile,
  lookAt,
  requirePrivate,
  StateError,
} from "./private_directory.ts";
import { checkTrustedPath } from "./trusted_file.ts";

const FILE_MODE = 0o600;
const MAX_ENTRY_BYTES = 2 * 1024 * 1024;
const LOCK_ATTEMPTS = 2;
/** What says that a minute has been swept. No entry begins with ".". */
const SWEEP = ".swept-";
const SWEEP_MS = 60_000;
/** Entries that one process removes. */
export const MAX_SWEPT = 1000;
/** Nobody writes an entry for as long as this. */
const LITTER_MS = 60_000;

type StateFolder =
  | "jwks"
  | "device"
  | "outcome"
  | "replay"
  | "limits"
  | "recent";

/** One folder of the cache directory, such as `jwks`. */
export class StateDirectory {
  readonly #root: string;
  readonly #folder: string;

  /** `root` is the policy's cache directory, `folder` a plain name. Touches nothing yet. */
  constructor(root: string, folder: StateFolder) {
    this.#root = root;
    this.#folder = `${root}/${folder}`;
  }

  #path(name: string): string {
    if (!/^[a-z0-9][a-z0-9._-]{0,127}$/.test(name)) {
      throw new StateError(
        `${JSON.stringify(name)} is not the name of an entry`,
      );
    }
    return `${this.#folder}/${name}`;
  }

  /**
   * The bytes of an entry, or `null` when there is none that can be trusted. Never throws. Reads
   * without waiting for a thread: entries are small.
   */
  // deno-lint-ignore require-await -- its callers need not know
  async read(name: string): Promise<Uint8Array | null> {
    try {
      checkFolders(this.#root, this.#folder);
      const path = this.#path(name);
      const before = Deno.lstatSync(path);
      if (!isOwnFile(before)) return null; // also keeps a pipe from blocking open()
      using file = Deno.openSync(path, { read: true });
      const opened = file.statSync();
      const same = opened.ino === before.ino && opened.dev === before.dev;
      if (!same || !isOwnFile(opened) || opened.size > MAX_ENTRY_BYTES) {
        return null;
      }
      return contentsOf(file, opened.size);
    } catch {
      return null;
    }
  }

  /**
   * Writes an entry in one step. Throws {@link StateError} when the disk does not let it. Does not wait
   * for the disk: what a power cut leaves of it is no entry for the reader, or the one before. Once it
   * is there, those that it is `inPlaceOf` are removed.
   */
  async write(
    name: string,
    bytes: Uint8Array,
    { inPlaceOf = [] }: { readonly inPlaceOf?: readonly string[] } = {},
  ): Promise<void> {
    const path = this.#path(name);
    const others = inPlaceOf.filter((other) => other !== name)
      .map((other) => this.#path(other));
    const temporary = `${this.#folder}/.new-${crypto.randomUUID()}`;
    try {
      await createFolders(this.#root, this.#folder);
      const target = lookAt(path);
      if (target?.isDirectory) Deno.removeSync(path, { recursive: true });
      {
        using file = createFile(temporary);
        writeAll(file, bytes);
      }
      Deno.renameSync(temporary, path);
      others.forEach(removed);
    } catch (error) {
      removed(temporary);
      throw asStateError("write", path, error);
    }
  }

  /**
   * Creates an entry; false when it exists already. Of any number of processes that try at once,
   * exactly one is told true. It is on the disk then. Throws {@link StateError}.
   */
  async create(name: string, bytes: Uint8Array): Promise<boolean> {
    const path = this.#path(name);
    try {
      await createFolders(this.#root, this.#folder);
      await writeNew(path, bytes);
      return true;
    } catch (error) {
      if (error instanceof Deno.errors.AlreadyExists) return false;
      throw asStateError("create", path, error);
    }
  }

  /**
   * Removes entries; true if this call removed one of them, so that of several callers one wins. Never
   * throws.
   */
  // deno-lint-ignore require-await -- its callers need not know
  async remove(...names: readonly string[]): Promise<boolean> {
    try {
      checkFolders(this.#root, this.#folder);
      // not "some", which would stop at the first
      return names.filter((name) => removed(this.#path(name))).length > 0;
    } catch {
      return false;
    }
  }

  /**
   * The names of all entries, in no order; an empty list when there is no folder. Throws {@link StateError}
   * where they cannot be told.
   */
  async list(): Promise<string[]> {
    try {
      if (lookAt(this.#folder) === null) return [];
      checkFolders(this.#root, this.#folder);
      const names: string[] = [];
      for await (const entry of Deno.readDir(this.#folder)) {
        if (entry.isFile && !entry.name.startsWith(".")) names.push(entry.name);
      }
      return names;
    } catch (error) {
      throw asStateError("list", this.#folder, error);
    }
  }

  /** Whether there is an entry. Never throws. */
  // deno-lint-ignore require-await -- its callers need not know
  async has(name: string): Promise<boolean> {
    try {
      checkFolders(this.#root, this.#folder);
      return isOwnFile(Deno.lstatSync(this.#path(name)));
    } catch {
      return false;
    }
  }

  /**
   * Removes entries that have expired, by their names alone, and what killed writers have left
   * behind. Only the first process of a minute does it, and only so much, so that nobody's login
   * waits for what others have piled up. `now` is in milliseconds. Never throws.
   */
  async sweep(
    options: { now: number; expired: (name: string) => boolean },
  ): Promise<void> {
    try {
      const stamp = `${SWEEP}${Math.floor(options.now / SWEEP_MS)}`;
      const mark = `${this.#folder}/${stamp}`;
      if (lookAt(mark) !== null) return;
      checkFolders(this.#root, this.#folder);
      createFile(mark).close();
      let removed = 0;
      for await (const { name } of Deno.readDir(this.#folder)) {
        if (removed >= MAX_SWEPT) break;
        const path = `${this.#folder}/${name}`;
        const litter = name.startsWith(".")
          ? name !== stamp && await isLitter(name, path)
          : options.expired(name);
        if (!litter) continue;
        await Deno.remove(path).catch(() => {});
        removed++;
      }
    } catch {
      // swept already, or not to be swept
    }
  }

  /**
   * Runs `action` while no other process runs one under the same name. Where locking is not
   * possible (a full or read-only disk), or not within `waitMs`, runs it all the same: the lock
   * saves work, it protects nothing, and whoever holds it may have been stopped for good.
   */
  async withLock<Result>(
    name: string,
    action: () => Promise<Result>,
    options: { waitMs: number },
  ): Promise<Result> {
    const locking = this.#lock(`${name}.lock`);
    await within<unknown>(locking, options.waitMs, () => null);
    try {
      return await action();
    } finally {
      // closing releases it, and so does the end of the process
      locking.then((lock) => lock?.close());
    }
  }

  async #lock(name: string): Promise<Deno.FsFile | null> {
    for (let attempt = 0; attempt < LOCK_ATTEMPTS; attempt++) {
      try {
        await createFolders(this.#root, this.#folder);
        const path = this.#path(name);
        const before = lookAt(path);
        if (before !== null && !isOwnFile(before)) {
          await Deno.remove(path, { recursive: true });
        }
        if (before === null) await this.create(name, new Uint8Array());
        const file = await Deno.open(path, { read: true, write: true });
        await file.lock(true);
        return file;
      } catch {
        // somebody was faster, or the disk does not let us
      }
    }
    return null;
  }
}

/**
 * Throws unless both folders, the cache directory and one below it, are ours, private, and no links, and
 * nobody else can put others in their place.
 */
export function checkFolders(root: string, folder: string): void {
  requirePrivate(root, checkTrustedPath(root));
  requirePrivate(folder, Deno.lstatSync(folder));
}

/** Makes those that are missing. Throws like {@link checkFolders}. */
export async function createFolders(
  root: string,
  folder: string,
): Promise<void> {
  await ensurePrivateDirectory(root);
  checkTrustedPath(root);
  await ensurePrivateDirectory(folder);
}

/** Left by a process that was killed while it wrote, or by the sweep of an earlier minute. */
async function isLitter(name: string, path: string): Promise<boolean> {
  if (name.startsWith(SWEEP)) return true;
  if (!name.startsWith(".new-")) return false;
  const { mtime } = await Deno.lstat(path);
  // by the clock of the file system's host, as the time stamp is
  return mtime !== null && Date.now() - mtime.getTime() > LITTER_MS;
}

async function writeNew(path: string, bytes: Uint8Array): Promise<void> {
  using file = createFile(path);
  writeAll(file, bytes);
  await file.syncData();
}

function createFile(path: string): Deno.FsFile {
  return Deno.openSync(path, { write: true, createNew: true, mode: FILE_MODE });
}

function writeAll(file: Deno.FsFile, bytes: Uint8Array): void {
  let written = 0;
  while (written < bytes.length) {
    written += file.writeSync(bytes.subarray(written));
  }
}

/** Whether this call removed it; false where it is not there, or not ours to remove. */
function removed(path: string): boolean {
  try {
    if (lookAt(path) === null) return false;
    Deno.removeSync(path);
    return true;
  } catch {
    return false;
  }
}

function asStateError(verb: string, path: string, error: unknown): StateError {
  const cause = error instanceof Error ? error.message : String(error);
  return new StateError(`cannot ${verb} "${path}": ${cause}`);
}

/** SHA-256 as lower-case hexadecimal: names of entries, and what logs show instead of secrets. */
export async function sha256Hex(data: string | Uint8Array): Promise<string> {
  const bytes = typeof data === "string"
    ? new TextEncoder().encode(data)
    : data;
  const digest = await crypto.subtle.digest(
    "SHA-256",
    bytes as Uint8Array<ArrayBuffer>,
  );
  // names of entries must differ where the data differ, whatever the runtime does
  if (digest?.byteLength !== 32) throw new StateError("SHA-256 failed");
  const hash = new Uint8Array(digest);
  // what older runtimes lack
  return hash.toHex?.() ??
    Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
