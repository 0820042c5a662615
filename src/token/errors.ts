/**
 * Why a token was not accepted.
 *
 * @module
 */

/** A subset of the policy's reasons: the ones that a token alone can cause. */
export const TOKEN_ERROR_CODES = [
  "token_missing",
  "token_truncated",
  "token_malformed",
  "token_kind_unexpected",
  "algorithm_not_allowed",
  "type_not_allowed",
  "issuer_unknown",
  "audience_mismatch",
  "key_not_found",
  "signature_invalid",
  "token_expired",
  "token_not_yet_valid",
  "token_too_old",
  "claim_missing",
  "token_replayed",
  "token_inactive",
  "scope_missing",
] as const;
export type TokenErrorCode = typeof TOKEN_ERROR_CODES[number];

/** The token is refused. The message is for the log; it never holds the token. */
export class TokenError extends Error {
  override readonly name = "TokenError";
  readonly code: TokenErrorCode;
  constructor(code: TokenErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** How a sign-in in the browser can fail although the issuer answers. */
export const SIGN_IN_ERROR_CODES = [
  "device_denied",
  "device_expired",
  "device_limit",
] as const;
type SignInErrorCode = typeof SIGN_IN_ERROR_CODES[number];

/** The sign-in was not completed. The message is for the log. */
export class SignInError extends Error {
  override readonly name = "SignInError";
  readonly code: SignInErrorCode;
  constructor(code: SignInErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
