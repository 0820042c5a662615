/**
 * Where the package puts what it brings, and where `oauth-pam apply` puts what it makes, on a host.
 *
 * @module
 */

/** The folder of what the package brings. */
export const LIBRARY = "/usr/lib/oauth-pam";

/** What lies there. */
export const PARTS = {
  deno: `${LIBRARY}/deno`,
  denort: `${LIBRARY}/denort`,
  bundle: `${LIBRARY}/login.js`,
} as const;

/** Where `apply` writes. */
export const STATE = "/var/lib/oauth-pam";

/** The program that launchers start. */
export const PROGRAM = `${STATE}/login`;

/** The host's policy, unless another is named. */
export const POLICY = "/etc/oauth-pam/policy.yaml";
