/**
 * Assurance in decisions: global and per rule, linked identities.
 *
 * @module
 */

import assert from "node:assert/strict";
import {
  ask,
  type Asked,
  NOW,
  policyWith,
  rules,
} from "../../support/policies.ts";

const IDP = "https://idp.example.edu";
const GOOD = {
  sub: "alice",
  groups: ["staff"],
  idp: IDP,
  amr: ["mfa"],
  auth_time: NOW - 60,
};

const ASSURED = policyWith(`
version: 1
issuers:
  campus: {issuer: https://login.example.edu, audiences: [ssh], clock_skew: 30s}
assurance: {permitted_idps: [${IDP}], mfa: true, max_auth_age: 8h}
rules:
  staff: {accounts: [{claim: sub}], assurance: {max_auth_age: 1h}}
`);

for (
  const [change, reason] of [
    [{}, "allowed"],
    [{ auth_time: NOW - 3600 }, "allowed"],
    [{ auth_time: NOW - 3601 }, "reauthentication_required"],
    [{ auth_time: NOW + 30 }, "allowed"],
    [{ auth_time: NOW + 31 }, "reauthentication_required"],
    [{ auth_time: String(NOW) }, "reauthentication_required"],
    [{ auth_time: NOW - 0.5 }, "allowed"],
    [{ auth_time: NOW - 3600.5 }, "reauthentication_required"],
    [{ auth_time: NOW + 30.5 }, "reauthentication_required"],
    [{ auth_time: JSON.parse("1e400") }, "reauthentication_required"],
    [{ auth_time: null }, "reauthentication_required"],
    [{ amr: "mfa" }, "mfa_required"],
    [{ amr: ["MFA"] }, "mfa_required"],
    [{ amr: ["mfa", 1] }, "mfa_required"],
    [{ idp: [IDP] }, "idp_not_permitted"],
    [{ idp: null }, "idp_not_permitted"],
    [{ idp: "https://idp.example.edu.evil.example.org" }, "idp_not_permitted"],
  ] as const
) {
  Deno.test(`global and rule's assurance together: ${JSON.stringify(change)} is ${reason}`, () => {
    assert.equal(
      ask(ASSURED, { claims: { ...GOOD, ...change } }).reason,
      reason,
    );
  });
}

const LINKED: Asked["subject"] = {
  identities: [
    { id: "i1", username: "alice@example.edu", email: null, idp: null },
    { id: "i2", username: "bob@example.org", email: null, idp: null },
    { id: null, username: "carol@example.edu", email: null, idp: null },
  ],
  authentications: [
    { identity: "i2", idps: ["lab"], auth_time: NOW, amr: ["mfa"], acr: null },
    {
      identity: "i1",
      idps: ["campus"],
      auth_time: NOW,
      amr: ["pwd"],
      acr: null,
    },
  ],
};

const USERNAMES =
  'accounts: [{identity: username, strip_suffix: "@example.edu"}, {identity: username, strip_suffix: "@example.org"}]';

for (
  const [assurance, account, expected] of [
    ["mfa: true", "alice", "allowed"],
    ["mfa: true, same_identity: true", "alice", "mfa_required"],
    ["mfa: true, same_identity: true", "bob", "allowed"],
    ["mfa: true, permitted_idps: [campus]", "alice", "mfa_required"],
    ["mfa: true, permitted_idps: [lab]", "alice", "allowed"],
    [
      "mfa: true, permitted_idps: [lab], same_identity: true",
      "alice",
      "idp_not_permitted",
    ],
    ["same_identity: true", "alice", "allowed"],
    ["same_identity: true", "carol", "reauthentication_required"],
    ["mfa: true", "carol", "allowed"],
  ] as const
) {
  Deno.test(`linked identities: {${assurance}} makes ${account} ${expected}`, () => {
    const policy = rules({ r: `assurance: {${assurance}}, ${USERNAMES}` });
    assert.equal(
      ask(policy, { account, subject: LINKED, claims: {} }).reason,
      expected,
    );
  });
}

Deno.test("same_identity does not bind shared accounts", () => {
  const policy = rules({
    r: "assurance: {mfa: true, same_identity: true}, accounts: [{names: [deploy]}]",
  });
  assert.equal(
    ask(policy, { account: "deploy", subject: LINKED }).reason,
    "allowed",
  );
});
