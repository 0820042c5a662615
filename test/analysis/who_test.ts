/**
 * Who reaches an account: nobody who does is left out, and the least is really admitted.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { whoReaches } from "../../src/analysis/who.ts";
import { mapFilesOf, requestOf } from "../../src/analysis/diff/witness.ts";
import { evaluate } from "../../src/policy/evaluate/evaluate.ts";
import { collidingPolicies, collidingRequest } from "../support/collisions.ts";
import { rules } from "../support/policies.ts";
import { holds } from "../support/properties.ts";

const told = (written: Record<string, string>) =>
  whoReaches(rules(written)).accounts.map(({ account, ways, except }) => [
    account,
    ...ways.map(({ rule, issuer, shared, least }) =>
      `${rule} ${issuer} ${shared ? "shared" : "own"} ${
        JSON.stringify(least.claims)
      }`
    ),
    ...except.map((id) => `not ${id}`),
  ]);

Deno.test("whoReaches() tells of each rule and issuer with the least that it admits", () => {
  assert.deepEqual(
    told({
      staff:
        "issuers: [campus], when: {groups: {any: [staff]}}, accounts: [{claim: sub}]",
      ops:
        "issuers: [campus], assurance: {mfa: true}, accounts: [{names: [deploy]}]",
      leavers:
        "effect: deny, when: {groups: {any: [leavers]}}, accounts: [{names: [deploy]}]",
    }),
    [
      [
        "deploy",
        'staff campus own {"groups":["staff"],"sub":"deploy"}',
        'ops campus shared {"amr":["mfa"]}',
        "not leavers",
      ],
      ["root"],
      ["someone", 'staff campus own {"groups":["staff"],"sub":"someone"}'],
    ],
  );
});

Deno.test("a rule that a deny rule makes vain reaches nobody", () => {
  assert.deepEqual(
    told({
      staff:
        "issuers: [campus], when: {groups: {any: [staff]}}, accounts: [{names: [alice]}]",
      vain: "effect: deny, when: {groups: {any: [staff, other]}}",
    }),
    [["alice", "not vain"], ["root", "not vain"], ["someone", "not vain"]],
  );
});

Deno.test("whoReaches() leaves out no rule that admits a request, and each least is admitted", () => {
  let admitted = 0;
  const cases = collidingPolicies.chain(([policy]) =>
    fc.record({
      policy: fc.constant(policy),
      requests: fc.array(collidingRequest(policy), {
        minLength: 40,
        maxLength: 40,
      }),
    })
  );
  holds(
    fc.property(cases, ({ policy, requests }) => {
      const who = whoReaches(policy);
      for (const { ways } of who.accounts) {
        for (const { rule, issuer, least } of ways) {
          const known = policy.issuers.find(({ name }) => name === issuer);
          assert.ok(known);
          const side = { policy, issuer: known };
          const said = evaluate(policy, requestOf(side, least), {
            mapFiles: mapFilesOf(side, least),
          });
          assert.equal(said.decision, "allow", JSON.stringify(least));
          const own = said.rules.find(({ id }) => id === rule);
          assert.equal(own?.granted, true, JSON.stringify({ rule, least }));
        }
      }
      if (who.limits.length > 0) return;
      for (const { request, mapFiles } of requests) {
        const said = evaluate(policy, request, { mapFiles });
        if (said.decision !== "allow") continue;
        admitted += 1;
        const own = who.accounts.filter(({ account, example }) =>
          account === request.account && !example
        );
        const reach = own.length > 0
          ? own
          : who.accounts.filter(({ example }) => example);
        const ways = reach.flatMap(({ ways }) => ways.map(({ rule }) => rule));
        for (const { id, granted } of said.rules) {
          if (granted) assert.ok(ways.includes(id), `${id} ${ways}`);
        }
      }
    }),
    { runs: 150 },
  );
  assert.ok(admitted > 50, String(admitted));
});

Deno.test("with few questions every rule is asked about one account, and it is said what was not asked", () => {
  const policy = rules({
    staff: "when: {groups: {any: [staff]}}, accounts: [{claim: sub}]",
    ops: "issuers: [campus], accounts: [{names: [deploy]}]",
    db: "issuers: [campus], accounts: [{names: [db, deploy]}]",
  });
  const all = whoReaches(policy);
  assert.deepEqual(all.limits, []);
  assert.ok(all.accounts.every(({ whole }) => whole));
  const few = whoReaches(policy, { questions: 6 });
  assert.deepEqual(few.limits, [
    "there are too many rules and accounts to ask each rule about each account: every rule was asked about one account at least, and 1 of 4 accounts about every rule",
  ]);
  const told = few.accounts.map(({ account, ways, whole }) => [
    account,
    ways.map(({ rule, issuer }) => `${rule} ${issuer}`),
    whole,
  ]);
  assert.deepEqual(told, [
    ["db", ["staff campus", "db campus", "staff lab"], true],
    ["deploy", ["ops campus"], false],
    ["someone", ["staff campus", "staff lab"], false],
  ]);
  assert.match(
    whoReaches(policy, { questions: 2 }).limits[0] ?? "",
    /: of 4 rules and issuers only 2 were looked at, and 0 of 4 accounts/,
  );
});
