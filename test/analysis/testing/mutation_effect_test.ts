/**
 * What a mutation does to decisions: told by a test that shows it, proved to be nothing, or said to
 * be unknown. The oracles are the evaluator and the comparison of whole policies.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { diffPolicies } from "../../../src/analysis/diff/diff.ts";
import { mutate } from "../../../src/analysis/testing/mutate.ts";
import {
  type Effect,
  Effects,
} from "../../../src/analysis/testing/mutation_effect.ts";
import {
  type Mutation,
  mutationsOf,
} from "../../../src/analysis/testing/mutations.ts";
import { runTest } from "../../../src/analysis/testing/expectation.ts";
import {
  readTestFile,
  testSuite,
} from "../../../src/analysis/testing/suite.ts";
import {
  testText,
  type WrittenTest,
} from "../../../src/analysis/testing/write.ts";
import type { Policy } from "../../../src/policy/model.ts";
import { largeDocument, largePolicy } from "../../support/large_policies.ts";
import { ask, policyWith, rules, short } from "../../support/policies.ts";
import { policyArbitrary, policyOf } from "../../support/policy_generators.ts";
import { holds } from "../../support/properties.ts";
import { readSuite } from "../../support/suites.ts";

/** The test as an administrator would paste it, run against the policy and the changed one. */
function pasted(
  written: WrittenTest,
  { policy, mutation, defaults }: {
    policy: Policy;
    mutation: Mutation;
    defaults: string;
  },
): boolean[] {
  const text = `defaults: ${defaults}\ntests:\n${testText(written)}`;
  const { source } = readTestFile(text, { file: "site.test.yaml" });
  assert.ok(source, text);
  const { cases: [test], findings } = testSuite(policy, {
    own: null,
    beside: [source],
  });
  assert.deepEqual(
    findings.filter(({ id }) => id !== "test/no-deny").map((one) =>
      one.message
    ),
    [],
    text,
  );
  assert.ok(test, text);
  return [policy, mutation.policy].map((one) => runTest(one, test).passed);
}

function effectOf(
  policy: Policy,
  mutation: Mutation,
  context: ConstructorParameters<typeof Effects>[1],
): Effect {
  return new Effects(policy, context).of(mutation);
}

/** All effects, each shown one proved with its test as text. */
function effects(policy: Policy, defaults = "{}") {
  const given = readTestFile(`defaults: ${defaults}\n`, { file: "x" }).source
    ?.document as { defaults: Record<string, never> };
  return mutationsOf(policy).map((mutation) => {
    const effect = effectOf(policy, mutation, given);
    if (effect.kind === "shown") {
      assert.deepEqual(
        pasted(effect.test, { policy, mutation, defaults }),
        [true, false],
        `${mutation.description}\n${testText(effect.test)}`,
      );
    }
    return { mutation, effect };
  });
}

for (const suffix of ["@example.edu", "-adm@example.edu", ".adm@example.edu"]) {
  Deno.test(`a vacuous suite passes for no suffix, such as "${suffix}"`, () => {
    const { policy, results, suite, findings } = readSuite(`version: 1
issuers: {campus: {issuer: https://login.example.edu, audiences: [ssh]}}
rules:
  admins:
    services: [sshd]
    when: {groups: {any: [admins]}, email_verified: true}
    accounts: [{claim: email, strip_suffix: "${suffix}"}]
defaults: {account: ann}
tests:
  - {name: ann, claims: {email: "ann${suffix}", email_verified: true, groups: [admins]}, expect: allow}
  - {name: nobody, claims: {}, expect: deny}
`);
    assert.equal(findings, "");
    const report = mutate(policy, results, { defaults: suite.defaults });
    const unnoticed = report.survived.map(({ message }) => message);
    for (
      const what of [
        'removing "services"',
        'removing the condition "groups.any"',
        'removing the condition "email_verified.equals"',
      ]
    ) {
      assert.ok(
        unnoticed.includes(`${what} of the rule "admins" changes no test`),
        unnoticed.join("\n"),
      );
    }
    assert.deepEqual(report.unknown, []);
    effects(policy, "{account: ann}");
  });
}

/** What the comparison of the whole policies says of the mutation. */
function judged(policy: Policy, mutation: Mutation) {
  const diff = diffPolicies(policy, mutation.policy);
  const hosted = diff.changes.every(({ witness }) => witness.host !== null);
  return { diff, hosted };
}

Deno.test("mutation agrees with the comparison of whole policies on every change", () => {
  const met = { shown: 0, none: 0, host: 0, unknown: 0 };
  holds(
    fc.property(policyArbitrary, (document) => {
      const policy = policyOf(document);
      for (const { mutation, effect } of effects(policy)) {
        const { diff, hosted } = judged(policy, mutation);
        met[effect.kind] += 1;
        const said = `${mutation.description}: ${JSON.stringify(effect)}`;
        assert.ok(diff.exhaustive, diff.limits.join());
        switch (effect.kind) {
          case "shown":
            assert.ok(diff.changes.length > 0, said);
            break;
          case "none":
            assert.deepEqual(diff.changes, [], said);
            break;
          case "host":
            assert.ok(diff.changes.length > 0 && hosted, said);
            break;
          case "unknown":
            assert.fail(said);
        }
      }
    }),
    { runs: 60 },
  );
  assert.ok(met.shown > 100 && met.none > 20, JSON.stringify(met));
});

/** The one mutation with this description. */
function mutationOf(policy: Policy, description: string): Mutation {
  const all = mutationsOf(policy);
  const found = all.find((one) => one.description === description);
  assert.ok(found, all.map((one) => one.description).join("\n"));
  return found;
}

Deno.test("a change that only matters for accounts of the system is not called without effect", () => {
  const policy = rules({
    open: "accounts: [{names: [daemon]}], allow_protected: true",
    same: "accounts: [{names: [daemon]}]",
  });
  const removed = mutationOf(policy, 'removing the rule "open"');
  assert.equal(effectOf(policy, removed, { defaults: {} }).kind, "host");
  // tests know no host: with one, the rule is needed
  const host = { uid: 2, name: "daemon" };
  const asked = { account: "daemon", host };
  assert.equal(short(ask(policy, asked)), "allow allowed open");
  assert.equal(ask(removed.policy, asked).decision, "deny");
  assert.equal(ask(removed.policy, { account: "daemon" }).decision, "allow");
});

Deno.test("what only other contents of a map file would show is shown with these contents", () => {
  const policy = rules({
    own: "when: {groups: {any: [staff]}}, accounts: [{claim: sub}]",
    mapped:
      "when: {groups: {any: [staff]}}, accounts: [{map_file: /etc/a.map, keys: [sub]}]",
  });
  const removed = mutationOf(policy, 'removing the rule "mapped"');
  const defaults =
    '{map_files: {/etc/a.map: "alice alice\\n"}, issuer: campus}';
  const found = effects(policy, defaults).find(({ mutation }) =>
    mutation.description === removed.description
  );
  assert.equal(found?.effect.kind, "shown");
});

Deno.test("a deny rule is compared together with each rule that admits", () => {
  const allows = Object.fromEntries(
    Array.from({ length: 30 }, (_, index) => [
      `a${index}`,
      `when: {groups: {any: [g${index}]}}, accounts: [{names: [acc${index}]}]`,
    ]),
  );
  const policy = rules({
    ...allows,
    locked: "effect: deny, when: {locked: true}, accounts: [{names: [acc29]}]",
    idle: "effect: deny, accounts: [{names: [nobody]}]",
  });
  const kind = (description: string) =>
    effectOf(policy, mutationOf(policy, description), { defaults: {} }).kind;
  assert.equal(kind('removing the rule "locked"'), "shown");
  assert.equal(
    kind('removing the condition "locked.equals" of the rule "locked"'),
    "shown",
  );
  // no rule admits to that account
  assert.equal(kind('removing the rule "idle"'), "none");
});

Deno.test("a request that no test can say leaves the change unknown, and never without effect", () => {
  // in a test, this text is a time
  const policy = rules({
    odd: 'when: {exp: "now-1h"}, accounts: [{claim: sub}]',
  });
  const removed = mutationOf(policy, 'removing the rule "odd"');
  assert.deepEqual(effectOf(policy, removed, { defaults: {} }), {
    kind: "unknown",
    why: "the request that shows it cannot be a test",
  });
  const claims = { sub: "alice", exp: "now-1h" };
  assert.equal(ask(policy, { claims }).decision, "allow");
});

Deno.test("identities and sessions of Globus are written as a test has them", () => {
  const policy = policyWith(`version: 1
issuers:
  globus: {kind: globus, issuer: https://auth.globus.org, audiences: [c], client_id: c, client_secret_file: /etc/s}
assurance: {permitted_idps: [example.edu], max_auth_age: 8h}
rules:
  linked: {accounts: [{identity: username, strip_suffix: "@example.edu"}]}
  mapped: {when: {organization: Example}, accounts: [{map: {ann@example.org: [ann]}, keys: [identity.email]}]}
`);
  const kinds = effects(policy).map(({ effect }) => effect.kind);
  assert.ok(kinds.filter((kind) => kind === "shown").length >= 8, kinds.join());
  assert.ok(!kinds.includes("unknown"));
  const [first] = effects(policy).flatMap(({ effect }) =>
    effect.kind === "shown" ? [effect.test] : []
  );
  assert.ok(first?.["identities"] && first["authentications"]);
});

Deno.test("times are told from the clock of the file, whatever it is", () => {
  const policy = rules({
    recent: "accounts: [{claim: sub}], assurance: {max_auth_age: 1h}",
    dated: "when: {level: 1767268800}, accounts: [{claim: login}]",
  });
  const defaults = '{now: "2030-06-01T00:00:00Z", issuer: campus}';
  assert.deepEqual(
    effects(policy, defaults).filter(({ effect }) => effect.kind === "unknown"),
    [],
  );
});

Deno.test("a request that another rule decides is not taken for a difference", () => {
  const policy = rules({
    staff: "when: {groups: {any: [staff]}}, accounts: [{claim: sub}]",
    others: "effect: deny, when: {groups: {none: [staff]}}",
    without: "when: {groups: {any: [other]}}, accounts: [{claim: sub}]",
  });
  // whoever is in no list of groups is admitted by the change, and nobody else
  const wider = effectOf(
    policy,
    mutationOf(
      policy,
      'removing the condition "groups.any" of the rule "staff"',
    ),
    { defaults: {} },
  );
  assert.ok(wider.kind === "shown");
  assert.deepEqual(wider.test["claims"], { sub: wider.test["account"] });
  // both groups together are of "staff" already, and one alone is denied
  const less = mutationOf(policy, 'removing the rule "without"');
  assert.equal(effectOf(policy, less, { defaults: {} }).kind, "none");
  const claims = { sub: "alice", groups: ["other"] };
  assert.equal(short(ask(policy, { claims })), "deny denied_by_rule others");
});

Deno.test("all changes to 200 rules are told within 20 s", () => {
  const policy = largePolicy(largeDocument(7, 200));
  const start = performance.now();
  const report = mutate(policy, [], { defaults: {} });
  const ms = performance.now() - start;
  assert.ok(report.tried > 1_500, String(report.tried));
  assert.deepEqual(report.unknown, []);
  assert.ok(ms < 20_000, `${Math.round(ms)} ms`);
});
