/**
 * What has happened within the last minute or two, as lines of one file a minute: for what protects
 * nothing, because the host's end may undo it.
 *
 * Without exceptions for what is usual, and not synced: both would cost a login more than all the rest.
 *
 * @module
 */
import { contentsOf, isOwnFile, StateError } from "./private_directory.ts";
import { checkFolders, createFolders } from "./state_directory.ts";

const MINUTE_MS = 60_000;
/** Bytes of a minute that are read; when there are more, nobody can tell. */
const MAX_BYTES = 1024 * 1024;

interface Remembered {
  /** Whether the line was there. Of two processes that ask at once, both may be told that it was not. */
  readonly known: boolean;
  /** Whether it is the first of its minute, and earlier ones should be swept. */
  readonly first: boolean;
}

/**
 * Remembers a line, in a folder below `root`, and says whether it was known. `now` is in milliseconds.
 * Throws where that cannot be told.
 */
export async function remember(
  line: string,
  { root, folder, now }: { root: string; folder: "recent"; now: number },
): Promise<Remembered> {
  const directory = `${root}/${folder}`;
  try {
    checkFolders(root, directory);
  } catch {
    await createFolders(root, directory);
  }
  const minute = minuteOf(now);
  using file = open(`${directory}/${minute}`);
  const text = contents(file);
  if (hasLine(text, line)) return { known: true, first: false };
  using before = open(`${directory}/${minute - 1}`);
  if (hasLine(contents(before), line)) return { known: true, first: false };
  const bytes = new TextEncoder().encode(`${line}\n`);
  if (file.writeSync(bytes) !== bytes.length) throw new StateError("disk full");
  return { known: false, first: text === "" };
}

/** Whether a file of that name is too old to be looked at. */
export function isForgotten(name: string, now: number): boolean {
  return !(Number(name) >= minuteOf(now) - 1);
}

function hasLine(text: string, line: string): boolean {
  return `\n${text}`.includes(`\n${line}\n`);
}

function minuteOf(now: number): number {
  return Math.floor(now / MINUTE_MS);
}

function open(path: string): Deno.FsFile {
  const options = { read: true, append: true, create: true, mode: 0o600 };
  return Deno.openSync(path, options);
}

function contents(file: Deno.FsFile): string {
  const info = file.statSync();
  if (!isOwnFile(info) || info.size > MAX_BYTES) {
    throw new StateError("not a private file, or too large");
  }
  return new TextDecoder().decode(contentsOf(file, info.size));
}
