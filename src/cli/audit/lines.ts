/**
 * Reading audit files: of any size, also compressed ones, one line after the other, in memory that is
 * bounded whatever the file holds.
 *
 * @module
 */
import { MAX_AUDIT_CHARACTERS } from "../../lib/audit_record.ts";
import { openRegular, RefusedFile } from "../read_file.ts";

/**
 * The lines of a regular file, plain or compressed by gzip, without their ends; of standard input for
 * "-". A line that is too long to be one is cut, to more characters than one may have. Throws
 * `RefusedFile`, or what Deno throws where there is no file or it may not be read.
 */
export async function* readLines(path: string): AsyncGenerator<string> {
  if (path === "-") return yield* linesOf(Deno.stdin.readable);
  using file = await openRegular(path, { follow: false });
  yield* linesOf(file.readable);
}

async function* linesOf(
  readable: ReadableStream<Uint8Array>,
): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of plain(readable)) {
    const text = decoder.decode(bytes, { stream: true });
    let start = 0;
    for (;;) {
      const end = text.indexOf("\n", start);
      if (end < 0) break;
      yield started(rest, text.slice(start, end));
      rest = "";
      start = end + 1;
    }
    rest = started(rest, text.slice(start));
  }
  if (rest !== "") yield rest;
}

/** A line as far as it is known; what is too long already does not grow. */
function started(rest: string, more: string): string {
  const room = MAX_AUDIT_CHARACTERS + 1 - rest.length;
  return room <= 0 ? rest : rest + more.slice(0, room);
}

/** How files begin that were compressed. */
const COMPRESSED: readonly (readonly [string, readonly number[]])[] = [
  ["gzip", [0x1f, 0x8b]],
  ["zstd", [0x28, 0xb5, 0x2f, 0xfd]],
  ["xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a]],
  ["bzip2", [0x42, 0x5a, 0x68]],
  ["lz4", [0x04, 0x22, 0x4d, 0x18]],
  ["zip", [0x50, 0x4b, 0x03, 0x04]],
];

/** The bytes that were compressed, where they were. Throws {@link RefusedFile}. */
async function* plain(
  readable: ReadableStream<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const source = readable[Symbol.asyncIterator]();
  try {
    const head = await headOf(source);
    const format = COMPRESSED.find(([, magic]) =>
      magic.every((byte, index) => head[index] === byte)
    )?.[0];
    const all = concatenated(head, source);
    if (format === undefined) yield* all;
    else if (format === "gzip") yield* decompressed(all);
    else {
      throw new RefusedFile(
        `is compressed by ${format}, which is not read: decompress it, name "-", and hand it over`,
      );
    }
  } finally {
    await source.return?.();
  }
}

/** As many bytes as tell how a file was compressed: a pipe may give one at a time. */
async function headOf(
  source: AsyncIterator<Uint8Array>,
): Promise<Uint8Array> {
  let head = new Uint8Array();
  while (head.length < 6) {
    const { done, value } = await source.next();
    if (done) break;
    const more = new Uint8Array(head.length + value.length);
    more.set(head);
    more.set(value, head.length);
    head = more;
  }
  return head;
}

async function* concatenated(
  head: Uint8Array,
  source: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield head;
  for (;;) {
    const { done, value } = await source.next();
    if (done) return;
    yield value;
  }
}

/** Compressed bytes that are handed over at once: they may stand for a thousand times as many. */
const PIECE = 1024;

async function* decompressed(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const stream = new DecompressionStream("gzip");
  const writer = stream.writable.getWriter();
  const reader = stream.readable.getReader();
  const written = (async () => {
    for await (const bytes of source) {
      for (let at = 0; at < bytes.length; at += PIECE) {
        await writer.ready;
        await writer.write(new Uint8Array(bytes.subarray(at, at + PIECE)));
      }
    }
    await writer.close();
  })();
  // it also fails the reading side, where it is said
  written.catch(() => {});
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      yield value;
    }
    await written;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new RefusedFile(
      'cannot be decompressed to its end: if "zcat" can, name "-" and hand its output over',
    );
  } finally {
    await reader.cancel().catch(() => {});
  }
}
