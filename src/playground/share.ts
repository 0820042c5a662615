/**
 * What stands behind the "#" of a link: base64url(deflate-raw(JSON)) of the texts on the page, and a checksum:
 * deflate has none, and a damaged link would show another policy. Browsers do not send it to any server.
 *
 * A token is never in it: {@link Shared} has no place for one.
 *
 * @module
 */
import { decodeBase64url, encodeBase64url } from "../lib/base64url.ts";
import { isObject } from "../lib/json.ts";

/** What a link carries. */
export interface Shared {
  readonly policy: string;
  readonly tests: string;
  /** A document of claims, only where somebody ticked the box. */
  readonly claims?: string;
}

/** A link that is not followed, and why. */
interface Refused {
  readonly refused: string;
}

/** Characters of a fragment that are looked at. */
export const MAX_FRAGMENT = 1_500_000;

/** Bytes that a fragment may become: deflate makes a thousand out of one. */
const MAX_INFLATED = 2_000_000;

/** The fragment, without "#". */
export async function fragmentOf(shared: Shared): Promise<string> {
  const texts = textsOf(shared);
  const members = { ...texts, check: checkOf(texts) };
  const bytes = new TextEncoder().encode(JSON.stringify(members));
  const deflated = await through(bytes, new CompressionStream("deflate-raw"), {
    most: Infinity,
    piece: 65_536,
  });
  return encodeBase64url(deflated ?? new Uint8Array());
}

/** Nothing else that an object may hold. */
function textsOf({ policy, tests, claims }: Shared): Shared {
  return { policy, tests, ...(claims === undefined ? {} : { claims }) };
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let crc = index;
  for (let bit = 0; bit < 8; bit++) {
    crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return crc;
});

/** CRC-32 of the texts (as in gzip, RFC 1952 section 8), in hex. It is for accidents, not against anybody. */
function checkOf({ policy, tests, claims }: Shared): string {
  const text = JSON.stringify([policy, tests, claims]);
  let crc = 0xffffffff;
  for (const byte of new TextEncoder().encode(text)) {
    crc = (crc >>> 8) ^ (CRC_TABLE[(crc ^ byte) & 0xff] ?? 0);
  }
  return (~crc >>> 0).toString(16).padStart(8, "0");
}

/**
 * What a fragment carries. Whatever has another shape than {@link fragmentOf} writes is refused; only the
 * checksum may be missing, in links that somebody made by hand.
 */
export async function sharedIn(fragment: string): Promise<Shared | Refused> {
  if (fragment.length > MAX_FRAGMENT) {
    return { refused: "the link is too long: nothing of it was taken" };
  }
  const deflated = decodeBase64url(fragment);
  if (deflated === null || deflated.length === 0) return DAMAGED;
  let text: string;
  try {
    const stream = new DecompressionStream("deflate-raw");
    const inflated = await through(deflated, stream, {
      most: MAX_INFLATED,
      piece: PIECE,
    });
    if (inflated === null) {
      return { refused: "the link carries too much: nothing of it was taken" };
    }
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
      .decode(inflated);
  } catch {
    return DAMAGED;
  }
  return shapeOf(text);
}

const DAMAGED: Refused = {
  refused: "the link is damaged: nothing of it was taken",
};

const FOREIGN: Refused = {
  refused: "the link is not one of this page: nothing of it was taken",
};

function shapeOf(text: string): Shared | Refused {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return FOREIGN;
  }
  if (!isObject(value)) return FOREIGN;
  const { policy, tests, claims, check, ...others } = value;
  if (typeof policy !== "string" || typeof tests !== "string") return FOREIGN;
  if (Object.keys(others).length > 0) return FOREIGN;
  if (claims !== undefined && typeof claims !== "string") return FOREIGN;
  const shared: Shared = {
    policy,
    tests,
    ...(claims === undefined ? {} : { claims }),
  };
  return check === undefined || check === checkOf(shared) ? shared : DAMAGED;
}

/**
 * A runtime may inflate all that it is given before it lets anybody look at the first of it: so it never gets
 * more than becomes a megabyte.
 */
const PIECE = 1_000;

async function feed(
  writer: WritableStreamDefaultWriter<BufferSource>,
  bytes: Uint8Array,
  piece: number,
): Promise<void> {
  for (let at = 0; at < bytes.length; at += piece) {
    await writer.ready;
    await writer.write(
      bytes.subarray(at, at + piece) as Uint8Array<ArrayBuffer>,
    );
  }
  await writer.close();
}

/** All that comes out of a stream; `null` where that is more than `most` bytes. Throws what it throws. */
async function through(
  bytes: Uint8Array,
  stream: CompressionStream | DecompressionStream,
  { most, piece }: { most: number; piece: number },
): Promise<Uint8Array | null> {
  // what is wrong is told to the reader as well
  const written = feed(stream.writable.getWriter(), bytes, piece).catch(
    () => {},
  );
  const reader = stream.readable.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > most) {
      await reader.cancel().catch(() => {});
      return null;
    }
    chunks.push(value);
  }
  await written;
  const all = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
