/**
 * Rules that end, compared over all times: a change shows at the time at which it matters.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { type Diff, diffPolicies } from "../../../src/analysis/diff/diff.ts";
import { evaluate } from "../../../src/policy/evaluate/evaluate.ts";
import { instantText } from "../../../src/policy/instant.ts";
import { subjectFromClaims } from "../../../src/policy/evaluate/subject.ts";
import type { Policy } from "../../../src/policy/model.ts";
import type { AccessRequest } from "../../../src/policy/request.ts";
import { NOW, policyWith, requestFor, rules } from "../../support/policies.ts";
import { holds } from "../../support/properties.ts";

/** Verdict and the times that show it, each with what both policies say. */
function shown(old: Policy, next: Policy, from?: string): string[] {
  const { verdict, exhaustive, limits, changes } = diffPolicies(
    old,
    next,
    from === undefined ? {} : { from: Date.parse(from) / 1000 },
  );
  assert.ok(exhaustive, limits.join());
  return [
    verdict,
    ...changes.map((change) =>
      [
        change.verdict,
        instantText(change.witness.now),
        change.old.reason,
        change.new.reason,
      ].join(" ")
    ),
  ];
}

const STAFF = "accounts: [{names: [alice]}]";
const staff = (end?: string, more = "") =>
  rules({
    staff: `${STAFF}${end === undefined ? "" : `, not_after: ${end}`}${more}`,
  });
const [JANUARY, JUNE, PAST] = [
  "2027-01-31T00:00:00Z",
  "2027-06-30T00:00:00Z",
  "2020-06-30T00:00:00Z",
];
const REFUSED = "account_not_permitted";

const TABLE: readonly [string, Policy, Policy, string[]][] = [
  ["an end more", staff(), staff(JANUARY), [
    "narrower",
    `narrower ${JANUARY} allowed ${REFUSED}`,
  ]],
  ["an end less", staff(JANUARY), staff(), [
    "wider",
    `wider ${JANUARY} ${REFUSED} allowed`,
  ]],
  ["a later end", staff(JANUARY), staff(JUNE), [
    "wider",
    `wider ${JANUARY} ${REFUSED} allowed`,
  ]],
  ["an earlier end", staff(JUNE), staff(JANUARY), [
    "narrower",
    `narrower ${JANUARY} allowed ${REFUSED}`,
  ]],
  [
    "the same end in another zone",
    staff(JANUARY),
    staff(
      '"2027-01-31T01:00:00+01:00"',
    ),
    ["equivalent"],
  ],
  [
    "an end by a second earlier",
    staff(JANUARY),
    staff(
      "2027-01-30T23:59:59Z",
    ),
    [
      "narrower",
      `narrower 2027-01-30T23:59:59Z allowed ${REFUSED}`,
    ],
  ],
  ["an end in the past", staff(), staff(PAST), [
    "narrower",
    `narrower 2026-01-01T12:00:00Z allowed ${REFUSED}`,
  ]],
  [
    "another end in the past",
    staff(PAST),
    staff("2021-01-01T00:00:00Z"),
    ["wider", `wider ${PAST} ${REFUSED} allowed`],
  ],
  [
    "an end in the past that goes further back",
    staff(PAST),
    staff("2019-01-01T00:00:00Z"),
    ["narrower", `narrower 2019-01-01T00:00:00Z allowed ${REFUSED}`],
  ],
  [
    "a rule less that ended long ago",
    rules({
      staff: STAFF,
      guests: `accounts: [{names: [bob]}], not_after: ${PAST}`,
    }),
    rules({ staff: STAFF }),
    ["narrower", `narrower 2020-06-29T23:59:59Z allowed ${REFUSED}`],
  ],
  [
    "a deny rule that ends",
    rules({ staff: STAFF, out: "effect: deny" }),
    rules({ staff: STAFF, out: `effect: deny, not_after: ${JANUARY}` }),
    ["wider", `wider ${JANUARY} denied_by_rule allowed`],
  ],
  [
    "a deny rule that ends later",
    rules({ staff: STAFF, out: `effect: deny, not_after: ${JANUARY}` }),
    rules({ staff: STAFF, out: `effect: deny, not_after: ${JUNE}` }),
    ["narrower", `narrower ${JANUARY} allowed denied_by_rule`],
  ],
  [
    "a deny rule more for the time after the end",
    staff(JANUARY),
    rules({
      staff: `${STAFF}, not_after: ${JANUARY}`,
      more: `${STAFF}, not_after: ${JUNE}`,
      out: `effect: deny, not_after: ${JUNE}`,
    }),
    ["narrower", `narrower 2026-01-01T12:00:00Z allowed denied_by_rule`],
  ],
  [
    "a rule that another one outlives",
    rules({ staff: `${STAFF}, not_after: ${JUNE}` }),
    rules({
      staff: `${STAFF}, not_after: ${JUNE}`,
      more: `${STAFF}, not_after: ${JANUARY}`,
    }),
    ["equivalent"],
  ],
];
for (const [what, old, next, expected] of TABLE) {
  Deno.test(`diffPolicies() finds ${what}`, () => {
    assert.deepEqual(shown(old, next), expected);
  });
}

const ended = rules({
  staff: STAFF,
  guests: `accounts: [{names: [bob]}], not_after: ${PAST}`,
  out: `effect: deny, accounts: [{names: [alice]}], not_after: ${PAST}`,
});
for (
  const [from, expected] of [
    // the last second of the rules, and the first without them
    ["2020-06-29T23:59:59Z", [
      "incomparable",
      "wider 2020-06-29T23:59:59Z denied_by_rule allowed",
      `narrower 2020-06-29T23:59:59Z allowed ${REFUSED}`,
    ]],
    [PAST, ["equivalent"]],
    [JANUARY, ["equivalent"]],
  ] as const
) {
  Deno.test(`from ${from} on, rules that ended in 2020 are compared as they are then`, () => {
    assert.deepEqual(
      shown(ended, rules({ staff: STAFF }), from),
      expected,
    );
  });
}

Deno.test("a change that begins before the time and lasts beyond it is found", () => {
  assert.deepEqual(shown(staff(PAST), staff(JUNE), JANUARY), [
    "wider",
    `wider ${JANUARY} ${REFUSED} allowed`,
  ]);
  assert.deepEqual(shown(staff(JANUARY), staff(JUNE), "2027-02-01T00:00:00Z"), [
    "wider",
    `wider 2027-02-01T00:00:00Z ${REFUSED} allowed`,
  ]);
  assert.deepEqual(shown(staff(JANUARY), staff(JUNE), JUNE), ["equivalent"]);
});

Deno.test("an age is as long ago at the time that shows a change as at any other", () => {
  const fresh = ", assurance: {max_auth_age: 1h}";
  const diff = diffPolicies(staff(JANUARY, fresh), staff(JUNE, fresh));
  assert.equal(diff.exhaustive, true);
  const [change, ...others] = diff.changes;
  assert.deepEqual(others, []);
  assert.equal(instantText(change?.witness.now ?? 0), JANUARY);
  assert.deepEqual(change?.witness.claims, {
    auth_time: change?.witness.now,
  });
  // the age alone, at the usual time
  assert.deepEqual(shown(staff(JUNE, fresh), staff(JUNE)), [
    "wider",
    "wider 2026-01-01T12:00:00Z reauthentication_required allowed",
  ]);
  // the age makes up for the end in no request
  assert.deepEqual(shown(staff(JANUARY), staff(JUNE, fresh)), [
    "incomparable",
    `wider ${JANUARY} ${REFUSED} allowed`,
    "narrower 2026-01-01T12:00:00Z allowed reauthentication_required",
  ]);
});

Deno.test("where a time is compared with fixed numbers too, nothing is called equivalent", () => {
  const times = ", when: {auth_time: {in: [1801353600]}}";
  const fresh = ", assurance: {max_auth_age: 1h}";
  // it needs auth_time at the end of the first rule
  const { verdict, exhaustive } = diffPolicies(
    staff(JANUARY, times + fresh),
    staff(JUNE, times + fresh),
  );
  assert.equal(exhaustive, false);
  assert.notEqual(verdict, "equivalent");
});

Deno.test("ends of rules about persons with linked identities are compared too", () => {
  const globus = (end: string) =>
    policyWith(`issuers:
  globus:
    kind: globus
    issuer: https://auth.globus.org
    audiences: [gate]
    client_id: gate
    client_secret_file: /etc/oauth-pam/secret
    fqdns: [ssh.example.edu]
version: 1
rules:
  staff:
    not_after: ${end}
    assurance: {mfa: true, max_auth_age: 1h}
    accounts: [{identity: username, strip_suffix: "@example.edu"}]
`);
  const diff = diffPolicies(globus(JANUARY), globus(JUNE), {
    accounts: ["alice"],
  });
  assert.deepEqual([diff.verdict, diff.exhaustive], ["wider", true]);
  assert.deepEqual(
    diff.changes.map(({ witness }) => instantText(witness.now)),
    [
      JANUARY,
    ],
  );
});

// Random policies whose rules end, against requests at random times.

const ENDS = [
  PAST,
  "2026-01-01T12:00:00Z",
  "2026-01-01T12:00:01Z",
  JANUARY,
  JUNE,
];
const INSTANTS = ENDS.map((end) => Date.parse(end) / 1000);
const AGES = [0, 60, 61, 3600, 3601, -30, -31];

const ruleArbitrary = fc.record({
  effect: fc.constantFrom("allow", "allow", "deny"),
  end: fc.option(fc.constantFrom(...ENDS)),
  age: fc.option(fc.constantFrom("60s", "1h")),
  group: fc.option(fc.constantFrom("a", "b")),
}).map(({ effect, end, age, group }) =>
  [
    `effect: ${effect}`,
    STAFF,
    ...(end === null ? [] : [`not_after: ${end}`]),
    ...(age === null || effect === "deny"
      ? []
      : [`assurance: {max_auth_age: ${age}}`]),
    ...(group === null ? [] : [`when: {groups: {any: [${group}]}}`]),
  ].join(", ")
);

const bodiesArbitrary = fc.array(ruleArbitrary, { minLength: 1, maxLength: 4 });

/** Two policies, often with most of their rules in common. */
const pairArbitrary = fc.record({
  bodies: bodiesArbitrary,
  others: bodiesArbitrary,
  related: fc.boolean(),
  kept: fc.nat({ max: 4 }),
}).map(({ bodies, others, related, kept }): [Policy, Policy] => {
  const next = related
    ? [...bodies.toSpliced(kept, 1), ...others.slice(0, 1)]
    : others;
  return [policyOf(bodies), policyOf(next)];
});

const policyOf = (bodies: readonly string[]) =>
  rules(Object.fromEntries(bodies.map((body, index) => [`r${index}`, body])));

const requestArbitrary = fc.record({
  now: fc.oneof(
    fc.constantFrom(NOW, ...INSTANTS.flatMap((end) => [end - 1, end, end + 1])),
    fc.integer({ min: -1e9, max: 4e9 }),
  ),
  age: fc.option(fc.constantFrom(...AGES)),
  groups: fc.option(fc.subarray(["a", "b"])),
});

function decide(
  policy: Policy,
  { now, age, groups }: {
    now: number;
    age: number | null;
    groups: string[] | null;
  },
) {
  const claims = {
    sub: "u1",
    ...(age === null ? {} : { auth_time: now - age }),
    ...(groups === null ? {} : { groups }),
  };
  return evaluate(policy, requestFor(policy, { now, claims })).decision;
}

/** Every witness decides as it says. */
function assertWitnesses(diff: Diff, pair: readonly [Policy, Policy]): void {
  for (const { witness, issuer, old, new: next } of diff.changes) {
    const decisions = pair.map((policy) => {
      const found = policy.issuers.find(({ name }) => name === issuer);
      assert.ok(found);
      const { account, service, rhost, now, claims } = witness;
      const request: AccessRequest = {
        account,
        service,
        rhost,
        now,
        subject: subjectFromClaims(found, claims),
      };
      const { decision, reason, rule } = evaluate(policy, request);
      return [decision, reason, rule];
    });
    assert.deepEqual(decisions, [
      [old.decision, old.reason, old.rule],
      [next.decision, next.reason, next.rule],
    ]);
  }
}

Deno.test("no time contradicts what is said of policies whose rules end", () => {
  const counts = { differing: 0, equivalent: 0, elsewhen: 0 };
  const cases = fc.tuple(
    pairArbitrary,
    fc.array(requestArbitrary, { minLength: 60, maxLength: 60 }),
    fc.constantFrom(
      -Infinity,
      ...INSTANTS.flatMap((end) => [end - 1, end, end + 1]),
    ),
  );
  holds(
    fc.property(cases, ([[old, next], all, from]) => {
      const diff = diffPolicies(old, next, { accounts: ["alice"], from });
      const requests = all.filter(({ now }) => now >= from);
      assert.ok(diff.exhaustive, diff.limits.join());
      assertWitnesses(diff, [old, next]);
      if (diff.verdict === "equivalent") counts.equivalent++;
      for (const { witness } of diff.changes) {
        if (witness.now !== NOW) counts.elsewhen++;
      }
      for (const { witness } of diff.changes) {
        assert.ok(witness.now >= from, `${witness.now} is before ${from}`);
      }
      for (const request of requests) {
        const [before, after] = [decide(old, request), decide(next, request)];
        if (before === after) continue;
        counts.differing++;
        const direction = after === "allow" ? "wider" : "narrower";
        assert.ok(
          [direction, "incomparable"].includes(diff.verdict),
          `${diff.verdict} ${JSON.stringify(request)}`,
        );
      }
    }),
    { runs: 400 },
  );
  assert.ok(
    counts.differing > 500 && counts.equivalent > 20 && counts.elsewhen > 50,
    JSON.stringify(counts),
  );
});
