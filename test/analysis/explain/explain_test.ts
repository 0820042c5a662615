/**
 * An explanation says what was decided, by which rule, and why not by the others.
 *
 * @module
 */

import assert from "node:assert/strict";
import {
  explain,
  issuerOfClaims,
  refusedBefore,
} from "../../../src/analysis/explain/explain.ts";
import { ask, requestFor, rules } from "../../support/policies.ts";

const POLICY = rules({
  staff: "accounts: [{names: [alice]}], when: {groups: {any: [staff]}}",
  strict: "accounts: [{names: [alice]}], assurance: {mfa: true}",
  banned: "effect: deny, when: {banned: true}",
});

Deno.test("explain() decides as evaluate() does", () => {
  for (
    const claims of [{ groups: ["staff"] }, { groups: ["x"] }, { banned: true }]
  ) {
    assert.deepEqual(
      explain(POLICY, requestFor(POLICY, { claims })).decision,
      ask(POLICY, { claims }),
    );
  }
});

Deno.test("explain() names for every rule the first thing that failed, also for a deny by default", () => {
  const policy = rules({
    staff: "accounts: [{names: [alice]}], when: {groups: {any: [staff]}}",
    lab: "accounts: [{names: [alice]}], issuers: [lab]",
    own: "accounts: [{claim: sub}]",
  });
  const { decision } = explain(
    policy,
    requestFor(policy, { claims: { sub: "u1" } }),
  );
  assert.deepEqual([decision.reason, decision.rule], [
    "account_not_permitted",
    null,
  ]);
  assert.deepEqual(
    decision.rules.map((
      { id, because, expected, actual },
    ) => [id, because, expected, actual]),
    [
      ["staff", "claim_missing", ["staff"], null],
      ["lab", "issuer_mismatch", ["lab"], "campus"],
      ["own", "account_mismatch", ["u1"], "alice"],
    ],
  );
});

Deno.test("explain() has hints only where something was refused", () => {
  const near = { groups: ["Staff"] };
  assert.deepEqual(
    explain(POLICY, requestFor(POLICY, { claims: near })).hints.map((
      { rule, kind },
    ) => [
      rule,
      kind,
    ]),
    [["staff", "case"]],
  );
  const granted = { groups: ["staff"] };
  assert.deepEqual(
    explain(POLICY, requestFor(POLICY, { claims: granted })).hints,
    [],
  );
});

Deno.test("issuerOfClaims() takes the name first, then iss byte for byte", () => {
  const of = (claims: Record<string, unknown>, name?: string) => {
    const found = issuerOfClaims(POLICY, { claims, name, account: "alice" });
    return "decision" in found ? found.decision.reason : found.name;
  };
  assert.equal(of({ iss: "https://login.example.edu" }), "campus");
  assert.equal(of({ iss: "https://login.example.edu" }, "lab"), "lab");
  assert.equal(of({ iss: "https://login.example.edu/" }), "issuer_unknown");
  assert.equal(of({}, "nowhere"), "issuer_unknown");
  assert.equal(of({}), "claim_missing");
  assert.equal(of({ iss: 7 }), "claim_missing");
  // an issuer's URL is not its local name
  assert.equal(of({}, "https://login.example.edu"), "issuer_unknown");
});

Deno.test("issuerOfClaims() needs no iss where there is one issuer", () => {
  const [only] = POLICY.issuers;
  const policy = { ...POLICY, issuers: only === undefined ? [] : [only] };
  const asked = { claims: {}, name: undefined, account: "alice" };
  assert.equal(issuerOfClaims(policy, asked), only);
});

Deno.test("refusedBefore() is a refusal without rules", () => {
  const { decision, issuer } = refusedBefore("alice", {
    reason: "token_expired",
    detail: "the token expired 5 s ago",
  });
  assert.deepEqual(decision, {
    decision: "deny",
    reason: "token_expired",
    rule: null,
    rules: [],
    detail: "the token expired 5 s ago",
  });
  assert.equal(issuer, null);
});
