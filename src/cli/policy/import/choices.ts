/**
 * What an import can be told where the configuration does not tell it.
 *
 * @module
 */

/** The environments of Globus Auth; the first is the usual one. */
export const ENVIRONMENTS = [
  "production",
  "preview",
  "staging",
  "test",
  "integration",
  "sandbox",
] as const;

/** Where the client secret is looked for, unless another place is named. */
export const SECRET_FILE = "/etc/oauth-pam/globus.secret";
