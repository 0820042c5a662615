/**
 * Files that must be where only root could have put them: looked at as a login looks at them.
 *
 * @module
 */
import {
  readTrustedFile,
  UntrustedFileError,
} from "../../files/trusted_file.ts";
import type { HostFinding } from "./finding.ts";
import { type Mend, mend, mendTrust } from "./mend.ts";

/**
 * What keeps a login from trusting the path, whatever the file's size; `null` when nothing does.
 * Does not check the contents.
 */
export async function distrust(
  path: string,
): Promise<UntrustedFileError | null> {
  try {
    // nothing is to be read: owners and modes are looked at before the size is
    await readTrustedFile(path, { maxBytes: 0 });
    return null;
  } catch (error) {
    if (!(error instanceof UntrustedFileError)) throw error;
    return error.reason === "too_large" ? null : error;
  }
}

/** The same for a directory. Symbolic links on the way are followed, as a login does there. */
export async function distrustDirectory(path: string): Promise<string | null> {
  let real: string;
  try {
    real = await Deno.realPath(path);
  } catch {
    return `"${path}" cannot be read`;
  }
  const found = await distrust(real);
  // what is last is looked at last: everything above is in order, and it is not a file
  if (found?.reason === "not_regular" && found.path === real) return null;
  return found?.message ?? `"${path}" is not a directory`;
}

const GROUP_OR_OTHERS_WRITE = 0o022;
const STICKY = 0o1000;
export const EXECUTABLE = 0o111;
const SET_ID = 0o6000;

/** A file that PAM runs, or that runs because PAM runs another. */
export async function programFindings(
  path: string,
  { id, what, missing }: {
    id: string;
    what: string;
    /** What to do where it is not there. */
    missing?: ({ readonly hint: string } & Mend) | undefined;
  },
): Promise<HostFinding[]> {
  const finding = { id, level: "error", file: path } as const;
  const found = await distrust(path);
  if (found !== null) {
    const remedy = found.reason === "missing"
      ? missing?.fix !== undefined
        ? missing
        : { hint: `install the ${what}, or correct the path` }
      : {
        hint: `whoever can write there becomes root at the next login`,
        ...mendTrust(found),
      };
    return [{ ...finding, message: `${what}: ${found.message}`, ...remedy }];
  }
  const { mode, size } = await Deno.lstat(path);
  const [wrong, remedy] = size === 0
    ? ["is empty", missing?.fix === undefined ? {} : missing]
    : ((mode ?? 0) & EXECUTABLE) === 0
    ? ["is not executable: chmod 755 it", mend(["chmod", "755", path])]
    : ((mode ?? 0) & SET_ID) !== 0
    ? [
      "has a set-uid or set-gid bit: chmod ug-s it",
      mend(["chmod", "ug-s", path]),
    ]
    : [null, {}];
  return wrong === null
    ? []
    : [{ ...finding, message: `${what}: "${path}" ${wrong}`, ...remedy }];
}

/**
 * What keeps sshd, and the launcher that it runs, from running a program: somebody else than root might
 * have changed it, or one of the folders above; a sticky one such as /tmp is no exception. `null` when
 * nothing does. Links are refused unless they are to be followed. Debian's sshd also takes what a group can
 * write that has root alone in it; others do not.
 */
export async function onlyRoot(
  path: string,
  { follow }: { follow: boolean },
): Promise<string | null> {
  if (!path.startsWith("/")) return `"${path}" is not an absolute path`;
  let real = path;
  try {
    if (follow) real = await Deno.realPath(path);
    const steps = real.split("/").filter((step) => step !== "");
    for (const index of Array(steps.length + 1).keys()) {
      const component = `/${steps.slice(0, index).join("/")}`;
      const { isSymlink, isFile, uid, mode } = await Deno.lstat(component);
      if (isSymlink) return `"${component}" is a symbolic link`;
      if (uid !== 0) return `"${component}" belongs to uid ${uid}, not to root`;
      const bits = mode ?? 0o777;
      if ((bits & GROUP_OR_OTHERS_WRITE) !== 0) {
        const why = `"${component}" can be written by others`;
        // nobody is to be told to close /tmp
        return (bits & STICKY) !== 0
          ? `${why}: nothing below it is root's alone`
          : `${why}: chmod go-w it`;
      }
      if (index === steps.length && !isFile) {
        return `"${path}" is not a regular file`;
      }
    }
  } catch (error) {
    return error instanceof Deno.errors.NotFound
      ? `"${path}" does not exist`
      : `"${path}" cannot be looked at`;
  }
  return null;
}
