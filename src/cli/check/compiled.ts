/**
 * `check`: what `deno compile` wrote into a program: what it may do, and the code that it runs. Some versions
 * put it behind the section headers, which end a program otherwise, where strip(1) takes it away: such a
 * program ends with 1 at every start. Later ones put it into a section of its own.
 *
 * @module
 */

/** What a program may do, as Deno's flags have it: `null` for nothing, an empty list for everything. */
export interface Allowed {
  readonly net: readonly string[] | null;
  readonly write: readonly string[] | null;
}

interface Compiled {
  readonly allowed: Allowed;
  /** All that was put in, byte by byte as {@link bytesAsText} shows it. */
  readonly contents: string;
  /** What identifies the program that was put into; `null` where it says nothing. */
  readonly engine: string | null;
}

/** A text in which each byte is one character, to look for other such texts. */
export function bytesAsText(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes);
}

/**
 * "stripped": nothing was put into it, or it was taken out again. `null`: it is not a program of Linux for
 * 64 bits, or cannot be read, or holds something that is not understood here. Does not run it.
 */
export async function readCompiled(
  path: string,
): Promise<Compiled | "stripped" | null> {
  try {
    using file = await Deno.open(path, { read: true });
    const { size } = await file.stat();
    const head = await readAt(file, 0, Math.min(size, HEAD));
    const end = endOfProgram(head);
    if (end === null || end > size) return null;
    const engine = buildId(head);
    const found = await putIn(file, { start: end, size }) ??
      await putIn(file, { start: 0, size: end });
    if (found !== null) return { ...found, engine };
    return end === size ? "stripped" : null;
  } catch {
    return null;
  }
}

/** What identifies a program that things can be put into; `null` where it says nothing. */
export async function engineOf(path: string): Promise<string | null> {
  try {
    using file = await Deno.open(path, { read: true });
    return buildId(await readAt(file, 0, HEAD));
  } catch {
    return null;
  }
}

/** The headers, and the notes behind them. */
const HEAD = 4096;

/** A whole program is a hundred million bytes. */
const CHUNK = 4 * 1024 * 1024;
/** The mark, the length, and how what follows begins. */
const OVERLAP = 18;

/** What was put into the part of a program from `start` on, up to `size`. */
async function putIn(
  file: Deno.FsFile,
  { start, size }: { start: number; size: number },
): Promise<Omit<Compiled, "engine"> | null> {
  for (let offset = start; offset < size; offset += CHUNK) {
    const length = Math.min(CHUNK + OVERLAP, size - offset);
    const chunk = bytesAsText(await readAt(file, offset, length));
    for (const { index } of chunk.matchAll(METADATA)) {
      const at = offset + index;
      const contents = bytesAsText(await readAt(file, at, size - at));
      const allowed = allowedIn(contents);
      if (allowed !== null) return { allowed, contents };
    }
  }
  return null;
}

async function readAt(
  file: Deno.FsFile,
  offset: number,
  length: number,
): Promise<Uint8Array> {
  await file.seek(offset, Deno.SeekMode.Start);
  const bytes = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const read = await file.read(bytes.subarray(filled));
    if (read === null) break;
    filled += read;
  }
  return bytes.subarray(0, filled);
}

/** elf(5): where the section headers end, which are last; `null` for anything else. */
function endOfProgram(head: Uint8Array): number | null {
  const ELF64_LITTLE_ENDIAN = "\x7fELF\x02\x01";
  if (head.length < 64 || !bytesAsText(head).startsWith(ELF64_LITTLE_ENDIAN)) {
    return null;
  }
  const view = new DataView(head.buffer, head.byteOffset);
  const headers = Number(view.getBigUint64(0x28, true));
  return headers + view.getUint16(0x3a, true) * view.getUint16(0x3c, true);
}

/** Deno's mark, the length of what follows, and how the program is to run, as JSON. */
const METADATA = /d3n0l4nd([\s\S]{8})(?=\{")/g;

/** Of a text that begins with the mark. */
function allowedIn(contents: string): Allowed | null {
  const start = OVERLAP - 2;
  const length = littleEndian(contents.slice(start - 8, start));
  try {
    const { permissions } = JSON.parse(
      contents.slice(start, start + length),
    ) as { permissions: Record<string, unknown> };
    const all = permissions.allow_all === true;
    return {
      net: all ? [] : listIn(permissions.allow_net),
      write: all ? [] : listIn(permissions.allow_write),
    };
  } catch {
    return null; // the mark is a word of Deno's own, too
  }
}

function littleEndian(text: string): number {
  const bytes = [...text].map((char) => BYTES.indexOf(char));
  return bytes.reduceRight((sum, byte) => sum * 256 + byte, 0);
}

const BYTES = bytesAsText(Uint8Array.from({ length: 256 }, (_, byte) => byte));

/** Throws for anything else. */
function listIn(value: unknown): string[] | null {
  if (value === null || value === undefined) return null;
  const list = [value].flat();
  if (list.every((each) => typeof each === "string")) return list as string[];
  throw new TypeError("not a list of texts");
}

/** The note by which a linker tells one program from another. */
function buildId(head: Uint8Array): string | null {
  // the length of the name, that of the id, NT_GNU_BUILD_ID, the name
  const header = bytesAsText(
    new Uint8Array(new Uint32Array([4, 20, 3]).buffer),
  ) + "GNU\0";
  const text = bytesAsText(head);
  const at = text.indexOf(header);
  return at < 0 ? null : text.slice(at + header.length).slice(0, 20);
}
