/**
 * Why a token was not accepted.
 *
 * @module
 */
import type { SignInErrorCode, TokenErrorCode } from "../lib/reason.ts";

/** The token is refused. The message is for the log; it never holds the token. */
export class TokenError extends Error {
  override readonly name = "TokenError";
  readonly code: TokenErrorCode;
  constructor(code: TokenErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** The sign-in was not completed. The message is for the log. */
export class SignInError extends Error {
  override readonly name = "SignInError";
  readonly code: SignInErrorCode;
  constructor(code: SignInErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
