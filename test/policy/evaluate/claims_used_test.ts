/**
 * The claims that a policy looks at decide alone.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { claimPath, locationOf } from "../../../src/policy/claims.ts";
import { evaluate } from "../../../src/policy/evaluate/evaluate.ts";
import {
  mentionedLocations,
  restrictClaims,
} from "../../../src/policy/evaluate/claims_used.ts";
import type { Policy } from "../../../src/policy/model.ts";
import { subjectFromClaims } from "../../../src/policy/evaluate/subject.ts";
import { policyWith, rules } from "../../support/policies.ts";
import {
  MAP_FILES,
  policyArbitrary,
  policyOf,
  requestArbitrary,
} from "../../support/policy_generators.ts";
import { holds } from "../../support/properties.ts";

function locations(policy: Policy, name = "campus"): string[] {
  const issuer = policy.issuers.find((candidate) => candidate.name === name);
  assert.ok(issuer);
  return mentionedLocations(policy, issuer);
}

Deno.test("a policy decides by the mentioned claims as by all claims", () => {
  const cases = policyArbitrary.chain((document) => {
    const policy = policyOf(document);
    return fc.record({
      policy: fc.constant(policy),
      requests: fc.array(requestArbitrary(policy), {
        minLength: 10,
        maxLength: 10,
      }),
      absent: fc.constantFrom("null" as const, "left out" as const),
    });
  });
  holds(
    fc.property(cases, ({ policy, requests, absent }) => {
      for (const request of requests) {
        const issuer = policy.issuers.find(({ name }) =>
          name === request.subject.issuer
        );
        assert.ok(issuer);
        const { claims } = request.subject;
        const mentioned = mentionedLocations(policy, issuer);
        const small = restrictClaims(claims, mentioned, { absent });
        const [all, some] = [claims, small].map((document) => {
          const subject = subjectFromClaims(issuer, document);
          const { decision, reason, rule } = evaluate(policy, {
            ...request,
            subject,
          }, {
            mapFiles: MAP_FILES,
          });
          return [decision, reason, rule];
        });
        assert.deepEqual(some, all);
      }
    }),
    { runs: 200 },
  );
});

Deno.test("mentionedLocations() knows conditions, sources, keys and assurance", () => {
  const policy = rules({
    a: "when: {groups: {any: [x]}, /org/unit: z}, accounts: [{claim: email}]",
    b: "issuers: [lab], when: {other: 1}, accounts: [{names: [x]}]",
    c: "assurance: {mfa: true}, accounts: [{map: {k: [x]}, keys: [uid, identity.username]}]",
  });
  assert.deepEqual(locations(policy), [
    "/org/unit",
    "acr",
    "amr",
    "auth_time",
    "email",
    "groups",
    "preferred_username",
    "uid",
  ]);
});

Deno.test("mentionedLocations() goes where the issuer keeps things", () => {
  const policy = policyWith(`version: 1
issuers:
  campus:
    issuer: https://login.example.edu
    audiences: [ssh]
    claims: {groups: /realm/roles, auth_time: at}
assurance: {max_auth_age: 1h, same_identity: true}
rules: {a: {when: {groups: {any: [x]}}, accounts: [{names: [x]}]}}
`);
  assert.deepEqual(locations(policy), ["/realm/roles", "at", "sub"]);
});

Deno.test("restrictClaims() keeps parts of objects and lists, and shows what was looked for", () => {
  const claims = {
    org: { unit: "x", secret: 1 },
    list: [1, { a: 2, b: 3 }],
    name: "n",
    text: "t",
  };
  const paths = ["/org/unit", "/list/1/a", "/text/below", "/none/at", "gone"];
  assert.deepEqual(restrictClaims(claims, paths, { absent: "null" }), {
    org: { unit: "x" },
    list: [null, { a: 2 }],
    text: "t",
    none: { at: null },
    gone: null,
  });
  assert.deepEqual(restrictClaims(claims, paths, { absent: "left out" }), {
    org: { unit: "x" },
    list: [null, { a: 2 }],
  });
});

Deno.test("restrictClaims() takes no claim for the machinery of objects", () => {
  const claims = JSON.parse('{"__proto__":{"admin":true},"constructor":1}');
  const small = restrictClaims(claims, ["__proto__", "toString"], {
    absent: "left out",
  });
  assert.equal(JSON.stringify(small), '{"__proto__":{"admin":true}}');
  assert.equal((small as { admin?: unknown }).admin, undefined);
});

Deno.test("locationOf() is read back as the same path", () => {
  holds(
    fc.property(
      fc.array(fc.string(), { minLength: 1, maxLength: 4 }),
      (path) => {
        assert.deepEqual(claimPath(locationOf(path)), path);
      },
    ),
    { runs: 200 },
  );
});
