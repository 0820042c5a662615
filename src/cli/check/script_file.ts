/**
 * Scripts that PAM runs.
 *
 * @module
 */
import { decodeUtf8 } from "../../files/trusted_file.ts";
import type { CliIo } from "../io.ts";

/** A script of ours is short; the program itself is not. */
const MAX_SCRIPT_BYTES = 64 * 1024;

/** The text of a script; `null` for anything else, and for what cannot be read. */
export async function scriptAt(
  path: string,
  io: CliIo,
): Promise<string | null> {
  try {
    if ((await Deno.stat(path)).size > MAX_SCRIPT_BYTES) return null;
    const text = decodeUtf8(await io.readHostFile(path));
    return text.startsWith("#!") ? text : null;
  } catch {
    return null;
  }
}
