/**
 * What a verb for people gets from the process. Tests hand in their own.
 *
 * @module
 */
import { readLines } from "./audit/lines.ts";
import {
  readBounded,
  readStdinBounded,
  replacePlain,
  writePlain,
} from "./read_file.ts";

export interface CliIo {
  /** Results. */
  readonly stdout: (text: string) => void;
  /** Everything else. */
  readonly stderr: (text: string) => void;
  readonly readStdin: () => Promise<Uint8Array>;
  /** A file that people wrote, perhaps those whose change is judged: `read_file.ts`. */
  readonly readFile: (
    path: string,
    /** Whether the command writes the file again, with something added. */
    options?: { readonly toAddTo?: boolean },
  ) => Promise<Uint8Array>;
  /** A file of the host itself, which may be a symbolic link. */
  readonly readHostFile: (path: string) => Promise<Uint8Array>;
  /** The lines of a file of any size, or of standard input for "-": `audit/lines.ts`. */
  readonly readLines: (path: string) => AsyncIterable<string>;
  readonly writeFile: (path: string, text: string) => Promise<void>;
  /** The same for a file that others read at any time: `replacePlain()`. */
  readonly replaceFile: (path: string, text: string) => Promise<void>;
  /** The names in a folder, sorted; an empty list when there is none. */
  readonly listFolder: (path: string) => Promise<string[]>;
  /** The value of an environment variable. May throw. */
  readonly env?: (name: string) => string | undefined;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Whether standard output takes colours: a terminal, and NO_COLOR is not set. */
  readonly color: boolean;
  /** Whether standard error is a terminal, where progress is shown. */
  readonly interactive: boolean;
}

/** The process itself. */
export function processIo(options: Pick<CliIo, "env"> = {}): CliIo {
  return {
    ...options,
    stdout: (text) => writeResult(Deno.stdout, text),
    stderr: (text) => {
      try {
        writeAll(Deno.stderr, text);
      } catch {
        // nobody listens; the exit code still tells
      }
    },
    readStdin: () => readStdinBounded(),
    readFile: (path) => readBounded(path),
    readHostFile: (path) => readBounded(path, { follow: true }),
    readLines,
    writeFile: writePlain,
    replaceFile: replacePlain,
    listFolder: async (path) => {
      const names: string[] = [];
      try {
        for await (const entry of Deno.readDir(path)) names.push(entry.name);
      } catch {
        // no folder, no names
      }
      return names.sort();
    },
    now: () => Date.now(),
    color: !Deno.noColor && Deno.stdout.isTerminal(),
    interactive: Deno.stderr.isTerminal(),
  };
}

/** Standard output took only a part of the result: that is no answer. The message says why. */
export class OutputError extends Error {
  override readonly name = "OutputError";
}

interface Stream {
  writeSync(bytes: Uint8Array): number;
}

/** Writes a result; whoever stopped reading has what they wanted. Throws {@link OutputError}. */
export function writeResult(stream: Stream, text: string): void {
  try {
    writeAll(stream, text);
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) return;
    const why = error instanceof Error ? error.message : String(error);
    throw new OutputError(
      `standard output cannot be written: ${
        why.replace(/ \(os error \d+\)$/, "")
      }`,
    );
  }
}

/**
 * Of so many bytes a pipe takes all or none (PIPE_BUF). Of more it may take some before it is full, and
 * the runtime does not tell how many.
 */
const AT_ONCE = 4096;

/** Milliseconds between two tries. */
const PAUSE = 5;

function writeAll(stream: Stream, text: string): void {
  let bytes = new TextEncoder().encode(text);
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(stream.writeSync(bytes.subarray(0, AT_ONCE)));
    } catch (error) {
      // a pipe that another process made non-blocking, and that is full
      if (!(error instanceof Deno.errors.WouldBlock)) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE);
    }
  }
}
