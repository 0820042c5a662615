/**
 * Folders through which goes what root will run.
 *
 * @module
 */
import { checkTrustedPath, UntrustedFileError } from "../files/trusted_file.ts";
import { BuildError } from "./permissions.ts";

/** Throws `BuildError` where others could write to the path or above it. */
export function checkPlace(what: string, path: string): void {
  try {
    checkTrustedPath(path);
  } catch (error) {
    if (!(error instanceof UntrustedFileError)) throw error;
    throw new BuildError(
      `${what}: ${error.message}; whoever can write there becomes root at the next login`,
    );
  }
}

/**
 * A new folder for what a program is made of, which the caller removes. Throws `BuildError` where others could
 * put another in its place: TMPDIR may name any folder.
 */
export async function privateFolder(prefix: string): Promise<string> {
  const made = await Deno.makeTempDir({ prefix });
  const cut = made.lastIndexOf("/");
  try {
    // the one above before the folder itself, which could by now be a link to what is not to be removed
    const above = await Deno.realPath(made.slice(0, cut) || "/");
    const folder = `${above.replace(/\/$/, "")}${made.slice(cut)}`;
    checkPlace("the folder for temporary files", folder);
    return folder;
  } catch (error) {
    await Deno.remove(made);
    throw error;
  }
}
