/**
 * The playground as it is built: one file, small enough, that may run its own script and reach nobody.
 *
 * @module
 */
import assert from "node:assert/strict";
import { BUILD_ENVIRONMENT } from "../../../src/build/deno.ts";
import { BuildError } from "../../../src/build/permissions.ts";
import {
  MAX_BYTES,
  playgroundPage,
  wholePage,
} from "../../../src/build/playground/page.ts";
import { decodeBase64 } from "../../../src/lib/base64url.ts";

const environment = Object.fromEntries(
  BUILD_ENVIRONMENT.flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [[name, value]];
  }),
);

const PAGE = await playgroundPage(environment);

async function hash(text: string): Promise<string> {
  const digest = await crypto.subtle.digest(
    "SHA-256",
    new TextEncoder().encode(text),
  );
  return `sha256-${btoa(String.fromCharCode(...new Uint8Array(digest)))}`;
}

/** What is between the only pair of tags of this name. */
function inside(tag: string, page: string): string {
  const [before, whole, ...others] = page.split(
    new RegExp(`<${tag}(?: [^>]*)?>`),
  );
  assert.ok(before !== undefined && whole !== undefined);
  assert.deepEqual(others, [], `there is one <${tag}>`);
  return whole.split(`</${tag}>`)[0] ?? "";
}

function policyOf(page: string): Map<string, string> {
  const found = /http-equiv="Content-Security-Policy"\s+content="([^"]*)"/
    .exec(page)?.[1] ?? "";
  return new Map(
    found.split("; ").map((directive) => {
      const [name = "", ...sources] = directive.split(" ");
      return [name, sources.join(" ")];
    }),
  );
}

/** base64(deflate-raw(…)) parts of the script that are long enough to be one. */
async function embedded(script: string): Promise<string[]> {
  const found = script.match(/(?<=")[A-Za-z0-9+/=]{5000,}(?=")/g) ?? [];
  return await Promise.all(found.map(async (base64) => {
    const bytes = decodeBase64(base64) as Uint8Array<ArrayBuffer>;
    const stream = new Blob([bytes]).stream()
      .pipeThrough(new DecompressionStream("deflate-raw"));
    return await new Response(stream).text();
  }));
}

Deno.test("the page has at most 400 kB, and the same bytes for the same source", async () => {
  const { length } = new TextEncoder().encode(PAGE);
  assert.ok(length > 100_000 && length <= MAX_BYTES, `${length} bytes`);
  assert.equal(await playgroundPage(environment), PAGE);
});

Deno.test("the page may run its one script, have its one style and start workers, and nothing else", async () => {
  assert.deepEqual([...policyOf(PAGE)], [
    ["default-src", "'none'"],
    ["script-src", `'${await hash(inside("script", PAGE))}'`],
    ["style-src", `'${await hash(inside("style", PAGE))}'`],
    ["worker-src", "blob:"],
    ["require-trusted-types-for", "'script'"],
    ["trusted-types", "oauth-pam-worker"],
    ["base-uri", "'none'"],
    ["form-action", "'none'"],
  ]);
});

Deno.test("the page names no address to load from, and has no attribute that is code or style", () => {
  const markup = PAGE.replace(inside("script", PAGE), "")
    .replace(inside("style", PAGE), "");
  assert.doesNotMatch(markup, /\s(?:src|href|srcset|action|style|on\w+)=/i);
  assert.doesNotMatch(markup, /<(?:link|img|iframe|form|object|embed|base)\b/i);
  assert.doesNotMatch(inside("style", PAGE), /url\(|@import/i);
  assert.doesNotMatch(PAGE, /@@/);
});

Deno.test("the page holds every shipped policy with its tests", async () => {
  const texts = await embedded(inside("script", PAGE));
  assert.equal(texts.length, 2);
  const examples = JSON.parse(texts.find((text) => text.startsWith("[")) ?? "");
  const folder = new URL("../../../policies/", import.meta.url);
  const names: string[] = [];
  for await (const { name } of Deno.readDir(folder)) {
    if (/^[^.]+\.yaml$/.test(name)) names.push(name.replace(".yaml", ""));
  }
  assert.deepEqual(
    examples,
    await Promise.all(
      names.sort().map(async (name) => ({
        name,
        policy: await Deno.readTextFile(new URL(`${name}.yaml`, folder)),
        tests: await Deno.readTextFile(new URL(`${name}.test.yaml`, folder)),
      })),
    ),
  );
});

Deno.test("the engine is a classic script that asks for no module and no address", async () => {
  const texts = await embedded(inside("script", PAGE));
  const engine = texts.find((text) => text.startsWith('"use strict";'));
  assert.ok(engine !== undefined);
  // a module's syntax would be an error in it
  new Function(engine);
  assert.doesNotMatch(
    engine,
    /\bimport\(|\bfetch\(|XMLHttpRequest|WebSocket|importScripts/,
  );
});

Deno.test("script or style that would end early is refused", async () => {
  const page = '<meta content="@@CSP@@">/*@@STYLE@@*/ /*@@SCRIPT@@*/';
  for (const text of ['"</script>"', '"</STYLE "', "a<!--b"]) {
    await assert.rejects(
      wholePage(page, { script: text, style: "" }),
      BuildError,
    );
    await assert.rejects(
      wholePage(page, { script: "", style: text }),
      BuildError,
    );
  }
});

Deno.test("a page without a place for the script is refused", async () => {
  await assert.rejects(
    wholePage('<meta content="@@CSP@@">/*@@STYLE@@*/', {
      script: "1",
      style: "",
    }),
    BuildError,
  );
});
