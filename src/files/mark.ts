/**
 * Marks that something has been done, for what protects nothing.
 *
 * @module
 */
import { isOwnFile, StateError } from "./private_directory.ts";
import { checkFolders, createFolders } from "./state_directory.ts";

/**
 * Leaves a mark in a folder below `root`; false when it was there. The host's end may undo it, and two
 * that try at once may both be told true. Throws where none can be left.
 *
 * Without an exception for what is usual, and not synced: both would cost a login more than the mark.
 */
export async function mark(
  root: string,
  folder: "recent",
  name: string,
): Promise<boolean> {
  const directory = `${root}/${folder}`;
  try {
    checkFolders(root, directory);
  } catch {
    await createFolders(root, directory);
  }
  const options = { write: true, create: true, mode: 0o600 };
  using file = Deno.openSync(`${directory}/${name}`, options);
  const info = file.statSync();
  if (!isOwnFile(info)) throw new StateError("the mark is not a private file");
  return info.size === 0 && file.writeSync(Uint8Array.of(10)) === 1;
}
