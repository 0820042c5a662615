/**
 * One text for all bytes, one value for every text.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeBase64url } from "../../src/lib/base64url.ts";
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
