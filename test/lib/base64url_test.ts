/**
 * One text for all bytes, one value for every text.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  decodeBase64,
  decodeBase64url,
  encodeBase64,
  encodeBase64url,
} from "../../src/lib/base64url.ts";
import { encodeSegment } from "../support/tokens.ts";

Deno.test("decodeBase64url() gives back what was encoded", () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => {
    assert.deepEqual(decodeBase64url(encodeSegment(bytes)), bytes);
  }));
});

Deno.test("decodeBase64url() takes a text only if encoding gives it back", () => {
  const text = fc.oneof(
    fc.string(),
    fc.base64String(),
    fc.stringMatching(/^[A-Za-z0-9_-]*$/),
  );
  fc.assert(fc.property(text, (input) => {
    const bytes = decodeBase64url(input);
    if (bytes !== null) assert.equal(encodeSegment(bytes), input);
  }));
  for (const input of ["A", "AB", "AAB", "AA==", "+/+/", " AAA", "AA\n", "é"]) {
    assert.equal(decodeBase64url(input), null, input);
  }
});

/** The two ways: what newer runtimes have built in, and what all have. */
const RUNTIMES: readonly [string, (body: () => void) => void][] = [
  ["", (body) => body()],
  [" where the runtime has no base64 of its own", (body) => {
    const { fromBase64 } = Uint8Array;
    const { toBase64 } = Uint8Array.prototype;
    try {
      Object.assign(Uint8Array, { fromBase64: undefined });
      Object.assign(Uint8Array.prototype, { toBase64: undefined });
      body();
    } finally {
      Object.assign(Uint8Array, { fromBase64 });
      Object.assign(Uint8Array.prototype, { toBase64 });
    }
  }],
];

for (const [where, having] of RUNTIMES) {
  Deno.test(`base64 has one text for all bytes, and one value for every text${where}`, () =>
    having(() => {
      fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const text = btoa(String.fromCharCode(...bytes));
        const url = text.replaceAll("+", "-").replaceAll("/", "_")
          .replace(/=+$/, "");
        assert.equal(encodeBase64(bytes), text);
        assert.equal(encodeBase64url(bytes), url);
        assert.deepEqual(decodeBase64(text), bytes);
        assert.deepEqual(decodeBase64url(url), bytes);
        assert.equal(decodeBase64(`${text}\n`), null);
        if (text !== url) {
          assert.equal(decodeBase64(url), null);
          assert.equal(decodeBase64url(text), null);
        }
      }));
      for (
        const input of ["A", "AA", "AA=", "AB==", "-_-_", " AAA", "A=A=", "é"]
      ) {
        assert.equal(decodeBase64(input), null, input);
      }
      for (const input of ["A", "AB", "AA==", "+/+/", " AAA", "é"]) {
        assert.equal(decodeBase64url(input), null, input);
      }
    }));
}
