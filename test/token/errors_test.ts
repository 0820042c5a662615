/** @module The codes of refused tokens are reasons of the policy. */
import { strict as assert } from "node:assert";
import { REASONS } from "../../src/policy/decision.ts";
import { TOKEN_ERROR_CODES, TokenError } from "../../src/token/errors.ts";

Deno.test("every code of a refused token is a reason", () => {
  for (const code of TOKEN_ERROR_CODES) {
    assert.ok((REASONS as readonly string[]).includes(code), code);
  }
  assert.equal(new Set(TOKEN_ERROR_CODES).size, TOKEN_ERROR_CODES.length);
  const error = new TokenError("token_expired", "late");
  assert.deepEqual([error.name, error.code, error.message], [
    "TokenError",
    "token_expired",
    "late",
  ]);
});
