/**
 * What the files of a bundled program are called: beside its `main`, whatever that is called.
 *
 * @module
 */

export const KEYS_SUFFIX = ".keys.js";
export const ISSUER_SUFFIX = ".issuer.js";
export const REST_SUFFIX = ".rest.js";
export const POLICY_SUFFIX = ".policy.json";

/** The file that holds a bundle's `rest`, which a login does not use. */
export function restFile(main: string): string {
  return `${main}${REST_SUFFIX}`;
}

/** The file that holds a bundle's `issuer`, which a login reads when an issuer is asked. */
export function issuerFile(main: string): string {
  return `${main}${ISSUER_SUFFIX}`;
}

/** The file that holds a bundle's `keys`, which the wrapper starts by itself where sshd asks. */
export function keysFile(main: string): string {
  return `${main}${KEYS_SUFFIX}`;
}

/** The file that holds the parsed policy of a program where that is large. */
export function policyFile(main: string): string {
  return `${main}${POLICY_SUFFIX}`;
}
