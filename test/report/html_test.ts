/**
 * Templates: words stay words.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { html, type Part, styleElement, text } from "../../src/report/html.ts";
import { holds } from "../support/properties.ts";

Deno.test("words cannot leave where they stand, in content or in quotes", () => {
  const words = `</p><script>alert(1)</script>" onload='x' &amp;`;
  assert.equal(
    text(html`<p title="${words}">${words}</p>`),
    '<p title="&lt;/p&gt;&lt;script&gt;alert(1)&lt;/script&gt;&quot; ' +
      'onload=&#39;x&#39; &amp;amp;">&lt;/p&gt;&lt;script&gt;alert(1)' +
      "&lt;/script&gt;&quot; onload=&#39;x&#39; &amp;amp;</p>",
  );
});

Deno.test("markup goes in as it is, alone, in arrays and deeper", () => {
  const items = ["a", "<b>"].map((item) => html`<li>${item}</li>`);
  assert.equal(
    text(html`<ul>${items}${[[html`<hr>`], 3]}</ul>`),
    "<ul><li>a</li><li>&lt;b&gt;</li><hr>3</ul>",
  );
});

Deno.test("what only looks like markup is words", () => {
  const pretended = { toString: () => "<script>" } as unknown as Part;
  assert.equal(text(html`<p>${pretended}</p>`), "<p>&lt;script&gt;</p>");
  const copied = structuredClone({ ...html`<b>` }) as unknown as Part;
  assert.equal(text(html`<p>${copied}</p>`), "<p>[object Object]</p>");
});

Deno.test("characters that steer are shown by their numbers", () => {
  assert.equal(
    text(html`<p>${"a\u202eb\u0000\n\u2066c\ud800"}</p>`),
    "<p>a\\u202eb\\u0000\\u000a\\u2066c\ufffd</p>",
  );
});

Deno.test("a template with words beside the quotes is refused", () => {
  assert.throws(() => html`<p title=${"a"}>`, /where only quotes/);
  assert.throws(() => html`<${"p"}>`, /where only quotes/);
  assert.throws(() => html`</${"p"}>`, /where only quotes/);
});

Deno.test("any words: no tag, no quote, no entity of their own", () => {
  holds(
    fc.property(fc.string({ unit: "binary" }), (words) => {
      const inside = text(html`<i>${words}</i>`).slice(3, -4);
      assert.doesNotMatch(inside, /[<>"'\n\r]|&(?!(?:amp|lt|gt|quot|#39);)/);
    }),
    { runs: 200 },
  );
});

Deno.test("a style sheet cannot end its element", () => {
  assert.equal(text(styleElement("a > b {}")), "<style>a > b {}</style>");
  assert.throws(() => styleElement("</style>"), /may not hold/);
});
