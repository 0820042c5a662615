/**
 * Which lines of a long text a field holds.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  MAX_CHARACTERS,
  MAX_LINES,
  windowAt,
} from "../../../src/playground/view/lines.ts";

Deno.test("a field holds all of a text that is short", () => {
  for (const lines of [[""], ["a", "b"], Array(MAX_LINES).fill("x")]) {
    for (const line of [0, 1, lines.length - 1, lines.length, -5]) {
      assert.deepEqual(windowAt(lines, line), { from: 0, to: lines.length });
    }
  }
});

Deno.test("a field holds the line that is asked for, not too much, and every line is in one window", () => {
  const text = fc.array(fc.nat(60_000).map((length) => "x".repeat(length)), {
    minLength: 1,
    maxLength: 30,
  });
  fc.assert(fc.property(text, fc.nat(30), (lines, at) => {
    const line = Math.min(at, lines.length - 1);
    const { from, to } = windowAt(lines, line);
    assert.ok(from <= line && line < to);
    const { length } = lines.slice(from, to).join("\n");
    assert.ok(length <= MAX_CHARACTERS || to - from === 1);
    for (let each = from; each < to; each++) {
      assert.deepEqual(windowAt(lines, each), { from, to });
    }
    if (to < lines.length) assert.equal(windowAt(lines, to).from, to);
  }));
});

Deno.test("a field holds no more lines than a browser lays out at once", () => {
  const lines = Array(38_000).fill("ab");
  assert.deepEqual(windowAt(lines, 0), { from: 0, to: MAX_LINES });
  const { from, to } = windowAt(lines, 37_999);
  assert.deepEqual([from % MAX_LINES, to], [0, 38_000]);
});

Deno.test("a line that is longer than all is alone", () => {
  const lines = ["a", "x".repeat(1_000_000), "b"];
  assert.deepEqual(windowAt(lines, 0), { from: 0, to: 1 });
  assert.deepEqual(windowAt(lines, 1), { from: 1, to: 2 });
  assert.deepEqual(windowAt(lines, 2), { from: 2, to: 3 });
});
