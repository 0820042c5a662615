/**
 * A deny rule of which it cannot be told that it does not match, matches.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { diffPolicies } from "../../../src/analysis/diff/diff.ts";
import type { Condition } from "../../../src/policy/model.ts";
import { evaluate } from "../../../src/policy/evaluate/evaluate.ts";
import { withClaim } from "../../../src/policy/claims.ts";
import {
  claimLocation,
  isListed,
} from "../../../src/policy/evaluate/conditions.ts";
import {
  mentionedLocations,
  restrictClaims,
} from "../../../src/policy/evaluate/claims_used.ts";
import { subjectFromClaims } from "../../../src/policy/evaluate/subject.ts";
import { ask, requestFor, rules, short } from "../../support/policies.ts";
import { MAP_FILES } from "../../support/policy_documents.ts";
import { caseArbitrary } from "../../support/request_generators.ts";
import { holds } from "../../support/properties.ts";

const PERSON = {
  sub: "alice",
  email: "alice@example.edu",
  email_verified: true,
};
const STAFF = "when: {email_verified: true}, accounts: [{claim: sub}]";

/** The allow rule, a deny rule, claims beside the person's own, and the decision. */
const TABLE: readonly [string, string, Record<string, unknown>, string][] = [
  // any, all
  [
    "any [leavers]",
    "{groups: {any: [leavers]}}",
    { groups: ["leavers"] },
    "deny",
  ],
  [
    "any [leavers]",
    "{groups: {any: [leavers]}}",
    { groups: ["staff"] },
    "allow",
  ],
  ["any [leavers]", "{groups: {any: [leavers]}}", { groups: [] }, "allow"],
  ["any [leavers]", "{groups: {any: [leavers]}}", {}, "allow"],
  ["any [leavers]", "{groups: {any: [leavers]}}", { groups: null }, "allow"],
  [
    "any [leavers]",
    "{groups: {any: [leavers]}}",
    { groups: "leavers" },
    "deny",
  ],
  ["any [leavers]", "{groups: {any: [leavers]}}", { groups: "staff" }, "deny"],
  [
    "any [leavers]",
    "{groups: {any: [leavers]}}",
    { groups: { leavers: true } },
    "deny",
  ],
  ["any [leavers]", "{groups: {any: [leavers]}}", {
    groups: [{ name: "leavers" }],
  }, "deny"],
  ["any [leavers]", "{groups: {any: [leavers]}}", {
    groups: ["staff", ["leavers"]],
  }, "deny"],
  [
    "any [leavers]",
    "{groups: {any: [leavers]}}",
    { groups: ["staff", null] },
    "deny",
  ],
  ["any [leavers]", "{groups: {any: [leavers]}}", {
    groups: ["staff", 5, true],
  }, "allow"],
  ["any [leavers]", "{groups: {any: [leavers]}}", { hasgroups: true }, "deny"],
  [
    "any [leavers]",
    "{groups: {any: [leavers]}}",
    { hasgroups: false },
    "allow",
  ],
  ["any [leavers]", "{groups: {any: [leavers]}}", {
    _claim_names: { groups: "src1" },
  }, "deny"],
  ["any [leavers]", "{groups: {any: [leavers]}}", {
    _claim_names: { roles: "src1" },
  }, "allow"],
  [
    "any [leavers]",
    "{groups: {any: [leavers]}}",
    { _claim_names: "groups" },
    "deny",
  ],
  [
    "any [leavers]",
    "{groups: {any: [leavers]}}",
    { _claim_names: ["groups"] },
    "deny",
  ],
  [
    "any [leavers]",
    "{groups: {any: [leavers]}}",
    { _claim_names: null },
    "allow",
  ],
  ["any at a pointer", "{/realm/roles: {any: [x]}}", {
    _claim_names: { realm: "s" },
  }, "deny"],
  ["any at a pointer", "{/realm/roles: {any: [x]}}", { realm: "x" }, "allow"],
  [
    "any at a pointer",
    "{/realm/roles: {any: [x]}}",
    { realm: { roles: "x" } },
    "deny",
  ],
  ["all [a, b]", "{roles: {all: [a, b]}}", { roles: ["a", "c"] }, "allow"],
  ["all [a, b]", "{roles: {all: [a, b]}}", { roles: ["a", {}] }, "deny"],
  ["all [a, b]", "{roles: {all: [a, b]}}", { roles: "a b" }, "deny"],
  // none
  ["none [staff]", "{roles: {none: [staff]}}", { roles: ["staff"] }, "allow"],
  [
    "none [staff]",
    "{roles: {none: [staff]}}",
    { roles: ["staff", {}] },
    "allow",
  ],
  ["none [staff]", "{roles: {none: [staff]}}", { roles: ["guest"] }, "deny"],
  ["none [staff]", "{roles: {none: [staff]}}", { roles: [{}] }, "deny"],
  ["none [staff]", "{roles: {none: [staff]}}", { roles: "staff" }, "deny"],
  ["none [staff]", "{roles: {none: [staff]}}", {}, "allow"],
  // single values
  ["a flag", "{suspended: true}", { suspended: true }, "deny"],
  ["a flag", "{suspended: true}", { suspended: "true" }, "deny"],
  ["a flag", "{suspended: true}", { suspended: 1 }, "deny"],
  ["a flag", "{suspended: true}", { suspended: [true] }, "deny"],
  ["a flag", "{suspended: true}", { suspended: false }, "allow"],
  ["a flag", "{suspended: true}", {}, "allow"],
  ["in", "{unit: {in: [a, b]}}", { unit: "a" }, "deny"],
  ["in", "{unit: {in: [a, b]}}", { unit: ["a"] }, "deny"],
  ["in", "{unit: {in: [a, b]}}", { unit: "c" }, "allow"],
  ["like", '{unit: {like: "x-*"}}', { unit: "x-1" }, "deny"],
  ["like", '{unit: {like: "x-*"}}', { unit: 1 }, "deny"],
  ["like", '{unit: {like: "x-*"}}', { unit: "y" }, "allow"],
  // every condition has to be possible
  ["two conditions", "{unit: a, groups: {any: [x]}}", {
    unit: "b",
    groups: "x",
  }, "allow"],
  ["two conditions", "{unit: a, groups: {any: [x]}}", {
    unit: "a",
    groups: "x",
  }, "deny"],
];

for (const [what, when, claims, expected] of TABLE) {
  Deno.test(`a deny rule with ${what} decides ${expected} for ${JSON.stringify(claims)}`, () => {
    const policy = rules({ staff: STAFF, out: `effect: deny, when: ${when}` });
    const decision = evaluate(
      policy,
      requestFor(policy, { claims: { ...PERSON, ...claims } }),
    );
    assert.equal(decision.decision, expected, JSON.stringify(decision));
    assert.equal(
      decision.reason,
      expected === "deny" ? "denied_by_rule" : "allowed",
    );
  });
}

Deno.test("the decision says what could not be told, and nothing where it could", () => {
  const policy = rules({
    staff: STAFF,
    out: "effect: deny, when: {groups: {any: [leavers]}}",
  });
  const told = (claims: Record<string, unknown>) => {
    const request = requestFor(policy, { claims: { ...PERSON, ...claims } });
    const { detail, rules } = evaluate(policy, request);
    const rule = rules.find(({ id }) => id === "out");
    return [detail, rule?.matched, rule?.because, rule?.condition?.join(".")];
  };
  const place = "when.groups.any";
  assert.deepEqual(told({ groups: ["leavers"] }), [
    undefined,
    true,
    null,
    undefined,
  ]);
  assert.deepEqual(told({ groups: "x" }), [
    `${place}: the claim is of a type that cannot be judged`,
    ...[true, "claim_type", place],
  ]);
  assert.deepEqual(told({ _claim_names: { groups: "s" } }), [
    `${place}: the issuer keeps the claim elsewhere`,
    ...[true, "claim_distributed", place],
  ]);
});

const ACCOUNTS: readonly [string, string, Record<string, unknown>, string][] = [
  ["a claim", "[{claim: banned}]", { banned: "alice" }, "deny"],
  ["a claim", "[{claim: banned}]", { banned: "bob" }, "allow"],
  ["a claim", "[{claim: banned}]", {}, "allow"],
  ["a claim", "[{claim: banned}]", { banned: ["alice"] }, "deny"],
  ["a claim", "[{claim: banned}]", { _claim_names: { banned: "s" } }, "deny"],
  ["a map", "[{map: {u9: [alice]}, keys: [uid]}]", { uid: "u9" }, "deny"],
  ["a map", "[{map: {u9: [alice]}, keys: [uid]}]", { uid: "u8" }, "allow"],
  ["a map", "[{map: {u9: [alice]}, keys: [uid]}]", { uid: 9 }, "deny"],
  ["an identity", "[{identity: email}]", { email: ["x"] }, "deny"],
  ["names", "[{names: [backup]}]", { banned: ["alice"] }, "allow"],
];
for (const [what, accounts, claims, expected] of ACCOUNTS) {
  Deno.test(`a deny rule about accounts of ${what} decides ${expected} for ${JSON.stringify(claims)}`, () => {
    const policy = rules({
      staff: STAFF,
      out: `effect: deny, accounts: ${accounts}`,
    });
    const given = { ...PERSON, ...claims };
    assert.equal(short(ask(policy, { claims: given })).split(" ")[0], expected);
  });
}

Deno.test("an allow rule takes nothing that cannot be told for a yes", () => {
  const policy = rules({
    staff: "when: {groups: {none: [leavers]}}, accounts: [{claim: sub}]",
  });
  for (
    const [groups, expected] of [
      [["staff"], "allow"],
      [["leavers"], "deny"],
      ["staff", "deny"],
      [[{ name: "leavers" }], "deny"],
      [["staff", null], "deny"],
      [undefined, "deny"],
    ] as const
  ) {
    const claims = { ...PERSON, ...(groups === undefined ? {} : { groups }) };
    const decision = short(ask(policy, { claims })).split(" ")[0];
    assert.equal(decision, expected, JSON.stringify(groups));
  }
});

function isJudged(
  condition: Condition,
  { shape, bare }: { shape: unknown; bare: boolean },
): boolean {
  switch (condition.operator) {
    case "any":
    case "all":
    case "none":
      return Array.isArray(shape) || (bare && typeof shape !== "object");
    case "in":
      return typeof shape !== "object";
    case "equals":
      return typeof shape === typeof condition.value;
    case "like":
    case "word":
      return typeof shape === "string";
    case "has":
      return typeof shape === "object" && !Array.isArray(shape);
  }
}

Deno.test("no shape of a claim that a matching deny rule asks about opens anything", () => {
  let tried = 0;
  const shapes = [{}, [], "", 0, true, [{}], { 0: 1 }, "x", ["x", {}]];
  holds(
    fc.property(caseArbitrary, ({ policy, requests }) => {
      for (const request of requests) {
        const options = { mapFiles: MAP_FILES };
        const before = evaluate(policy, request, options);
        if (before.reason !== "denied_by_rule") continue;
        const rule = policy.rules.find(({ id }) => id === before.rule);
        const issuer = policy.issuers.find(({ name }) =>
          name === request.subject.issuer
        );
        assert.ok(issuer);
        // accounts may come from the same claim, and then be other ones
        if (rule?.accounts?.some(({ source }) => source !== "names")) continue;
        const pairs = (rule?.when ?? []).flatMap((condition) =>
          shapes.map((shape) => ({ condition, shape }))
        );
        for (const { condition, shape } of pairs) {
          const location = claimLocation(issuer, condition.claim);
          const claims = withClaim(request.subject.claims, location, shape);
          // a value that the condition can judge may of course be another one
          const bare = isListed(issuer, location);
          if (isJudged(condition, { shape, bare })) continue;
          const subject = { ...request.subject, claims };
          const after = evaluate(policy, { ...request, subject }, options);
          const outcome = after.rules.find(({ id }) => id === before.rule);
          assert.equal(after.decision, "deny");
          assert.equal(outcome?.matched, true);
          tried++;
        }
      }
    }),
    { runs: 1500 },
  );
  assert.ok(tried > 20, `${tried} were tried`);
});

Deno.test("diff tells of who is refused only because it cannot be told", () => {
  const old = rules({ staff: STAFF });
  const next = rules({
    staff: STAFF,
    out: "effect: deny, when: {groups: {any: [leavers]}}",
  });
  const same = rules({
    staff: STAFF,
    out: "effect: deny, when: {groups: {any: [leavers]}}",
    more: "effect: deny, when: {groups: {all: [leavers]}}",
  });
  assert.equal(diffPolicies(old, next).verdict, "narrower");
  assert.equal(diffPolicies(next, same).verdict, "equivalent");
  // a condition that judges more types denies fewer
  const flag = (value: string) =>
    rules({ staff: STAFF, out: `effect: deny, when: {x: ${value}}` });
  const { verdict, changes } = diffPolicies(
    flag("{equals: a}"),
    flag("{in: [a]}"),
  );
  assert.equal(verdict, "wider");
  assert.ok(
    changes.some(({ witness }) =>
      typeof witness.claims.x === "boolean" ||
      typeof witness.claims.x === "number"
    ),
    JSON.stringify(changes.map(({ witness }) => witness.claims)),
  );
});

Deno.test("what is recorded for a replay keeps what says that a claim lies elsewhere", () => {
  const policy = rules({
    staff: STAFF,
    out: "effect: deny, when: {groups: {any: [leavers]}}",
  });
  const [issuer] = policy.issuers;
  assert.ok(issuer);
  const claims = { ...PERSON, other: 1, _claim_names: { groups: "src1" } };
  const kept = restrictClaims(claims, mentionedLocations(policy, issuer), {
    absent: "null",
  });
  const request = requestFor(policy, { claims });
  const replayed = { ...request, subject: subjectFromClaims(issuer, kept) };
  assert.equal(evaluate(policy, request).reason, "denied_by_rule");
  assert.equal(evaluate(policy, replayed).reason, "denied_by_rule");
  assert.ok(!("other" in kept));
});
