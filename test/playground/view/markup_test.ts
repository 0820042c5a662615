/**
 * Markup of the report as tags and words.
 *
 * @module
 */
import assert from "node:assert/strict";
import { tokensOf } from "../../../src/playground/view/markup.ts";
import { type Html, html, type Part } from "../../../src/report/html.ts";
import { diagramSection } from "../../../src/report/sections/diagram.ts";
import { leastSection } from "../../../src/report/sections/least.ts";
import { matrixSection } from "../../../src/report/sections/matrix.ts";
import { refusalsSection } from "../../../src/report/sections/refusals.ts";
import { reportFacts } from "../../../src/report/facts.ts";
import { knownPolicies, reportInput } from "../../support/report.ts";

const all = (markup: Html) => [...tokensOf(markup)];

Deno.test("tags come with their attributes, and words as they were", () => {
  const words = `<b>"x" & 'y'</b> &lt;`;
  assert.deepEqual(
    all(html`<p class="a b" id="${words}">${words}<br>z<path d="M1 2" /></p>`),
    [
      { opens: "p", attributes: [["class", "a b"], ["id", words]] },
      { words },
      { opens: "br", attributes: [] },
      { closes: "br" },
      { words: "z" },
      { opens: "path", attributes: [["d", "M1 2"]] },
      { closes: "path" },
      { closes: "p" },
    ],
  );
});

Deno.test("what no section is made of is refused", () => {
  // as a mistake in a template would have it
  const raw = (text: string) => html([text] as unknown as TemplateStringsArray);
  for (
    const text of [
      "<script>1</script>",
      "<img>",
      "<iframe></iframe>",
      "<style></style>",
      "<foreignObject></foreignObject>",
      `<p onclick="x"></p>`,
      `<p style="x"></p>`,
      `<a href="javascript:x">y</a>`,
      `<a href="https://a.example">y</a>`,
      `<rect href="#L1"/>`,
      "<p class=x></p>",
      "<p class></p>",
      "<!-- x -->",
      "<!doctype html>",
      "a < b",
      "a &nbsp; b",
      "a & b",
      "<p>",
      "</p>",
      "<p><b></p></b>",
      "<p></code>",
    ]
  ) {
    assert.throws(() => all(raw(text)), /no section is made of/, text);
  }
});

Deno.test("all that the page draws of a report goes through", () => {
  const seen = new Set<string>();
  const open: string[] = [];
  for (const known of knownPolicies()) {
    const facts = reportFacts(reportInput(known));
    const parts: Part = [
      diagramSection(facts),
      leastSection(facts),
      refusalsSection(facts),
      matrixSection(facts),
    ];
    for (const token of all(html`${parts}`)) {
      if ("opens" in token) open.push(token.opens);
      else if ("closes" in token) assert.equal(open.pop(), token.closes);
      else continue;
      if ("opens" in token) seen.add(token.opens);
    }
    assert.deepEqual(open, []);
  }
  for (const name of ["svg", "table", "a", "code"]) assert.ok(seen.has(name));
});
