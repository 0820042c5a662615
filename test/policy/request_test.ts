/**
 * The subject that claims describe: strict types, taken from where the issuer keeps them.
 *
 * @module
 */

import assert from "node:assert/strict";
import { subjectFromClaims } from "../../src/policy/evaluate/subject.ts";
import { policyWith } from "../support/policies.ts";

const [issuer] = policyWith(`
version: 1
issuers:
  campus:
    issuer: https://login.example.edu
    audiences: [ssh]
    claims: {idp: /auth/idp, auth_time: /auth/at, amr: /auth/amr, acr: /auth/acr}
rules: {r: {accounts: [{claim: sub}]}}
`).issuers;
if (issuer === undefined) throw new Error("no issuer");

Deno.test("subjectFromClaims() makes one identity and one authentication", () => {
  const claims = {
    sub: "u1",
    preferred_username: "alice",
    email: "alice@example.edu",
    auth: {
      idp: "https://idp.example.edu",
      at: 1000,
      amr: ["pwd", "mfa"],
      acr: "2",
    },
    idp: "ignored",
    auth_time: 5,
    amr: ["ignored"],
  };
  assert.deepEqual(subjectFromClaims(issuer, claims), {
    issuer: "campus",
    claims,
    identities: [
      {
        id: "u1",
        username: "alice",
        email: "alice@example.edu",
        idp: "https://idp.example.edu",
      },
    ],
    authentications: [
      {
        identity: "u1",
        idps: ["https://idp.example.edu"],
        auth_time: 1000,
        amr: ["pwd", "mfa"],
        acr: "2",
      },
    ],
  });
});

const EMPTY = { identity: null, idps: [], auth_time: null, amr: [], acr: null };

for (
  const [name, auth] of [
    ["nothing", undefined],
    ["null", null],
    ["a string", "2"],
    ["strings for numbers and numbers for strings", {
      idp: 1,
      at: "1000",
      amr: "mfa",
      acr: 2,
    }],
    ["lists for strings", {
      idp: ["https://idp.example.edu"],
      at: [1000],
      amr: [["mfa"]],
      acr: ["2"],
    }],
    ["times that are no numbers", { at: NaN }],
    ["times without an end", { at: JSON.parse("1e400") }],
    ["times beyond whole numbers", { at: 1e300 }],
    ["a method that is not a string among others", { amr: ["mfa", 1] }],
    ["an object for a list", { amr: { 0: "mfa", length: 1 } }],
    ["booleans", { idp: true, at: true, amr: true, acr: true }],
  ] as const
) {
  Deno.test(`subjectFromClaims() makes nothing of ${name}`, () => {
    assert.deepEqual(subjectFromClaims(issuer, { auth }).authentications, [
      EMPTY,
    ]);
  });
}

Deno.test("subjectFromClaims() keeps the fraction of a time", () => {
  const [one] = subjectFromClaims(issuer, { auth: { at: 1.5 } })
    .authentications;
  assert.equal(one?.auth_time, 1.5);
});

Deno.test("subjectFromClaims() makes no identity attributes of other types", () => {
  const claims = {
    sub: 7,
    preferred_username: ["root"],
    email: { toString: "x" },
  };
  assert.deepEqual(subjectFromClaims(issuer, claims).identities, [
    { id: null, username: null, email: null, idp: null },
  ]);
});
