/**
 * Every reason has an exit code, and 0 belongs to none of the refusals.
 *
 * @module
 */
import assert from "node:assert/strict";
import { EXIT_CODES, type PamCode, pamCode } from "../../src/pam/exit_code.ts";
import { type Reason, REASONS } from "../../src/lib/reason.ts";

/** What is not in here is auth_err. */
const OTHERS: Partial<Record<Reason, PamCode>> = {
  issuer_unavailable: "authinfo_unavail",
  issuer_refused: "service_err",
  policy_invalid: "service_err",
  account_not_permitted: "user_unknown",
  internal_error: "system_err",
};

for (const reason of REASONS) {
  if (reason === "allowed") continue;
  const expected = OTHERS[reason] ?? "auth_err";
  Deno.test(`"${reason}" ends with ${expected}`, () => {
    assert.equal(pamCode(reason), expected);
    assert.notEqual(EXIT_CODES[pamCode(reason)], 0);
  });
}

Deno.test("what was typed chooses neither 9 nor 3", () => {
  for (const reason of REASONS) {
    if (reason === "allowed") continue;
    const code = pamCode(reason, { steered: true });
    assert.ok(!["authinfo_unavail", "service_err"].includes(code), reason);
  }
});

Deno.test("exit codes are Linux-PAM's numbers", () => {
  assert.deepEqual(EXIT_CODES, {
    success: 0,
    service_err: 3,
    system_err: 4,
    auth_err: 7,
    authinfo_unavail: 9,
    user_unknown: 10,
    maxtries: 11,
  });
});

Deno.test("a reason that nobody knows is a refusal", () => {
  for (const reason of ["", "ALLOWED", "__proto__", undefined, null]) {
    assert.equal(pamCode(reason as never), "auth_err");
  }
});
