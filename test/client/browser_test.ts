/**
 * Which program opens a page, and that it is started.
 *
 * @module
 */
import assert from "node:assert/strict";
import { browserCommands, openInBrowser } from "../../src/client/browser.ts";
import { until } from "../support/pam.ts";

const URL_ = "https://login.example.edu/auth?a=1&b=%20";

const CASES: readonly [string, Record<string, string>, string, string[][]][] = [
  ["nothing", {}, "linux", []],
  ["a desktop", { DISPLAY: ":0" }, "linux", [["xdg-open", URL_]]],
  ["Wayland", { WAYLAND_DISPLAY: "wayland-0" }, "linux", [["xdg-open", URL_]]],
  ["an empty DISPLAY", { DISPLAY: "" }, "linux", []],
  ["macOS", {}, "darwin", [["open", URL_]]],
  ["BROWSER alone", { BROWSER: "lynx -x" }, "linux", [["lynx", "-x", URL_]]],
  ["an empty BROWSER", { BROWSER: "" }, "linux", []],
  [
    "several of BROWSER, and a desktop",
    { BROWSER: "a:b --new=%s -q: :c", DISPLAY: ":0" },
    "linux",
    [["a", URL_], ["b", `--new=${URL_}`, "-q"], ["c", URL_], [
      "xdg-open",
      URL_,
    ]],
  ],
];

for (const [what, environment, os, commands] of CASES) {
  Deno.test(`browserCommands() with ${what}`, () => {
    const env = (name: string) => environment[name];
    assert.deepEqual(browserCommands(URL_, { os, env }), commands);
  });
}

Deno.test("browserCommands() does not read the address for patterns of its own", () => {
  const url = "https://login.example.edu/$&/$'?a=$$";
  const env = (name: string) => name === "BROWSER" ? "a %s" : undefined;
  assert.deepEqual(browserCommands(url, { os: "linux", env }), [["a", url]]);
});

Deno.test("openInBrowser() starts the first that there is, with the address as one word", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const browser = `${folder}/browser`;
    await Deno.writeTextFile(
      browser,
      `#!/bin/sh\nprintf '%s|' "$#" "$@" >${folder}/new && mv ${folder}/new ${folder}/seen\n`,
      { mode: 0o755 },
    );
    const BROWSER = `${folder}/missing:${browser}`;
    const env = (name: string) => name === "BROWSER" ? BROWSER : undefined;
    assert.equal(openInBrowser(URL_, { os: "linux", env }), true);
    const seen = () => Deno.readTextFile(`${folder}/seen`).catch(() => "");
    await until(async () => await seen() !== "", { what: "the browser" });
    assert.equal(await seen(), `1|${URL_}|`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("openInBrowser() says where there is none", () => {
  const env = (name: string) => name === "BROWSER" ? "/nonexistent" : undefined;
  assert.equal(openInBrowser(URL_, { os: "linux", env }), false);
});
