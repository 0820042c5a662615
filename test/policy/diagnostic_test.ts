/**
 * Findings are sorted, suggestions are near, lists are readable.
 *
 * @module
 */

import assert from "node:assert/strict";
import {
  type Diagnostic,
  sortDiagnostics,
} from "../../src/policy/diagnostic.ts";
import { listOf, nearest } from "../../src/lib/text.ts";

const finding = (
  file: string,
  line: number,
  column: number,
  id: string,
): Diagnostic => ({
  file,
  line,
  column,
  id,
  endLine: line,
  endColumn: column + 1,
  level: "error",
  confidence: "high",
  message: "m",
});

Deno.test("sortDiagnostics() sorts by file, line, column, id, and leaves its input alone", () => {
  const input = [
    finding("b", 1, 1, "x/a"),
    finding("a", 10, 1, "x/a"),
    finding("a", 9, 10, "x/a"),
    finding("a", 9, 2, "x/b"),
    finding("a", 9, 2, "x/a"),
  ];
  const copy = structuredClone(input);
  assert.deepEqual(
    sortDiagnostics(input).map(({ file, line, column, id }) =>
      `${file}:${line}:${column} ${id}`
    ),
    ["a:9:2 x/a", "a:9:2 x/b", "a:9:10 x/a", "a:10:1 x/a", "b:1:1 x/a"],
  );
  assert.deepEqual(input, copy);
});

for (
  const [word, candidates, expected] of [
    ["audiance", ["issuer", "audiences", "kind"], "audiences"],
    ["Allow", ["allow", "deny"], "allow"],
    ["is", ["any", "in"], "in"],
    ["campsu", ["lab", "campus"], "campus"],
    ["permit", ["allow", "deny"], undefined],
    ["x", ["any", "all"], undefined],
    ["", ["any"], undefined],
    ["any", [], undefined],
    ["groups", ["groups"], "groups"],
  ] as const
) {
  Deno.test(`nearest() suggests ${expected} for ${JSON.stringify(word)}`, () => {
    assert.equal(nearest(word, candidates), expected);
  });
}

Deno.test("nearest() is quick about a long word", () => {
  const start = performance.now();
  nearest("a".repeat(1_000_000), ["allow", "a".repeat(64)]);
  assert.ok(performance.now() - start < 100);
});

Deno.test("listOf() quotes, joins and cuts", () => {
  assert.equal(listOf([]), "");
  assert.equal(listOf(["a"]), '"a"');
  assert.equal(listOf(["a", "b"]), '"a" or "b"');
  assert.equal(listOf(["a", "b", "c"]), '"a", "b" or "c"');
  assert.equal(listOf(["a", "b", "c"], 2), '"a", "b", …');
  assert.equal(listOf(['"\n']), '"\\"\\n"');
});
