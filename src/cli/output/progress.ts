/**
 * Work that takes longer than two seconds shows on a terminal that it goes on: a line on standard error
 * that is written over, and wiped at the end.
 *
 * @module
 */
import type { CliIo } from "../io.ts";

const SILENT_MS = 2_000;
const EVERY_MS = 200;
/** Looking at the clock for each record would take longer than reading it. */
const EVERY_RECORDS = 1_000;

/** `what` is what goes on, such as "comparing accounts". */
export function progressOn(
  io: CliIo,
  what: string,
): (done: number, total: number) => void {
  const line = lineOn(io);
  return (done, total) => {
    if (done === total) line.wipe();
    else line.write(`${what}: ${done} of ${total}`);
  };
}

/** The same where nobody knows of how many. */
export function countingOn(
  io: CliIo,
  what: string,
): { one(): void; end(): void } {
  const line = lineOn(io);
  let count = 0;
  return {
    one: () => {
      count += 1;
      if (count % EVERY_RECORDS === 0) line.write(`${count} ${what}`);
    },
    end: line.wipe,
  };
}

function lineOn(io: CliIo): { write(text: string): void; wipe(): void } {
  const start = io.now();
  let last = start;
  let written = false;
  return {
    write: (text) => {
      const now = io.now();
      if (!io.interactive) return;
      if (now - start <= SILENT_MS || now - last <= EVERY_MS) return;
      last = now;
      written = true;
      io.stderr(`\r\x1b[K${text}`);
    },
    wipe: () => {
      if (!io.interactive) return;
      if (written) io.stderr("\r\x1b[K");
      written = false;
    },
  };
}
