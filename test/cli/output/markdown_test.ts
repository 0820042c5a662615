/**
 * Markdown in which what a policy holds stays text.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  markdownCode,
  markdownFold,
  markdownRow,
  markdownTable,
  markdownText,
} from "../../../src/cli/output/markdown.ts";

/** What a reader shows for a cell: escapes and character references undone. */
function read(markdown: string): string {
  return markdown.replaceAll("\\|", "|").replace(
    /&#([0-9]+);/g,
    (_, code: string) => String.fromCharCode(Number(code)),
  );
}

const HOSTILE = [
  "a|b",
  "a\\|b\\",
  "`code` ``",
  "</details><script>alert(1)</script>",
  "**bold** _it_ __it__ email_verified ~~gone~~ $x$",
  "[a](https://evil.example) ![b](//evil.example/x.png)",
  "https://evil.example www.evil.example WWW.evil.example a@evil.example",
  "@everyone #1 !2 ~label",
  "::error::x ##[error]x ::stop-commands::x",
  ":smile: &amp; &#124;",
];

for (const text of HOSTILE) {
  Deno.test(`${JSON.stringify(text)} stays text in Markdown`, () => {
    const shown = markdownText(text);
    assert.equal(read(shown), text);
    // nothing is left that would begin anything
    assert.doesNotMatch(
      shown.replace(/&#[0-9]+;/g, ""),
      /[`*<>[\]~$#@!&]|\b_|_\b/,
    );
    assert.doesNotMatch(shown, /::|:\/|www\./i);
    // a row keeps its cells
    const cells = markdownRow([shown, "x"]).split(/(?<!\\)\|/);
    assert.equal(cells.length, 4);
  });
}

Deno.test("what would begin a line of its own is written out", () => {
  assert.equal(
    markdownText("a\n::error::x\r\x1b[31m"),
    "a&#92;u000a&#58;:error&#58;:x&#92;u000d&#92;u001b&#91;31m",
  );
});

Deno.test("code and what opens on request are one line", () => {
  assert.equal(markdownCode("a<b"), "<code>a&#60;b</code>");
  assert.equal(
    markdownFold("more", ["a", "  b|"]),
    "<details><summary>more</summary><pre>a<br>  b&#124;</pre></details>",
  );
});

Deno.test("a table has room for what a job summary takes, and counts the rest", () => {
  const lines = markdownTable(["a"], Array.from({ length: 60 }, () => ["x"]));
  assert.equal(lines.filter((line) => line === "| x |").length, 50);
  assert.equal(lines.at(-1), "and 10 more rows");
  const long = [markdownText("\u20ac".repeat(40_000))];
  const few = markdownTable(["a"], [long, long, long]);
  assert.equal(few.at(-1), "and 1 more row");
  assert.ok(new TextEncoder().encode(few.join("\n")).length * 3 < 1024 * 1024);
  assert.deepEqual(markdownTable(["a"], [["x"]]), [
    "| a |",
    "| --- |",
    "| x |",
  ]);
});
