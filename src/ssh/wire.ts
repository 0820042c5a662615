/**
 * The data types of the SSH protocol (RFC 4251 section 5), read within bounds and written.
 *
 * @module
 */

/** What is not UTF-8 becomes U+FFFD. Made once: a certificate has many texts. */
export const UTF8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** What was read is not of the form that it should be; the message does not hold any of it. */
export class WireError extends Error {
  override readonly name = "WireError";
}

/** Reads one value after the other. Throws {@link WireError} where there are not enough bytes. */
export class WireReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Whether everything has been read. */
  get done(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** How many bytes are left. */
  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  /** Throws unless everything has been read. */
  end(what: string): void {
    if (!this.done) throw new WireError(`${what} has bytes behind its end`);
  }

  /** The next `length` bytes, as a view. */
  take(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new WireError("it is cut off");
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  /** `uint32` */
  uint32(): number {
    const [a = 0, b = 0, c = 0, d = 0] = this.take(4);
    return a * 0x1000000 + (b << 16) + (c << 8) + d;
  }

  /** `uint64` */
  uint64(): bigint {
    return (BigInt(this.uint32()) << 32n) | BigInt(this.uint32());
  }

  /** `string`: bytes of any kind, as a view. */
  string(): Uint8Array {
    return this.take(this.uint32());
  }

  /** `string` that is printable ASCII. */
  text(): string {
    const bytes = this.string();
    if (!bytes.every((byte) => byte >= 0x20 && byte <= 0x7e)) {
      throw new WireError("a text holds more than printable ASCII");
    }
    return UTF8.decode(bytes);
  }
}

/** `string` with these contents. */
export function wireString(contents: string | Uint8Array): Uint8Array {
  const bytes = typeof contents === "string"
    ? new TextEncoder().encode(contents)
    : contents;
  return joined([uint32(bytes.length), bytes]);
}

/** `uint32` */
export function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

/** `uint64` */
export function uint64(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value);
  return bytes;
}

/** One behind the other. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(
    parts.reduce((length, part) => length + part.length, 0),
  );
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Whether both hold the same bytes. Not for secrets: it stops at the first difference. */
export function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length &&
    one.every((byte, index) => byte === other[index]);
}
