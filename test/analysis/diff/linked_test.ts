/**
 * Comparisons for issuers that vouch for several identities, or call them otherwise.
 *
 * @module
 */

import assert from "node:assert/strict";
import { diffPolicies } from "../../../src/analysis/diff/diff.ts";
import { evaluate } from "../../../src/policy/evaluate/evaluate.ts";
import type { Policy } from "../../../src/policy/model.ts";
import { subjectFromClaims } from "../../../src/policy/evaluate/subject.ts";
import { policyWith } from "../../support/policies.ts";

function policy(kind: string, rules: Record<string, string>): Policy {
  return policyWith(`version: 1
issuers:
  globus:
    kind: ${kind}
    issuer: https://auth.example.org
    audiences: [ssh]
    client_id: ssh
    client_secret_file: /etc/oauth-pam/secret
rules:
${Object.entries(rules).map(([id, body]) => `  ${id}: {${body}}\n`).join("")}`);
}

const OWN = 'accounts: [{identity: username, strip_suffix: "@example.edu"}]';

Deno.test("two identities of one person can meet two rules", () => {
  const old = policy("globus", {
    a: OWN,
    d: 'effect: deny, accounts: [{map: {"guest@example.org": [joe]}, keys: [identity.username]}]',
  });
  const diff = diffPolicies(old, policy("globus", { a: OWN }));
  const change = diff.changes.find(({ account }) => account === "joe");
  assert.equal(change?.verdict, "wider");
  assert.equal(diff.exhaustive, true);
  const { claims, service, rhost, now, account } = change?.witness ??
    {} as never;
  const [issuer] = old.issuers;
  assert.ok(issuer);
  const subject = subjectFromClaims(issuer, claims);
  const names = subject.identities.map(({ username }) => username);
  assert.ok(names.includes("joe@example.edu"));
  assert.ok(names.includes("guest@example.org"));
  const decision = evaluate(old, { account, service, rhost, now, subject });
  assert.deepEqual([decision.decision, decision.rule], ["deny", "d"]);
});

Deno.test("one authentication must meet everything, and another one does not help", () => {
  const split = (assurance: string) =>
    policy("globus", { a: `${OWN}, assurance: {${assurance}}` });
  const both = "mfa: true, max_auth_age: 1h";
  assert.equal(diffPolicies(split(both), split("mfa: true")).verdict, "wider");
  const old = policy("globus", {
    a: `${OWN}, assurance: {mfa: true}`,
    b: `${OWN}, assurance: {max_auth_age: 1h}`,
  });
  const diff = diffPolicies(
    old,
    policy("globus", {
      a: `${OWN}, assurance: {mfa: true}`,
      b: `${OWN}, assurance: {max_auth_age: 1h}`,
      c: `${OWN}, assurance: {${both}}`,
    }),
  );
  assert.deepEqual([diff.verdict, diff.exhaustive], ["equivalent", true]);
});

Deno.test("same_identity with several identities is proved", () => {
  const bound = (assurance: string, rest = "", accounts = OWN) =>
    policy("globus", {
      a: `${accounts}, assurance: {same_identity: true${assurance}}${rest}`,
    });
  const said = (old: Policy, next: Policy) => {
    const { verdict, limits } = diffPolicies(old, next);
    return [verdict, ...limits];
  };
  assert.deepEqual(said(bound(""), bound("", ", services: [sshd]")), [
    "narrower",
  ]);
  assert.deepEqual(said(bound(", mfa: true"), bound("")), ["wider"]);
  assert.deepEqual(
    said(bound(", max_auth_age: 1h"), bound(", max_auth_age: 2h")),
    ["wider"],
  );
  // a further condition can only refuse
  assert.deepEqual(
    said(bound(", mfa: true"), bound(", mfa: true", ", when: {x: z}")),
    ["narrower"],
  );
  // without it, any of the person's identities may have authenticated
  assert.deepEqual(
    said(
      bound(", mfa: true"),
      policy("globus", { a: `${OWN}, assurance: {mfa: true}` }),
    ),
    ["wider"],
  );
});

Deno.test("introspection has two places for a user name, and both are looked at", () => {
  const named = policy("introspection", { a: OWN });
  const claim = policy("introspection", {
    a: 'accounts: [{claim: username, strip_suffix: "@example.edu"}]',
  });
  const diff = diffPolicies(named, claim);
  assert.deepEqual([diff.verdict, diff.exhaustive], ["narrower", true]);
  assert.deepEqual(diff.changes.map(({ witness }) => witness.claims)[0], {
    preferred_username: `${diff.changes[0]?.account}@example.edu`,
  });
});
