/**
 * The registered claims at their boundaries, to the second and in both directions.
 *
 * @module
 */
// Threats: A11
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  checkClaims,
  type ClaimExpectations,
} from "../../src/token/claim_checks.ts";
import { TokenError } from "../../src/token/errors.ts";
import type { TokenErrorCode } from "../../src/lib/reason.ts";

const NOW = 1_767_268_800;
const EXPECTED: ClaimExpectations = {
  issuer: "https://login.example.edu",
  audiences: ["ssh-prod", "ssh-test"],
  clock_skew: 30,
  max_token_age: 3600,
  scopes: [],
  allow_confirmation: false,
  allow_delegation: false,
};
const CLAIMS = {
  iss: "https://login.example.edu",
  aud: "ssh-prod",
  iat: NOW,
  exp: NOW + 300,
};

function judge(
  claims: Record<string, unknown>,
  expected: Partial<ClaimExpectations> = {},
): TokenErrorCode | "fine" {
  const document = Object.assign(Object.create(null), CLAIMS, claims);
  try {
    checkClaims(document, { ...EXPECTED, ...expected }, NOW);
    return "fine";
  } catch (error) {
    assert.ok(error instanceof TokenError, String(error));
    return error.code;
  }
}

for (const clock_skew of [0, 1, 30, 300]) {
  Deno.test(`checkClaims() allows ${clock_skew} s of skew and not one more`, () => {
    const skew = (claims: Record<string, unknown>) =>
      judge(claims, { clock_skew });
    const old = NOW - 3600 - clock_skew;
    assert.equal(skew({ exp: NOW - clock_skew + 1 }), "fine");
    assert.equal(skew({ exp: NOW - clock_skew }), "token_expired");
    assert.equal(skew({ nbf: NOW + clock_skew }), "fine");
    assert.equal(skew({ nbf: NOW + clock_skew + 1 }), "token_not_yet_valid");
    assert.equal(skew({ iat: NOW + clock_skew }), "fine");
    assert.equal(skew({ iat: NOW + clock_skew + 1 }), "token_not_yet_valid");
    assert.equal(skew({ iat: old }), "fine");
    assert.equal(skew({ iat: old - 1 }), "token_too_old");
  });
}

Deno.test("checkClaims() takes times that are seconds of this age and nothing else", () => {
  const last = 253_402_300_799;
  assert.equal(judge({ exp: last }), "fine");
  assert.equal(judge({ nbf: 0 }), "fine");
  assert.equal(judge({ nbf: -0 }), "fine");
  for (
    const value of [
      last + 1,
      Number.MAX_SAFE_INTEGER,
      9e15,
      1e308,
      Infinity,
      NaN,
      -1,
      NOW * 1000,
      NOW * 1000 + 0.5,
      last + 0.5,
      -0.5,
      JSON.parse("1e400"),
      `${NOW}`,
      `${NOW}.5`,
      "",
      true,
      false,
      [NOW],
      {},
      { valueOf: NOW },
    ]
  ) {
    for (const name of ["exp", "nbf", "iat"]) {
      assert.equal(judge({ [name]: value }), "token_malformed", name);
    }
  }
  assert.equal(judge({ nbf: null }), "token_malformed");
  for (const name of ["exp", "iat", "iss", "aud"]) {
    assert.equal(judge({ [name]: null }), "claim_missing");
    assert.equal(judge({ [name]: undefined }), "claim_missing");
  }
});

Deno.test("checkClaims() rounds a fraction of a second to the strict side", () => {
  assert.equal(judge({ iat: NOW - 5.447, exp: NOW + 599.55 }), "fine");
  // as if the time were over already, not yet there, or longer ago
  assert.equal(judge({ exp: NOW - 30 + 0.999 }), "token_expired");
  assert.equal(judge({ exp: NOW - 30 + 1.001 }), "fine");
  assert.equal(judge({ nbf: NOW + 30.001 }), "token_not_yet_valid");
  assert.equal(judge({ nbf: NOW + 29.001 }), "fine");
  assert.equal(judge({ iat: NOW + 30.001 }), "token_not_yet_valid");
  assert.equal(judge({ iat: NOW + 29.001 }), "fine");
  assert.equal(judge({ iat: NOW - 3630.001 }), "token_too_old");
  assert.equal(judge({ iat: NOW - 3629.999 }), "fine");
  const half = (claims: Record<string, unknown>) => {
    try {
      checkClaims(
        Object.assign(Object.create(null), CLAIMS, claims),
        EXPECTED,
        NOW,
      );
    } catch (error) {
      return error instanceof Error ? error.message : "";
    }
    return "";
  };
  assert.equal(half({ exp: NOW - 60.4 }), "the token expired 61 s ago");
  assert.match(half({ iat: NOW + 60.4 }), /lies 61 s in the future/);
  // who reads the log looks for that claim in the token
  assert.deepEqual(
    [
      { nbf: undefined, iat: NOW + 60 },
      { nbf: NOW, iat: NOW + 60 },
      { nbf: NOW + 60 },
    ].map((claims) => half(claims).split(" ", 1)[0]),
    ['"iat"', '"iat"', '"nbf"'],
  );
});

Deno.test("checkClaims() never gives a fraction more time than its whole seconds", () => {
  const time = fc.double({ min: NOW - 4000, max: NOW + 4000, noNaN: true });
  fc.assert(fc.property(time, time, time, (exp, iat, nbf) => {
    const valid = NOW - 30 < Math.floor(exp) && Math.ceil(iat) <= NOW + 30 &&
      Math.ceil(nbf) <= NOW + 30 && NOW - Math.floor(iat) <= 3630;
    assert.equal(judge({ exp, iat, nbf }) === "fine", valid);
  }));
});

Deno.test("checkClaims() lets no time pass for another", () => {
  const time = fc.integer({ min: 0, max: 2 * NOW });
  fc.assert(fc.property(time, time, time, (exp, iat, nbf) => {
    const valid = NOW - 30 < exp && iat <= NOW + 30 && nbf <= NOW + 30 &&
      NOW - iat <= 3630;
    assert.equal(judge({ exp, iat, nbf }) === "fine", valid);
  }));
});

Deno.test("checkClaims() compares the audience whole", () => {
  for (const aud of ["ssh-prod", "ssh-test", ["x", "ssh-test"]]) {
    assert.equal(judge({ aud }), "fine");
  }
  for (const aud of ["ssh", "ssh-prod ", "SSH-PROD", "", [], ["x"]]) {
    assert.equal(judge({ aud }), "audience_mismatch");
  }
  for (const aud of [["ssh-prod", 1], [["ssh-prod"]], { 0: "ssh-prod" }, 1]) {
    assert.equal(judge({ aud }), "token_malformed");
  }
});

Deno.test("checkClaims() finds whole scopes only", () => {
  const wanted = (scope: unknown, ...scopes: string[]) =>
    judge({ scope }, { scopes });
  assert.equal(wanted("openid ssh", "ssh"), "fine");
  assert.equal(wanted("ssh openid", "openid", "ssh"), "fine");
  for (
    const scope of [
      "ssh:alice",
      "xssh",
      "SSH",
      "",
      "ssh\tx",
      ["ssh x"],
      [["ssh"]],
      { ssh: 1 },
      null,
    ]
  ) {
    assert.equal(wanted(scope, "ssh"), "scope_missing");
    assert.equal(judge({ scp: scope }, { scopes: ["ssh"] }), "scope_missing");
  }
  assert.equal(wanted("ssh", "ssh", "openid"), "scope_missing");
});

Deno.test("checkClaims() reads scopes as servers send them: a text, a list, and as scp", () => {
  for (const sent of ["openid ssh", ["openid", "ssh"]]) {
    for (const name of ["scope", "scp"]) {
      assert.equal(judge({ [name]: sent }, { scopes: ["ssh"] }), "fine");
    }
  }
  const both = { scope: "openid", scp: ["ssh"] };
  assert.equal(judge(both, { scopes: ["openid", "ssh"] }), "fine");
  assert.equal(judge(both, { scopes: ["email"] }), "scope_missing");
});

Deno.test("checkClaims() refuses tokens that are bound, delegated or events", () => {
  for (const name of ["cnf", "act", "may_act", "events"]) {
    for (const value of [{}, null, "", false]) {
      assert.equal(judge({ [name]: value }), "token_kind_unexpected");
    }
  }
  const lenient = { allow_confirmation: true, allow_delegation: true };
  assert.equal(judge({ cnf: {}, act: {}, may_act: {} }, lenient), "fine");
  assert.equal(judge({ events: {} }, lenient), "token_kind_unexpected");
});

Deno.test("checkClaims() compares the issuer byte for byte", () => {
  for (const suffix of ["/", " ", ":443", "@x", "#"]) {
    assert.equal(judge({ iss: EXPECTED.issuer + suffix }), "issuer_unknown");
  }
  assert.equal(judge({ iss: [EXPECTED.issuer] }), "issuer_unknown");
});
