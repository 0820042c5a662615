/**
 * The only form of a local account name that is ever compared or granted.
 *
 * @module
 */

/** ASCII, without folding or trimming; `$` without the m flag, so that no line end slips through. */
export const ACCOUNT_NAME = /^[a-z_][a-z0-9_.-]{0,31}$/;
