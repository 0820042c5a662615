/**
 * Audit files as arguments: read one after the other, and why one cannot be.
 *
 * @module
 */
import { UsageError } from "../arguments.ts";
import { InputError, notAFile } from "../input.ts";
import type { CliIo } from "../io.ts";
import { countingOn } from "../output/progress.ts";
import { RefusedFile } from "../read_file.ts";

/** The names as they are; a file that is named twice would count twice. Throws {@link UsageError}. */
export function namedOnce(files: readonly string[]): readonly string[] {
  const twice = files.find((file, index) => files.indexOf(file) !== index);
  if (twice === undefined) return files;
  throw new UsageError(
    `the audit file ${JSON.stringify(twice)} is named twice`,
  );
}

/** What reads lines. */
interface Reader {
  /** What follows is of this file; `null` where there is no other. */
  begin(file: string | null): void;
  add(line: string): void;
}

/** Hands every line over, one file after the other. Throws {@link InputError}. */
export async function readAuditFiles(
  files: readonly string[],
  reader: Reader,
  io: CliIo,
): Promise<void> {
  const counting = countingOn(io, "records");
  try {
    for (const file of files) {
      reader.begin(files.length > 1 ? file : null);
      try {
        // a line that is cut off in the middle of a character is unreadable by itself
        for await (const line of io.readLines(file)) {
          reader.add(line);
          counting.one();
        }
      } catch (error) {
        throw new InputError(`the audit file "${file}" ${whyUnread(error)}`);
      }
    }
  } finally {
    counting.end();
  }
}

/** Begins with a verb. Throws what is a defect of ours. */
function whyUnread(error: unknown): string {
  if (error instanceof RefusedFile) return error.message;
  if (error instanceof Deno.errors.NotCapable) throw error;
  const missing = notAFile(error);
  const why = missing !== null
    ? `it ${missing}`
    : error instanceof Deno.errors.PermissionDenied
    ? "that is not permitted here, its records are its owner's"
    : error instanceof Error && "code" in error
    ? error.message
    : null;
  // what the system says has a code; anything else is ours
  if (why === null) throw error;
  return `cannot be read: ${why}`;
}
