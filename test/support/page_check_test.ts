/**
 * The checks of pages find what is wrong: pages that break one rule each, and one that breaks none.
 *
 * @module
 */
import assert from "node:assert/strict";
import { type Browser, SIGHTS, startBrowser } from "./page_check.ts";

const STYLE = `
:root { color-scheme: light dark; }
body { margin: 1rem; font: 16px sans-serif; color: #222; background: #fff; }
a { color: #0645ad; }
@media (prefers-color-scheme: dark) {
  body { color: #eee; background: #111; }
  a { color: #8ab4f8; }
}
@media print { :root { color-scheme: light; } body { color: #000; background: #fff; } a { color: #000; } }
:focus-visible { outline: 2px solid currentColor; }
text { fill: currentColor; font-size: 14px; }
rect { fill: none; stroke: currentColor; }
`;

const GOOD = `<h1 id="top">Who gets in</h1>
<p>Members of staff. <a href="#top">Back to the top</a></p>
<button type="button">Run</button>
<svg role="img" aria-label="a rule" width="200" height="60">
  <g><rect width="190" height="40"/><text x="5" y="25">rule staff</text></g>
</svg>`;

function pageOf(body: string, { style = "", head = "" } = {}): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>a page</title>${head}<style>${STYLE}${style}</style></head><body><main>${body}</main></body></html>`;
}

/** What is wrong, as text of page and styles, and which kinds of fault tell it. */
const BROKEN: Readonly<Record<string, [string, readonly string[], string?]>> = {
  "a table wider than the page": [
    `<table><tr><td>${"x".repeat(400)}</td></tr></table>`,
    ["sideways", "out of box"],
  ],
  "a part that scrolls sideways": [
    `<pre tabindex="0" aria-label="text" role="region">${
      "x".repeat(400)
    }</pre>`,
    ["sideways"],
    "pre { overflow-x: auto; }",
  ],
  "a cell that is cut": [
    `<div>${"name ".repeat(400)}</div>`,
    ["cut", "out of box"],
    "div { overflow: hidden; height: 2em; }",
  ],
  "text out of a box": [
    `<p><span>${"x".repeat(30)}</span></p>`,
    ["out of box"],
    "p { width: 60px; }",
  ],
  "a label out of its rectangle": [
    `<svg role="img" aria-label="a rule" width="300" height="60">
      <g><rect width="50" height="40"/><text x="5" y="25">rule staff and faculty</text></g></svg>`,
    ["out of box"],
  ],
  "a label that runs into another rectangle": [
    `<svg role="img" aria-label="a rule" width="300" height="60">
      <text x="5" y="25">rule staff and faculty</text><g class="other"><rect x="60" width="90" height="40" fill="none"/></g></svg>`,
    ["out of box"],
    ".other rect { fill: #00f1; }",
  ],
  "labels on each other": [
    `<svg role="img" aria-label="a rule" width="300" height="60">
      <text x="5" y="25">rule staff</text><text x="9" y="27">rule guests</text></svg>`,
    ["overlap"],
  ],
  "text on text": [
    "<p>one sentence</p><p class='up'>another one</p>",
    ["overlap"],
    ".up { margin-top: -2em; }",
  ],
  "text under something else": [
    "<p>one sentence</p><div></div>",
    ["overlap"],
    "div { position: relative; top: -3em; height: 3em; background: #777; }",
  ],
  "a column too narrow to read": [
    "<p>administrators</p>",
    ["squeezed"],
    "p { width: 2em; overflow-wrap: anywhere; }",
  ],
  "a word on two lines": [
    "<p>warning</p>",
    ["squeezed"],
    "p { width: 50px; overflow-wrap: anywhere; }",
  ],
  "faint text": ["<p>sentence</p>", ["contrast"], "p { color: #888; }"],
  "faint text by opacity": [
    "<div><p>sentence</p></div>",
    ["contrast"],
    "div { opacity: 0.5; }",
  ],
  "faint text in a drawing": [
    `<svg role="img" aria-label="a rule" width="300" height="60">
      <g><rect width="190" height="40"/><text x="5" y="25">rule staff</text></g></svg>`,
    ["contrast"],
    "rect { fill: #777; }",
  ],
  "a faint hint in a field": [
    `<label>Name <input placeholder="alice"></label>`,
    ["contrast"],
    "::placeholder { color: #999; }",
  ],
  "a field without a label": ["<p>Name <input></p>", ["axe"]],
  "an anchor that leads nowhere": [
    '<p><a href="#nowhere">more</a></p>',
    ["link"],
  ],
  "nothing at all": ["", ["empty"]],
};

async function withPages(
  test: (
    open: (
      text: string,
    ) => Promise<Awaited<ReturnType<Browser["open"]>>>,
    t: string,
  ) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await using browser = await startBrowser();
    let count = 0;
    await test(async (text) => {
      const path = `${folder}/${count++}.html`;
      await Deno.writeTextFile(path, text);
      return await browser.open(path);
    }, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("each way in which a page can be wrong is seen", async (t) => {
  await withPages(async (open, folder) => {
    await t.step("a page without faults", async () => {
      await using page = await open(pageOf(GOOD));
      assert.deepEqual(await page.check(), []);
      assert.deepEqual(await page.keyboard(), []);
      assert.deepEqual(await page.moving(), []);
      assert.deepEqual(await page.events(), {
        requests: [`file://${folder}/0.html`],
        connections: [],
        console: [],
        errors: [],
      });
    });
    for (const [name, [body, expected, style = ""]] of Object.entries(BROKEN)) {
      await t.step(name, async () => {
        const text = body === "" ? "" : `<h1>Who</h1>${body}`;
        await using page = await open(pageOf(text, { style }));
        const found = expected.includes("axe")
          ? await page.axe()
          : await page.faults();
        const kinds = [...new Set(found.map(({ kind }) => kind))].sort();
        assert.deepEqual(
          kinds,
          [...expected].sort(),
          JSON.stringify(found, null, 2),
        );
      });
    }
    await t.step("what only some sights show is told of them", async () => {
      const style =
        "@media (prefers-color-scheme: dark) and (max-width: 500px) { p { color: #555; } }";
      await using page = await open(
        pageOf("<h1>Who</h1><p>x y z</p>", { style }),
      );
      const found = await page.check();
      assert.deepEqual(
        found.map(({ kind, sight }) => [kind, sight]),
        [["contrast", "390 dark"]],
      );
      assert.equal(SIGHTS.length, 4);
    });
    await t.step("what is faint on paper alone", async () => {
      const style = "@media print { p { color: #ddd; background: #000; } }";
      await using page = await open(
        pageOf("<h1>Who</h1><p>x y z</p>", { style }),
      );
      const found = await page.check();
      assert.deepEqual(
        found.map(({ kind, sight }) => [kind, sight]),
        [["contrast", "paper"]],
      );
    });
    await t.step("what the keyboard does not reach", async () => {
      await using page = await open(
        pageOf('<h1>Who</h1><p class="go">go</p><button>Run</button>', {
          style: ".go { cursor: pointer; }",
        }),
      );
      const found = await page.keyboard();
      assert.deepEqual(
        found.map(({ kind }) => kind),
        ["keyboard"],
        JSON.stringify(found),
      );
      assert.match(found[0]?.where ?? "", /p\.go/);
    });
    await t.step("a focus that nobody sees", async () => {
      const style = "button:focus-visible { outline: none; }";
      await using page = await open(pageOf(GOOD, { style }));
      assert.deepEqual(
        (await page.keyboard()).map(({ kind, where }) => [kind, where]),
        [["focus", 'html > body > main > button "Run"']],
      );
    });
    await t.step("a field that keeps the focus", async () => {
      const script = `<script>addEventListener("keydown", (event) => {
        if (event.key === "Tab" && event.target.localName === "textarea") event.preventDefault();
      });</script>`;
      const body =
        `<h1>Who</h1><textarea aria-label="policy"></textarea><a href="#">x</a>`;
      await using page = await open(pageOf(body, { head: script }));
      assert.deepEqual(
        (await page.keyboard()).map(({ kind, what }) => [kind, what]),
        [
          ["keyboard", "Tab does not leave it"],
          ["keyboard", "can be clicked, but the keyboard does not reach it"],
        ],
      );
    });
    await t.step("what moves where less motion is wished for", async () => {
      const style = "p { transition: color 1s; }";
      await using page = await open(pageOf("<h1>Who</h1><p>x</p>", { style }));
      assert.deepEqual((await page.moving()).length, 1);
    });
    await t.step("requests, messages and errors", async () => {
      const script = `<script>
        console.warn("look"); fetch("http://issuer.example/keys").catch(() => {});
        new Image().src = "pixel.png"; setTimeout(() => { throw new Error("late"); });
      </script>`;
      await using page = await open(pageOf(GOOD, { head: script }));
      await page.until("document.readyState === 'complete'");
      const { requests, console, errors, connections } = await page.events();
      assert.deepEqual(requests.slice(1), [
        "http://issuer.example/keys",
        `file://${folder}/${
          requests[0]?.split("/").pop()?.replace(/\d+\.html/, "")
        }pixel.png`,
      ]);
      assert.ok(
        connections.includes("GET http://issuer.example/keys HTTP/1.1"),
      );
      assert.ok(console.includes("warning: look"), console.join("\n"));
      assert.deepEqual(errors, ["Error: late"]);
    });
    await t.step(
      "what a Content-Security-Policy refuses is a message",
      async () => {
        const head =
          `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
        <script>1</script>`;
        await using page = await open(pageOf(GOOD, { head }));
        const { console } = await page.events();
        assert.match(console.join("\n"), /error: .*Content Security Policy/);
        // which does not keep the checks from looking
        assert.deepEqual(await page.check(), []);
      },
    );
  });
});
