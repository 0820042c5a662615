/**
 * Which part of a long text a field holds.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  isMuch,
  MAX_CHARACTERS,
  MAX_IN_LINE,
  MAX_LINES,
  placeWords,
  windowAt,
} from "../../../src/playground/view/lines.ts";

Deno.test("a field holds all of a text that is short", () => {
  for (
    const lines of [[""], ["a", "b"], Array(MAX_LINES).fill("x"), ["", ""]]
  ) {
    const text = lines.join("\n");
    for (
      const at of [0, 1, text.length - 1, text.length, text.length + 9, -5]
    ) {
      assert.deepEqual(windowAt(text, at), { from: 0, to: text.length });
    }
    assert.equal(isMuch(text), false);
  }
});

Deno.test("a field holds the character that is asked for, not too much, and every one is in one part", () => {
  const lines = fc.array(
    fc.oneof(fc.nat(60_000), fc.nat(300)).map((length) => "x".repeat(length)),
    { minLength: 1, maxLength: 30 },
  );
  fc.assert(
    fc.property(
      lines,
      fc.double({ min: 0, max: 1, noNaN: true }),
      (lines, share) => {
        const text = lines.join("\n");
        const at = Math.floor(share * text.length);
        const { from, to } = windowAt(text, at);
        assert.ok(from <= at && at <= to);
        assert.equal(isMuch(text.slice(from, to)), false);
        for (const each of [from, Math.floor((from + to) / 2), to - 1]) {
          if (each >= from) {
            assert.deepEqual(windowAt(text, each), {
              from,
              to,
            });
          }
        }
        // nothing but the end of a line is between two of them
        if (to < text.length) {
          const next = text[to] === "\n" ? to + 1 : to;
          assert.equal(windowAt(text, next).from, next);
        }
        if (from > 0) {
          const before = windowAt(text, from - 1);
          assert.equal(before.to, text[from - 1] === "\n" ? from - 1 : from);
        }
      },
    ),
  );
});

Deno.test("a field holds no more lines than a browser lays out at once", () => {
  const text = Array(38_000).fill("ab").join("\n");
  assert.deepEqual(windowAt(text, 0), { from: 0, to: MAX_LINES * 3 - 1 });
  assert.deepEqual(windowAt(text, text.length), {
    from: 36_000 * 3,
    to: text.length,
  });
  assert.equal(isMuch(text), true);
  assert.equal(isMuch("\n".repeat(MAX_LINES)), true);
  assert.equal(isMuch("\n".repeat(MAX_LINES - 1)), false);
});

Deno.test("a field holds a piece of a line that is too long, and says so", () => {
  const text = `a\n${"x".repeat(1_000_000)}\nb\nc`;
  assert.deepEqual(windowAt(text, 0), { from: 0, to: 1 });
  const first = windowAt(text, 2);
  assert.deepEqual(first, { from: 2, to: 2 + MAX_IN_LINE });
  assert.equal(
    placeWords(text, first),
    "The field holds lines 2 to 2 of 4; line 2 is cut: of its 1000000 characters these are 1 to 20000",
  );
  const second = windowAt(text, first.to);
  assert.deepEqual(second, { from: first.to, to: first.to + MAX_IN_LINE });
  assert.match(placeWords(text, second), /these are 20001 to 40000$/);
  // the rest goes on with the lines after it
  const last = windowAt(text, text.length);
  assert.deepEqual(last, {
    from: 2 + 1_000_000 - MAX_IN_LINE,
    to: text.length,
  });
  assert.equal(
    placeWords(text, last),
    "The field holds lines 2 to 4 of 4; line 2 is cut: of its 1000000 characters these are 980001 to 1000000",
  );
  assert.equal(
    placeWords("a\nb", { from: 0, to: 3 }),
    "The field holds lines 1 to 2 of 2",
  );
  assert.equal(isMuch(text), true);
  assert.ok(MAX_IN_LINE < MAX_CHARACTERS);
});

Deno.test("no character is cut in half", () => {
  for (const text of ["😀".repeat(30_000), `x${"😀".repeat(30_000)}`]) {
    for (let at = 0; at < text.length;) {
      const { from, to } = windowAt(text, at);
      assert.ok(text.slice(from, to).isWellFormed(), `${from} ${to}`);
      at = to;
    }
  }
});
