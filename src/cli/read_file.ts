/**
 * Reading and writing files for people and CI, where the files may come from somebody whose change
 * is being judged: nothing but regular files of a bounded size, and no way out of the folder by a
 * symbolic link.
 *
 * @module
 */

import { lookAt } from "../files/private_directory.ts";

/** Nothing that a person writes or reviews is larger. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;

/** A file that is not read or written. The message begins with a verb: "is a symbolic link". */
export class RefusedFile extends Error {
  override readonly name = "RefusedFile";
}

interface ReadOptions {
  /**
   * Follow symbolic links, as the host itself does with its own files: for files that only root
   * could have put there.
   */
  readonly follow?: boolean;
}

/**
 * The bytes of a regular file of at most {@link MAX_FILE_BYTES}. Throws {@link RefusedFile}, or what
 * Deno throws where there is no file or it may not be read.
 */
export async function readBounded(
  path: string,
  { follow = false }: ReadOptions = {},
): Promise<Uint8Array> {
  using file = await openRegular(path, { follow });
  const { size } = await file.stat();
  if (size > MAX_FILE_BYTES) throw tooLarge(size);
  return await collected(file.readable);
}

/** Standard input, of the same size at most. Throws {@link RefusedFile}. */
export async function readStdinBounded(
  readable: ReadableStream<Uint8Array> = Deno.stdin.readable,
): Promise<Uint8Array> {
  return await collected(readable);
}

/**
 * Writes a text to a regular file, or to a new one. Throws {@link RefusedFile} where something else
 * is at the path, a symbolic link above all, or leads to it.
 */
export async function writePlain(path: string, text: string): Promise<void> {
  const found = fileToWrite(path);
  using file = await Deno.open(path, {
    write: true,
    ...(found === null ? { createNew: true } : { truncate: false }),
  });
  const opened = await file.stat();
  const same = found === null ||
    (opened.ino === found.ino && opened.dev === found.dev && opened.isFile);
  if (!same) throw new RefusedFile("changed while it was opened");
  const bytes = new TextEncoder().encode(text);
  await file.truncate(0);
  let written = 0;
  while (written < bytes.length) {
    written += await file.write(bytes.subarray(written));
  }
}

/**
 * Puts a text in the place of a file, or where there is none, at once: whoever reads the path finds one
 * text or the other. Everybody may read it. Throws like {@link writePlain}.
 */
export async function replacePlain(path: string, text: string): Promise<void> {
  fileToWrite(path);
  const at = path.lastIndexOf("/") + 1;
  // whoever collects files by their ending does not take this one
  const name = `.${path.slice(at)}.${crypto.randomUUID()}.tmp`;
  const next = `${path.slice(0, at)}${name}`;
  try {
    using file = await Deno.open(next, { write: true, createNew: true });
    const bytes = new TextEncoder().encode(text);
    let written = 0;
    while (written < bytes.length) {
      written += await file.write(bytes.subarray(written));
    }
    await file.sync();
    await Deno.chmod(next, 0o644);
    await Deno.rename(next, path);
  } catch (error) {
    await Deno.remove(next).catch(() => {});
    throw error;
  }
}

/** What is at the path: a regular file, or nothing. Throws {@link RefusedFile}. */
function fileToWrite(path: string): Deno.FileInfo | null {
  try {
    refuseLinks(path);
    const found = lookAt(path);
    if (found !== null && !found.isFile) throw new RefusedFile(kindOf(found));
    return found;
  } catch (error) {
    const instead = "leave it out for standard output";
    throw outOfReach(error, path, instead);
  }
}

/** What was looked at before it was opened: a pipe would not even let itself be opened. */
export async function openRegular(
  path: string,
  { follow }: { follow: boolean },
): Promise<Deno.FsFile> {
  const before = await lookedAt(path, { follow });
  if (!before.isFile) {
    if (before.isDirectory) throw new Deno.errors.IsADirectory(path);
    throw new RefusedFile(kindOf(before));
  }
  const file = await Deno.open(path, { read: true });
  const opened = await file.stat();
  if (
    opened.isFile && opened.ino === before.ino && opened.dev === before.dev
  ) return file;
  file.close();
  throw new RefusedFile("changed while it was opened");
}

async function lookedAt(
  path: string,
  { follow }: { follow: boolean },
): Promise<Deno.FileInfo> {
  try {
    if (!follow) refuseLinks(path);
    return await (follow ? Deno.stat(path) : Deno.lstat(path));
  } catch (error) {
    throw outOfReach(error, path, 'write "-" for standard input');
  }
}

/**
 * What says why, where the runtime keeps a path from every program that may not do everything: no
 * other build would help.
 */
function outOfReach(error: unknown, path: string, instead: string): unknown {
  return error instanceof Deno.errors.NotCapable &&
      /^\/(?:dev|proc|sys)\//.test(path)
    ? new RefusedFile(
      `is out of reach, as is all below /dev, /proc and /sys: ${instead}`,
    )
    : error;
}

/**
 * Refuses symbolic links where a change under review could have put them: below this folder, and
 * at the end of every path.
 */
function refuseLinks(path: string): void {
  for (const step of reviewed(path)) {
    const found = lookAt(step);
    if (found?.isSymlink !== true) continue;
    throw new RefusedFile(
      step === path
        ? "is a symbolic link: name the file itself"
        : `is reached through the symbolic link ${JSON.stringify(step)}`,
    );
  }
}

/** Every part of the path that lies below this folder, and the whole path. */
function reviewed(path: string): string[] {
  const here = path.startsWith("/") ? `${currentFolder()}/` : "";
  if (!path.startsWith(here)) return [path];
  const steps = path.slice(here.length).split("/");
  return steps.flatMap((step, index) =>
    ["", ".", ".."].includes(step)
      ? []
      : `${here}${steps.slice(0, index + 1).join("/")}`
  );
}

function currentFolder(): string {
  try {
    return Deno.cwd();
  } catch {
    return "/nonexistent";
  }
}

async function collected(
  readable: ReadableStream<Uint8Array>,
): Promise<Uint8Array> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let total = 0;
  for await (const chunk of readable) {
    total += chunk.length;
    if (total > MAX_FILE_BYTES) throw tooLarge(null);
    chunks.push(new Uint8Array(chunk));
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

function tooLarge(size: number | null): RefusedFile {
  const has = size === null ? "has more" : `has ${size} bytes, more`;
  return new RefusedFile(`${has} than the ${MAX_FILE_BYTES} that are read`);
}

function kindOf(info: Deno.FileInfo): string {
  if (info.isSymlink) return "is a symbolic link: name the file itself";
  if (info.isDirectory) return "is a directory";
  return "is not a regular file";
}
