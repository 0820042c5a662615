/**
 * What the build puts into the page: the engine, which becomes a worker, and the policies to start with. Both
 * are deflated, since together they are larger than the rest of the page.
 *
 * @module
 */
import { decodeBase64 } from "../lib/base64url.ts";

/** The literals that a build replaces by base64(deflate-raw(…)). */
export const ENGINE_MARKER = "@@OAUTH_PAM_PLAYGROUND_ENGINE@@";
export const POLICIES_MARKER = "@@OAUTH_PAM_PLAYGROUND_POLICIES@@";

/** A policy to start with, and its tests. */
export interface Example {
  readonly name: string;
  readonly policy: string;
  readonly tests: string;
}

/** The source of the worker. */
export function engineSource(): Promise<string> {
  return inflated(ENGINE_MARKER);
}

export async function examples(): Promise<readonly Example[]> {
  return JSON.parse(await inflated(POLICIES_MARKER));
}

/** It comes out of this very page, so that its size is known. */
async function inflated(base64: string): Promise<string> {
  const bytes = decodeBase64(base64) as Uint8Array<ArrayBuffer> | null;
  if (bytes === null) throw new Error("the page is damaged");
  const stream = new Blob([bytes]).stream()
    .pipeThrough(new DecompressionStream("deflate-raw"));
  return await new Response(stream).text();
}
