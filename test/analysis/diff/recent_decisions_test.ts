/**
 * Questions that a replay takes for the same are decided alike, whatever the policies ask.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import {
  Question,
  RecentDecisions,
} from "../../../src/analysis/diff/recent_decisions.ts";
import { issuerPairs } from "../../../src/analysis/diff/side.ts";
import { requestOf } from "../../../src/analysis/diff/witness.ts";
import { withClaim } from "../../../src/policy/claims.ts";
import { evaluate } from "../../../src/policy/evaluate/evaluate.ts";
import { NOW, policyWith, rules } from "../../support/policies.ts";
import { caseArbitrary } from "../../support/policy_generators.ts";
import { holds } from "../../support/properties.ts";

const TIMES = [0, 1, 59, 60, 61, 3_600, 3_601, 90_000];

Deno.test("equal questions have equal answers, at other times and with other times of authentication", () => {
  let alike = 0;
  holds(
    fc.property(caseArbitrary, ({ policy, requests }) => {
      for (const pair of issuerPairs(policy, policy)) {
        const side = pair.old;
        if (side === null) continue;
        const question = new Question(pair);
        for (const { subject, account, service, rhost } of requests) {
          const answers = new Map<string, string>();
          for (const since of TIMES) {
            for (const age of [null, 0, -61, 30, 4_000, "soon"]) {
              const now = NOW + since;
              const claims = withClaim(
                subject.claims,
                side.issuer.claims.auth_time,
                typeof age === "number" ? now - age : age ?? undefined,
              );
              const asked = {
                account,
                service,
                rhost,
                now,
                claims,
                host: null,
              };
              const { decision, reason, rule } = evaluate(
                policy,
                requestOf(side, asked),
              );
              const answer = [decision, reason, rule].join();
              const text = question.text(claims, now);
              const before = answers.get(text);
              if (before === undefined) answers.set(text, answer);
              else {
                alike += 1;
                assert.equal(answer, before, text);
              }
            }
          }
        }
      }
    }),
    { runs: 60 },
  );
  assert.ok(alike > 1_000, `${alike}`);
});

Deno.test("a question tells times apart where a policy has a bound between them, and there alone", () => {
  const [pair] = issuerPairs(
    rules({ a: "accounts: [{claim: sub}], assurance: {max_auth_age: 60s}" }),
    rules({
      a: "accounts: [{claim: sub}], not_after: 2026-01-01T12:00:00Z",
    }),
  );
  assert.ok(pair);
  const question = new Question(pair);
  const text = (auth_time: unknown, now: number, other = {}) =>
    question.text({ sub: "alice", auth_time, ...other }, now);
  const end = Date.UTC(2026, 0, 1, 12) / 1000;
  assert.equal(text(end - 90, end - 30), text(end - 65, end - 5, { x: 1 }));
  assert.notEqual(text(end - 90, end - 30), text(end - 91, end - 30));
  assert.notEqual(text(end - 30, end - 1), text(end - 30, end));
  assert.notEqual(text(end - 30, end), text(null, end));
  assert.notEqual(
    text(end, end),
    question.text({ sub: "bob", auth_time: end }, end),
  );
});

Deno.test("a question asks of linked identities whatever one of the policies looks at", () => {
  const issuers = (campus: string) =>
    `version: 1
issuers:
  campus: {issuer: https://auth.globus.org, ${campus}}
rules:
  a: {accounts: [{claim: sub}], assurance: {max_auth_age: 60s}}
`;
  const [pair] = issuerPairs(
    policyWith(issuers(
      "audiences: [ssh], kind: globus, client_id: ssh, client_secret_file: /etc/secret, fqdns: [ssh.example.edu]",
    )),
    policyWith(
      issuers("audiences: [ssh], claims: {auth_time: session_info}"),
    ),
  );
  assert.ok(pair?.old && pair.new);
  const question = new Question(pair);
  const text = (session_info: unknown) =>
    question.text({ sub: "alice", session_info }, NOW);
  assert.notEqual(
    text({ authentications: { a: { auth_time: NOW } } }),
    text({ authentications: { a: { auth_time: 1 } } }),
  );
});

Deno.test("RecentDecisions keeps what is asked for again, and no more than fits", () => {
  const recent = new RecentDecisions<number>();
  let made = 0;
  const ask = (key: string) => recent.get(key, () => made++);
  ask("often");
  for (let index = 0; index < 2_000; index++) {
    ask(`${"x".repeat(10_000)}${index}`);
    assert.equal(ask("often"), 0);
  }
  assert.equal(made, 2_001);
  // the first is long gone
  ask(`${"x".repeat(10_000)}0`);
  assert.equal(made, 2_002);
  const long = "y".repeat(100_000);
  assert.notEqual(ask(long), ask(long));
});
