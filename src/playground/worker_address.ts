/**
 * Where the worker's source lies, in the form in which a page may start a worker from it: the browser takes no
 * address from a string there (Trusted Types).
 *
 * @module
 */
import { WORKER_POLICY } from "./names.ts";

/** What is used of https://www.w3.org/TR/trusted-types/; older browsers have none of it. */
interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL: () => string },
  ): { createScriptURL(input: string): URL };
}

/** An address to start the worker from, to be asked for once: a second policy of this name is refused. */
export function workerAddress(source: string): string | URL {
  const address = URL.createObjectURL(
    new Blob([source], { type: "text/javascript" }),
  );
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  // whatever it were asked for, it has this one address to give
  return trustedTypes?.createPolicy(WORKER_POLICY, {
    createScriptURL: () => address,
  }).createScriptURL("") ?? address;
}
