/**
 * RFC 7662: the request, the judgement, and what makes a token opaque.
 *
 * @module
 */
// Threats: C1, C2, C6
import assert from "node:assert/strict";
import { IssuerError } from "../../src/issuer/errors.ts";
import { AccessToken } from "../../src/token/access_token.ts";
import type { ClaimExpectations } from "../../src/token/claim_checks.ts";
import { TokenError } from "../../src/token/errors.ts";
import {
  introspectionRequest,
  processIntrospectionResponse,
} from "../../src/token/introspection.ts";
import { isOpaque } from "../../src/token/compact_jws.ts";

const NOW = 1_767_268_800;
const EXPECTED: ClaimExpectations = {
  issuer: "https://login.example.edu",
  audiences: ["ssh-prod"],
  clock_skew: 30,
  max_token_age: 3600,
  scopes: ["ssh"],
  allow_confirmation: false,
  allow_delegation: false,
};
const GOOD = {
  active: true,
  iss: EXPECTED.issuer,
  aud: ["ssh-prod"],
  sub: "u1",
  scope: "openid ssh",
  token_type: "Bearer",
  exp: NOW + 60,
  nbf: NOW - 60,
  iat: NOW - 60,
};

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof TokenError || error instanceof IssuerError) {
      return error.code;
    }
    throw error;
  }
  return "accepted";
}

const judge = (body: unknown, expected = EXPECTED) =>
  codeOf(() => processIntrospectionResponse(body, expected, NOW));

Deno.test("introspectionRequest() encodes id and secret as RFC 6749 section 2.3.1 demands", () => {
  const { headers } = introspectionRequest(new AccessToken("t"), {
    clientId: "ssh gate:1",
    clientSecret: "p%2B a+b/=:é",
  });
  const [scheme, encoded] = (headers?.authorization ?? "").split(" ");
  assert.equal(scheme, "Basic");
  assert.equal(
    atob(encoded ?? ""),
    "ssh+gate%3A1:p%252B+a%2Bb%2F%3D%3A%C3%A9",
  );
});

Deno.test("introspectionRequest() sends the token as one form field whatever it holds", () => {
  const text = "x&client_id=y&token_type_hint=refresh_token%26+a=b";
  const { form, method } = introspectionRequest(new AccessToken(text), {
    clientId: "c",
    clientSecret: "s",
  });
  assert.equal(method, "POST");
  const sent = new URLSearchParams(new URLSearchParams(form).toString());
  assert.deepEqual([...sent], [["token", text], [
    "token_type_hint",
    "access_token",
  ]]);
});

for (
  const text of ["", "a b", "a\r\nb", "a\u0000", "té", "x".repeat(16385)]
) {
  Deno.test(`introspectionRequest() refuses ${JSON.stringify(text.slice(0, 9))} (${text.length})`, () => {
    const credentials = { clientId: "c", clientSecret: "s" };
    assert.equal(
      codeOf(() => introspectionRequest(new AccessToken(text), credentials)),
      "token_malformed",
    );
  });
}

Deno.test("processIntrospectionResponse() returns the document of an active token", () => {
  const claims = processIntrospectionResponse(GOOD, EXPECTED, NOW);
  assert.equal(claims.sub, "u1");
  assert.equal(Object.getPrototypeOf(claims), null);
});

for (
  const active of [
    false,
    "true",
    "false",
    1,
    0,
    "",
    null,
    [true],
    { active: true },
    undefined,
  ]
) {
  Deno.test(`processIntrospectionResponse() takes active ${JSON.stringify(active)} for inactive`, () => {
    assert.equal(judge({ ...GOOD, active }), "token_inactive");
  });
}

for (
  const body of [
    null,
    [],
    [GOOD],
    "active",
    true,
    1,
    { error: "invalid_request" },
    { errors: [{ status: "401", code: "UNAUTHORIZED" }] },
  ]
) {
  Deno.test(`processIntrospectionResponse() takes ${JSON.stringify(body).slice(0, 30)} for no answer`, () => {
    assert.equal(judge(body), "issuer_refused");
  });
}

const DENIED: [string, Record<string, unknown>, string][] = [
  ["no aud", { aud: undefined }, "claim_missing"],
  ["aud null", { aud: null }, "claim_missing"],
  ["another aud", { aud: ["ssh-test"] }, "audience_mismatch"],
  ["an aud that contains ours", { aud: "ssh-prod2" }, "audience_mismatch"],
  ["aud as a list of lists", { aud: [["ssh-prod"]] }, "token_malformed"],
  ["another iss", { iss: "https://login.example.edu/" }, "issuer_unknown"],
  ["iss as a list", { iss: [EXPECTED.issuer] }, "issuer_unknown"],
  ["exp in the past", { exp: NOW - 31 }, "token_expired"],
  ["exp as a string", { exp: String(NOW + 60) }, "token_malformed"],
  ["exp in milliseconds", { exp: NOW * 1000 }, "token_malformed"],
  ["nbf in the future", { nbf: NOW + 31 }, "token_not_yet_valid"],
  ["iat in the future", { iat: NOW + 31 }, "token_not_yet_valid"],
  ["iat too long ago", { iat: NOW - 3631 }, "token_too_old"],
  ["no scope", { scope: undefined }, "scope_missing"],
  ["a longer scope", { scope: "ssh2 openid" }, "scope_missing"],
  ["a list without the scope", { scope: ["ssh2"] }, "scope_missing"],
  ["a scope that is an object", { scope: { ssh: true } }, "scope_missing"],
  ["a DPoP token", { token_type: "DPoP" }, "token_kind_unexpected"],
  ["a type that is no string", { token_type: 1 }, "token_kind_unexpected"],
  ["a refresh token", { token_use: "refresh_token" }, "token_kind_unexpected"],
  ["a bound token", { cnf: { jkt: "x" } }, "token_kind_unexpected"],
  ["a delegated token", { act: { sub: "x" } }, "token_kind_unexpected"],
];
for (const [what, members, reason] of DENIED) {
  Deno.test(`processIntrospectionResponse() refuses ${what}`, () => {
    assert.equal(judge({ ...GOOD, ...members }), reason);
  });
}

const ACCEPTED: [string, Record<string, unknown>][] = [
  ["what RFC 7662 leaves out", {
    iss: undefined,
    exp: null,
    nbf: undefined,
    iat: null,
    token_type: undefined,
    sub: null,
  }],
  ["aud as a string", { aud: "ssh-prod" }],
  ["a lower-case token type", { token_type: "bearer" }],
  ["exp within the skew", { exp: NOW - 29 }],
  ["members that nobody knows", { constructor: 1, ["__proto__"]: 2 }],
];
for (const [what, members] of ACCEPTED) {
  Deno.test(`processIntrospectionResponse() accepts ${what}`, () => {
    assert.equal(judge({ ...GOOD, ...members }), "accepted");
  });
}

Deno.test("processIntrospectionResponse() takes a bound token where the policy allows it", () => {
  const expected = { ...EXPECTED, allow_confirmation: true };
  const body = { ...GOOD, token_type: "DPoP", cnf: { jkt: "x" } };
  assert.equal(judge(body, expected), "accepted");
});

const b64 = (text: string) => btoa(text).replace(/=+$/, "");
const OPAQUE: [string, boolean][] = [
  ["AgQ9vlhxzEXAMPLE", true],
  ["ya29.a0AfExample", true],
  ["a.b.c", true],
  ["....", true],
  ["eyJ", true],
  [`${b64('{"alg":"none"}')}.e30.`, false],
  [`${b64('{ "alg": "RS256"}')}.e30.c2ln`, false],
  [`${b64(' {"alg": "RS256"}')}.e30.c2ln`, false],
  // damaged, cut off, encrypted: still somebody's JWT
  ["eyJhbGciOiJSUzI1Nixxx!.e30.c2ln", false],
  ["eyJhbGciOiJSUzI1NiJ9.eyJpc3Mi", false],
  ["eyJhbGciOiJSU0EtT0FFUCJ9.a.b.c.d", false],
];
for (const [text, opaque] of OPAQUE) {
  Deno.test(`isOpaque() is ${opaque} for ${JSON.stringify(text)}`, () => {
    assert.equal(isOpaque(new AccessToken(text)), opaque);
  });
}
