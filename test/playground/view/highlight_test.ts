/**
 * How a line of YAML is drawn.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { MAX_LINE, piecesOf } from "../../../src/playground/view/highlight.ts";

function drawn(
  line: string,
  marks: Parameters<typeof piecesOf>[1]["marks"] = [],
) {
  return piecesOf(line, { number: 3, marks })
    .map(({ text, classes }) =>
      classes.length === 0 ? text : `<${classes.join(" ")}:${text}>`
    ).join("");
}

Deno.test("keys, strings, numbers and comments are told apart", () => {
  assert.equal(
    drawn(`  any: ["a # b", 'c', 12h, true] # why: not`),
    `  <y-key:any>: [<y-string:"a # b">, <y-string:'c'>, <y-number:12h>, <y-number:true>] <y-comment:# why: not>`,
  );
  assert.equal(
    drawn("issuer: https://a.example/#x"),
    "<y-key:issuer>: https://a.example/#x",
  );
});

Deno.test("what was found is underlined, the worst on top", () => {
  const span = { line: 3, column: 1, endLine: 3, endColumn: 4 };
  assert.equal(
    drawn("abc: d", [
      { ...span, level: "warning", endColumn: 7 },
      { ...span, level: "error" },
      { ...span, level: "error", line: 4, endLine: 4 },
    ]),
    "<y-key mark-error:abc><mark-warning:: d>",
  );
});

Deno.test("a finding at the end of a line, or over several, can be seen", () => {
  const at = (column: number, endLine = 3, endColumn = column) => [
    { level: "error" as const, line: 3, column, endLine, endColumn },
  ];
  assert.equal(drawn("ab", at(3)), "a<mark-error:b>");
  assert.equal(drawn("ab c", at(2, 9, 1)), "a<mark-error:b c>");
  assert.equal(
    drawn("  ab", [
      { level: "info", line: 1, column: 1, endLine: 3, endColumn: 4 },
    ]),
    "  <mark-info:a>b",
  );
});

Deno.test("of the rest of a line that is cut, what is there is underlined in its place", () => {
  const mark = (column: number, endColumn: number, endLine = 3) => ({
    ...{ level: "error" as const, line: 3, column, endLine, endColumn },
  });
  const rest = (mark: Parameters<typeof piecesOf>[1]["marks"][number]) =>
    piecesOf("abcd", { number: 3, marks: [mark], before: 100 })
      .map(({ text, classes }) => classes.length === 0 ? text : `<${text}>`)
      .join("");
  assert.equal(rest(mark(102, 104)), "a<bc>d");
  assert.equal(rest(mark(90, 102)), "<a>bcd");
  assert.equal(rest(mark(90, 101)), "abcd");
  assert.equal(rest(mark(1, 3)), "abcd");
  assert.equal(rest(mark(1, 3, 4)), "<abcd>");
});

Deno.test("what is drawn is the line, whatever is in it", () => {
  const span = fc.record({
    level: fc.constantFrom("error" as const, "warning" as const),
    line: fc.integer({ min: 1, max: 5 }),
    column: fc.integer({ min: 1, max: 30 }),
    endLine: fc.integer({ min: 1, max: 5 }),
    endColumn: fc.integer({ min: 1, max: 30 }),
  });
  const line = fc.string({ unit: "grapheme" })
    .map((text) => text.replaceAll("\n", " "));
  fc.assert(fc.property(line, fc.array(span), (text, marks) => {
    const pieces = piecesOf(text, { number: 3, marks });
    assert.equal(pieces.map((piece) => piece.text).join(""), text);
  }));
});

Deno.test("of a long line only the beginning is drawn, at once", () => {
  for (const text of ['"'.repeat(1e6), "a".repeat(1e6), "a: ".repeat(3e5)]) {
    const before = performance.now();
    const pieces = piecesOf(text, { number: 3, marks: [] });
    assert.ok(performance.now() - before < 500);
    assert.equal(pieces.map((each) => each.text).join("").length, MAX_LINE);
  }
});
