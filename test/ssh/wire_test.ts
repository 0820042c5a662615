/**
 * What SSH's wire format holds is read back, and nothing beyond the end of it.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  joined,
  sameBytes,
  uint32,
  uint64,
  WireReader,
  wireString,
} from "../../src/ssh/wire.ts";

Deno.test("what is written is read back", () => {
  const reader = new WireReader(joined([
    uint32(0xfffffffe),
    uint64(0xfffffffffffffffen),
    wireString("abc"),
    wireString(Uint8Array.of(0, 255)),
  ]));
  assert.equal(reader.uint32(), 0xfffffffe);
  assert.equal(reader.uint64(), 0xfffffffffffffffen);
  assert.equal(reader.text(), "abc");
  assert.equal(reader.done, false);
  assert.throws(() => reader.end("a key"), { message: /^a key has bytes/ });
  assert.deepEqual([...reader.string()], [0, 255]);
  reader.end("a key");
});

Deno.test("nothing is read beyond the end", () => {
  const cut = { name: "WireError", message: "it is cut off" };
  for (const length of [0, 1, 2, 3]) {
    const reader = new WireReader(new Uint8Array(length));
    assert.throws(() => reader.uint32(), cut);
  }
  // a length of almost 2^32, and one that is one too many
  for (const length of [0xffffffff, 4]) {
    const reader = new WireReader(joined([uint32(length), new Uint8Array(3)]));
    assert.throws(() => reader.string(), cut);
  }
});

Deno.test("a text is printable ASCII", () => {
  for (const byte of [0, 10, 0x1f, 0x7f, 0x80, 0xff]) {
    const reader = new WireReader(wireString(Uint8Array.of(0x61, byte)));
    assert.throws(() => reader.text(), { name: "WireError" });
  }
});

Deno.test("sameBytes() is about length and contents", () => {
  assert.equal(sameBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2)), true);
  assert.equal(sameBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3)), false);
  assert.equal(sameBytes(Uint8Array.of(1), Uint8Array.of(1, 0)), false);
});
