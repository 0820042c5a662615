/**
 * Wrapping by columns: no line is wider, and nothing is lost.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { columns, wrapped } from "../../src/report/wrap.ts";
import { visible } from "../../src/lib/text.ts";
import { holds } from "../support/properties.ts";

Deno.test("words go to the next line, longer ones are cut, and none is lost", () => {
  assert.deepEqual(wrapped("sshd · from anywhere · MFA · old", 12), [
    "sshd · from",
    "anywhere ·",
    "MFA · old",
  ]);
  assert.deepEqual(wrapped("abcdefghij kl", 4), ["abcd", "efgh", "ij", "kl"]);
  assert.deepEqual(wrapped("", 4), [""]);
});

Deno.test("what is not plain takes two columns", () => {
  assert.deepEqual(["a", "é", "漢", "漢字a"].map(columns), [1, 1, 2, 5]);
  assert.deepEqual(wrapped("漢字漢字", 4), ["漢字", "漢字"]);
});

Deno.test("no line is wider, whatever the text, and all of it is there", () => {
  const texts = fc.oneof(
    fc.string({ unit: "binary", maxLength: 200 }),
    fc.string({ unit: "grapheme-composite", maxLength: 200 }),
    fc.constant("a" + "\u0301".repeat(100)),
  );
  holds(
    fc.property(texts, fc.integer({ min: 4, max: 40 }), (text, width) => {
      const lines = wrapped(text, width);
      for (const line of lines) assert.ok(columns(line) <= width, line);
      assert.equal(
        lines.join("").replaceAll(" ", ""),
        visible(text.toWellFormed()).replaceAll(" ", ""),
      );
    }),
    { runs: 400 },
  );
});
