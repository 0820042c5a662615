/**
 * The only forms of a local account name that are ever compared or granted.
 *
 * @module
 */

/** Each allows all that those before it allow. */
export const ACCOUNT_PATTERNS = ["posix", "sssd", "relaxed"] as const;
export type AccountPattern = typeof ACCOUNT_PATTERNS[number];

const REST = "[A-Za-z0-9_.-]*";
const DOMAIN = "\\w+(?:(?:\\.|-+)\\w+)*";

/** ASCII, without folding or trimming; `$` without the m flag, so that no line end slips through. */
export const ACCOUNT_NAMES: Readonly<Record<AccountPattern, RegExp>> = {
  posix: /^[a-z_][a-z0-9_.-]{0,31}$/,
  sssd: withDomains("[A-Za-z_]"),
  relaxed: withDomains("\\w"),
};

/** POSIX: Linux's LOGIN_NAME_MAX of 256 counts the zero at the end. */
export const MAX_ACCOUNT_NAME = 255;

/** A name, `name@domain` or `DOMAIN\name`. */
function withDomains(first: string): RegExp {
  const name = first + REST;
  return new RegExp(`^(?:${name}(?:@${DOMAIN})?|${DOMAIN}\\\\${name})$`);
}

/** Whether an account can be called so where the policy has this `accounts_pattern`. */
export function isAccountName(name: string, pattern: AccountPattern): boolean {
  return name.length <= MAX_ACCOUNT_NAME && ACCOUNT_NAMES[pattern].test(name);
}
