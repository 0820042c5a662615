/**
 * No command writes over what it has read: a report in the place of the policy it is about, because two
 * words of a command line were swapped, would be the end of that policy.
 *
 * @module
 */
import type { CliIo } from "./io.ts";
import { RefusedFile } from "./read_file.ts";

/** The same, but what was read through it is not written, and "-" is no name of a file. */
export function sparingInputs(io: CliIo): CliIo {
  const read = new Set<string>();
  const remembering =
    (one: CliIo["readFile"]): CliIo["readFile"] => async (path, options) => {
      const bytes = await one(path, options);
      if (options?.toAddTo !== true) read.add(path);
      return bytes;
    };
  const sparing =
    (one: CliIo["writeFile"]): CliIo["writeFile"] => async (path, text) => {
      if (path === "-") {
        throw new RefusedFile(
          'is not taken for standard output, where the result goes without a name: leave it out, or write "./-" for a file of that name',
        );
      }
      if ([...read].some((each) => isSame(each, path))) {
        throw new RefusedFile("is what was read here: name another file");
      }
      await one(path, text);
    };
  return {
    ...io,
    readFile: remembering((path, options) => io.readFile(path, options)),
    readHostFile: remembering((path) => io.readHostFile(path)),
    readLines: async function* (path) {
      yield* io.readLines(path);
      read.add(path);
    },
    writeFile: sparing((path, text) => io.writeFile(path, text)),
    replaceFile: sparing((path, text) => io.replaceFile(path, text)),
  };
}

/** Whether two paths lead to one file, also by a hard link, or by another spelling. */
function isSame(one: string, other: string): boolean {
  if (one === other) return true;
  const [a, b] = [fileAt(one), fileAt(other)];
  return a !== null && b !== null && a.ino === b.ino && a.dev === b.dev;
}

function fileAt(path: string): Deno.FileInfo | null {
  try {
    // nothing is written through a link at the end of a path
    return Deno.lstatSync(path);
  } catch {
    return null;
  }
}
