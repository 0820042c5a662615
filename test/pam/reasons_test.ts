/**
 * Errors are told apart by name and code where they become refusals, so every code must be a reason.
 *
 * @module
 */
import assert from "node:assert/strict";
import { IssuerError } from "../../src/issuer/errors.ts";
import { endingOf } from "../../src/pam/attempt.ts";
import { REASONS } from "../../src/policy/decision.ts";
import * as errors from "../../src/token/errors.ts";

Deno.test("every code of a token error is a reason, and becomes that refusal", () => {
  for (const code of errors.TOKEN_ERROR_CODES) {
    assert.ok(REASONS.includes(code), code);
    assert.equal(endingOf(new errors.TokenError(code, "x")).reason, code);
  }
});

Deno.test("every code of a sign-in error is a reason, and becomes that refusal", () => {
  for (const code of errors.SIGN_IN_ERROR_CODES) {
    assert.ok(REASONS.includes(code), code);
    assert.equal(endingOf(new errors.SignInError(code, "x")).reason, code);
  }
});

Deno.test("an issuer that fails is unavailable, and whatever nobody knows is internal", () => {
  const failure = new IssuerError("timeout", "x");
  assert.equal(endingOf(failure).reason, "issuer_unavailable");
  for (const unknown of [new Error("x"), "x", null, { code: "allowed" }]) {
    assert.equal(endingOf(unknown).reason, "internal_error");
  }
  const forged = Object.assign(new errors.TokenError("token_expired", "x"), {
    code: "allowed",
  });
  assert.equal(endingOf(forged).reason, "internal_error");
});
