/**
 * Errors are told apart by name and code where they become refusals, so their classes must not matter.
 *
 * @module
 */
import assert from "node:assert/strict";
import { IssuerError } from "../../src/issuer/errors.ts";
import { resultOf } from "../../src/pam/attempt.ts";
import {
  REASON_ROWS,
  REASONS,
  type SignInErrorCode,
  type TokenErrorCode,
} from "../../src/lib/reason.ts";
import * as errors from "../../src/token/errors.ts";

Deno.test("every code of a token or sign-in error becomes that refusal", () => {
  const codes = (from: string) =>
    REASONS.filter((reason) => REASON_ROWS[reason].from === from);
  const tokens = codes("token") as TokenErrorCode[];
  const signIns = codes("sign-in") as SignInErrorCode[];
  assert.deepEqual([tokens.length, signIns.length], [19, 3]);
  for (
    const error of [
      ...tokens.map((code) => new errors.TokenError(code, "late")),
      ...signIns.map((code) => new errors.SignInError(code, "late")),
    ]
  ) {
    assert.equal(error.message, "late");
    assert.equal(resultOf(error).reason, error.code);
  }
});

Deno.test("an issuer that fails is unavailable, and whatever nobody knows is internal", () => {
  const failure = new IssuerError("timeout", "x");
  assert.equal(resultOf(failure).reason, "issuer_unavailable");
  for (const unknown of [new Error("x"), "x", null, { code: "allowed" }]) {
    assert.equal(resultOf(unknown).reason, "internal_error");
  }
  const forged = Object.assign(new errors.TokenError("token_expired", "x"), {
    code: "allowed",
  });
  assert.equal(resultOf(forged).reason, "internal_error");
});
