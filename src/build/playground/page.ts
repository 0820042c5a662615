/**
 * The playground as one file: the page, its style and its script, which holds the engine and the policies to
 * start with. What the page may do is said by hashes: it runs this script and its workers, reaches nobody, and no text
 * becomes markup or script in it (Trusted Types).
 *
 * @module
 */
import { encodeBase64 } from "../../lib/base64url.ts";
import {
  ENGINE_MARKER,
  type Example,
  POLICIES_MARKER,
} from "../../playground/embedded.ts";
import { WORKER_POLICY } from "../../playground/names.ts";
import { sourceHash } from "../../report/page.ts";
import { STYLE } from "../../report/style.ts";
import { bundleModule } from "../bundle.ts";
import { BuildError } from "../permissions.ts";

const CHECKOUT = decodeURIComponent(
  new URL("../../../", import.meta.url).pathname,
);
const PLAYGROUND = `${CHECKOUT}src/playground/`;

/** Bytes that the file may have. */
export const MAX_BYTES = 400_000;

/**
 * The text of the file, the same for the same source. Throws `BuildError` when it cannot be bundled, or would
 * be too large.
 */
export async function playgroundPage(
  environment: Readonly<Record<string, string>>,
): Promise<string> {
  const bundled = (name: string) =>
    bundleModule(`${PLAYGROUND}${name}`, environment);
  const parts: readonly [string, string][] = [
    // workers are classic scripts: a page from disk may start no other kind
    [ENGINE_MARKER, `"use strict";${await bundled("worker.ts")}`],
    [POLICIES_MARKER, JSON.stringify(await shippedPolicies())],
  ];
  let script = await bundled("main.ts");
  for (const [marker, text] of parts) {
    script = filledIn(script, marker, await deflated(text));
  }
  const css = await Deno.readTextFile(`${PLAYGROUND}style.css`);
  const page = await Deno.readTextFile(`${PLAYGROUND}page.html`);
  const whole = await wholePage(page, {
    script: script.trim(),
    style: `${STYLE}${css}`.replace(/\s+/g, " ").trim(),
  });
  const { length } = new TextEncoder().encode(whole);
  if (length > MAX_BYTES) {
    throw new BuildError(
      `the page has ${length} bytes, more than ${MAX_BYTES}`,
    );
  }
  return whole;
}

/** Every policy in `policies/`, with its tests, sorted by name. */
async function shippedPolicies(): Promise<Example[]> {
  const folder = `${CHECKOUT}policies`;
  const names: string[] = [];
  for await (const { name } of Deno.readDir(folder)) {
    if (name.endsWith(".yaml") && !name.endsWith(".test.yaml")) {
      names.push(name.slice(0, -".yaml".length));
    }
  }
  return await Promise.all(
    names.sort().map(async (name) => ({
      name,
      policy: await Deno.readTextFile(`${folder}/${name}.yaml`),
      tests: await Deno.readTextFile(`${folder}/${name}.test.yaml`),
    })),
  );
}

async function deflated(text: string): Promise<string> {
  const stream = new Blob([text]).stream()
    .pipeThrough(new CompressionStream("deflate-raw"));
  const bytes = await new Response(stream).bytes();
  return encodeBase64(bytes);
}

/** `text` with `by` in the one place that says so. Throws `BuildError` where there is not one. */
function filledIn(text: string, marker: string, by: string): string {
  const parts = text.split(marker);
  if (parts.length !== 2) {
    throw new BuildError(`there are ${parts.length - 1} places for ${marker}`);
  }
  return parts.join(by);
}

/**
 * Exported for tests: puts style and script into the page, and their hashes into its policy.
 */
export async function wholePage(
  page: string,
  { script, style }: { readonly script: string; readonly style: string },
): Promise<string> {
  for (const text of [script, style]) {
    // what would end the element, or begin a state in which its end is not seen
    if (/<\/(?:script|style)|<!--/i.test(text)) {
      throw new BuildError("script or style would end before its end");
    }
  }
  const policy = [
    "default-src 'none'",
    `script-src '${await sourceHash(script)}'`,
    `style-src '${await sourceHash(style)}'`,
    "worker-src blob:",
    "require-trusted-types-for 'script'",
    `trusted-types ${WORKER_POLICY}`,
    // these do not fall back to the default
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  // a hash is of all between the tags, also of a line's end
  const tight = page.replace(/\s*(\/\*@@(?:STYLE|SCRIPT)@@\*\/)\s*/g, "$1");
  const places = [
    ["@@CSP@@", policy],
    ["/*@@STYLE@@*/", style],
    ["/*@@SCRIPT@@*/", script],
  ] as const;
  return places.reduce(
    (text, [marker, by]) => filledIn(text, marker, by),
    tight,
  );
}
