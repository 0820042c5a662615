/**
 * SHA-3 by the runtime, and by the library where the runtime does not know it.
 *
 * @module
 */
import assert from "node:assert/strict";
import { sha3, shake256 } from "../../src/token/sha3.ts";

const EMPTY = new Uint8Array();
// FIPS 202, of the empty message
const SHA3_256 =
  "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a";
const SHAKE256 =
  "46b9dd2b0ba88d13233b3feb743eeb243fcd52ea62b81b82b50c27646ed5762f";

Deno.test("sha3() and shake256() give the values of the standard", async () => {
  assert.equal((await sha3(EMPTY)).toHex(), SHA3_256);
  assert.equal((await shake256(EMPTY)).toHex(), SHAKE256);
});

for (
  const [what, digest] of [
    [
      "refuses it",
      () => Promise.reject(new DOMException("", "NotSupportedError")),
    ],
    ["takes a length for something else", () => {
      return Promise.resolve(new ArrayBuffer(4));
    }],
  ] as const
) {
  Deno.test(`sha3() and shake256() do without a runtime that ${what}`, async () => {
    const bytes = crypto.getRandomValues(new Uint8Array(500));
    const expected = [await sha3(bytes), await shake256(bytes)];
    const { prototype } = SubtleCrypto;
    const original = prototype.digest;
    try {
      prototype.digest = digest;
      assert.equal((await sha3(EMPTY)).toHex(), SHA3_256);
      assert.equal((await shake256(EMPTY)).toHex(), SHAKE256);
      assert.deepEqual([await sha3(bytes), await shake256(bytes)], expected);
    } finally {
      prototype.digest = original;
    }
  });
}
