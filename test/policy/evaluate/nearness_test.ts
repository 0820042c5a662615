/**
 * Which conditions of a rule a request fails, and which rule comes nearest.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { explain } from "../../../src/analysis/explain/explain.ts";
import {
  byNearness,
  type FailedCondition,
  nearestInShort,
} from "../../../src/policy/evaluate/nearness.ts";
import { evaluate } from "../../../src/policy/evaluate/evaluate.ts";
import type { MapFiles } from "../../../src/policy/evaluate/accounts.ts";
import type { Policy, Rule } from "../../../src/policy/model.ts";
import type { AccessRequest } from "../../../src/policy/request.ts";
import {
  type Asked,
  NOW,
  policyWith,
  requestFor,
  rules,
} from "../../support/policies.ts";
import { caseArbitrary, MAP_FILES } from "../../support/policy_generators.ts";
import { holds } from "../../support/properties.ts";

function nearness(
  policy: Policy,
  request: AccessRequest,
  mapFiles: MapFiles = new Map(),
): ReturnType<typeof byNearness> {
  const issuer = policy.issuers.find(({ name }) =>
    name === request.subject.issuer
  );
  return issuer === undefined
    ? []
    : byNearness(request, { policy, issuer, mapFiles });
}

/** Each rule with the places of what it lacks, the nearest first. */
function near(
  policy: Policy,
  asked: Asked = {},
  mapFiles: MapFiles = new Map(),
): string[] {
  return nearness(policy, requestFor(policy, asked), mapFiles).map((
    { rule, failed },
  ) => [rule.id, ...failed.map(placeOf)].join(" "));
}

function placeOf({ condition }: FailedCondition): string {
  return condition.path.join(".");
}

const ALICE = "accounts: [{names: [alice]}]";

for (
  const [title, lines, asked, expected] of [
    [
      "the fewest failed conditions come first, whatever the order of the rules",
      {
        a: `${ALICE}, services: [su], when: {org: x}`,
        b: `${ALICE}, services: [su]`,
        c: `${ALICE}, services: [su], when: {org: x, unit: law}`,
      },
      {},
      [
        "b services",
        "a services when.org.equals",
        "c services when.org.equals when.unit.equals",
      ],
    ],
    [
      "of alike rules the first stays first",
      { b: `${ALICE}, when: {org: x}`, a: `${ALICE}, when: {org: x}` },
      {},
      ["b when.org.equals", "a when.org.equals"],
    ],
    [
      "a value that is almost right comes before one that is not",
      {
        a: `${ALICE}, when: {org: law}`,
        b: `${ALICE}, when: {groups: {any: [staff]}}`,
      },
      { claims: { org: "physics", groups: ["Staff"] } },
      ["b when.groups.any", "a when.org.equals"],
    ],
    [
      "another sign-in is less to change than a claim, a claim less than the network",
      {
        net: `${ALICE}, rhosts: [10.0.0.0/8]`,
        claim: `${ALICE}, when: {org: x}`,
        age: `${ALICE}, assurance: {max_auth_age: 1h}`,
      },
      { rhost: null },
      ["age assurance.max_auth_age", "claim when.org.equals", "net rhosts"],
    ],
    [
      "a rule for other accounts, or of another issuer, is far away",
      {
        other: "accounts: [{names: [deploy]}]",
        lab: `${ALICE}, issuers: [lab]`,
        two: `${ALICE}, services: [su], when: {org: x}`,
      },
      {},
      ["two services when.org.equals", "lab issuers", "other accounts"],
    ],
    [
      "a rule of which the groups hold comes before one that asks for none",
      {
        any: `${ALICE}, rhosts: [10.0.0.0/8], when: {email_verified: true}`,
        lab: `${ALICE}, rhosts: [10.0.0.0/8], when: {groups: {any: [lab]}}`,
      },
      { claims: { groups: ["lab"], email_verified: true } },
      ["lab rhosts", "any rhosts"],
    ],
    [
      "each requirement of the assurance counts",
      {
        both: `${ALICE}, assurance: {mfa: true, max_auth_age: 1h}`,
        one: `${ALICE}, assurance: {mfa: true}`,
      },
      { claims: { amr: ["pwd"], auth_time: NOW - 7200 } },
      ["one assurance.mfa", "both assurance.max_auth_age assurance.mfa"],
    ],
    [
      "a sign-in in the future is one thing to mend",
      { a: `${ALICE}, assurance: {mfa: true, max_auth_age: 1h}` },
      { claims: { amr: ["mfa"], auth_time: NOW + 7200 } },
      ["a assurance.max_auth_age"],
    ],
    [
      "and so is that nobody signed in",
      { a: `${ALICE}, assurance: {mfa: true, max_auth_age: 1h}` },
      { subject: { authentications: [] } },
      ["a assurance.mfa"],
    ],
    [
      "requirements that two sign-ins share are one thing to mend",
      { a: `${ALICE}, assurance: {mfa: true, max_auth_age: 1h}` },
      {
        subject: {
          authentications: [
            {
              identity: "u1",
              idps: [],
              amr: ["mfa"],
              acr: null,
              auth_time: NOW - 7200,
            },
            { identity: "u2", idps: [], amr: [], acr: null, auth_time: NOW },
          ],
        },
      },
      ["a assurance"],
    ],
    [
      "without the account, nothing is said of the identity that has it",
      {
        a: "accounts: [{claim: sub}], assurance: {same_identity: true, mfa: true}",
        b: "accounts: [{claim: sub}], assurance: {same_identity: true}",
      },
      {},
      ["b accounts", "a assurance.mfa accounts"],
    ],
    [
      "a protected account is one thing more where the rule does not open any",
      {
        a: "accounts: [{names: [deploy]}]",
        b: "accounts: [{names: [deploy]}], allow_protected: true",
      },
      { account: "root" },
      ["b accounts", "a accounts allow_protected"],
    ],
    [
      "deny rules are not among them",
      { d: "effect: deny, when: {banned: true}", a: ALICE },
      { claims: { banned: true } },
      ["a"],
    ],
  ] as [string, Record<string, string>, Asked, string[]][]
) {
  Deno.test(`byNearness(): ${title}`, () => {
    assert.deepEqual(near(rules(lines), asked), expected);
  });
}

Deno.test("byNearness() does not take an unread map file for a yes", () => {
  const policy = rules({
    a: "issuers: [lab], accounts: [{map_file: /etc/x.map, keys: [sub]}]",
    b: "accounts: [{claim: sub}]",
  });
  // as at a login: the files of rules for other issuers are not read
  assert.deepEqual(near(policy), ["b accounts", "a accounts issuers"]);
  const { nearest } = explain(policy, requestFor(policy));
  assert.deepEqual(nearest?.rule, "b");
});

Deno.test("byNearness() tells of the policy's own requirements", () => {
  const policy = policyWith(
    `assurance: {permitted_idps: [a, b]}
rules: {r: {${ALICE}, assurance: {permitted_idps: [b, c]}}}
`,
  );
  assert.deepEqual(near(policy, { claims: { idp: "b" } }), ["r"]);
  assert.deepEqual(near(policy, { claims: { idp: "c" } }), [
    "r policy.assurance.permitted_idps",
  ]);
  assert.deepEqual(near(policy, { claims: { idp: "x" } }), [
    "r policy.assurance.permitted_idps assurance.permitted_idps",
  ]);
});

Deno.test("byNearness() finds nothing failed exactly where the rule grants, and what the evaluator found", () => {
  let looked = 0;
  holds(
    fc.property(caseArbitrary, ({ policy, requests }) => {
      for (const request of requests) {
        const { rules } = evaluate(policy, request, { mapFiles: MAP_FILES });
        for (const { rule, failed } of nearness(policy, request, MAP_FILES)) {
          const said = rules.find(({ id }) => id === rule.id);
          // "request_invalid" is decided before any rule
          if (said === undefined) continue;
          looked++;
          assert.equal(failed.length === 0, said.granted);
          if (said.granted) continue;
          const first = said.condition?.join(".") ?? "?";
          assert.ok(
            failed.some((each) => placeOf(each).includes(first)),
            `${first} of ${failed.map(placeOf)}`,
          );
        }
      }
    }),
    { runs: 300 },
  );
  assert.ok(looked > 1000);
});

/** The rule without what the request fails; `null` where that is not a key to leave out. */
function without(
  rule: Rule,
  failed: readonly FailedCondition[],
): Rule | null {
  let left: Rule | null = rule;
  for (const { condition } of failed) {
    if (left === null) return null;
    switch (condition.asks) {
      case "issuers":
      case "services":
      case "rhosts":
        left = { ...left, [condition.asks]: null };
        break;
      case "when":
        left = {
          ...left,
          when: left.when.filter((each) => each !== condition.condition),
        };
        break;
      default:
        left = null;
    }
  }
  return left;
}

Deno.test("byNearness(): a rule without all that it lacks would grant, and without less it would not", () => {
  let granted = 0;
  holds(
    fc.property(caseArbitrary, ({ policy, requests }) => {
      for (const request of requests) {
        const grants = (rule: Rule | null) =>
          rule !== null &&
          evaluate({ ...policy, rules: [rule] }, request, {
              mapFiles: MAP_FILES,
            }).decision === "allow";
        if (evaluate(policy, request).reason === "request_invalid") continue;
        for (const { rule, failed } of nearness(policy, request, MAP_FILES)) {
          const whole = without(rule, failed);
          if (whole === null || failed.length === 0) continue;
          assert.ok(grants(whole));
          granted++;
          for (const each of failed) {
            const rest = failed.filter((other) => other !== each);
            assert.ok(!grants(without(rule, rest)));
          }
        }
      }
    }),
    { runs: 300 },
  );
  assert.ok(granted > 20, `${granted}`);
});

Deno.test("explain() tells of every refusal by the rules what is nearest, unless a deny rule alone refuses", () => {
  let told = 0;
  holds(
    fc.property(caseArbitrary, ({ policy, requests }) => {
      for (const request of requests) {
        const { decision, nearest, order, hints } = explain(policy, request, {
          mapFiles: MAP_FILES,
        });
        assert.deepEqual(
          new Set(order.map(({ outcome }) => outcome)),
          new Set(decision.rules),
        );
        const allowing = decision.rules.filter(({ effect }) =>
          effect === "allow"
        );
        const lacking = decision.decision === "deny" && allowing.length > 0 &&
          !allowing.some(({ granted }) => granted);
        assert.equal(nearest !== null, lacking);
        if (nearest === null) continue;
        told++;
        assert.ok(nearest.conditions.length > 0);
        for (const { message } of nearest.conditions) {
          assert.ok(message.length > 5 && message.length < 800, message);
          // beside the values themselves, which may be anything
          const words = message.replace(/"(?:[^"\\]|\\.)*"?/g, "");
          assert.doesNotMatch(words, /undefined|\[object/);
        }
        // the first rule with a say of its own, and the first with a hint
        const first = order.find(({ outcome: { effect } }) =>
          effect === "allow"
        );
        assert.equal(first?.outcome.id, nearest.rule);
        const ids = order.map(({ outcome }) => outcome.id);
        const places = hints.map(({ rule }) => ids.indexOf(rule ?? ""));
        assert.deepEqual(places, places.toSorted((a, b) => a - b));
      }
    }),
    { runs: 300 },
  );
  assert.ok(told > 500, `${told}`);
});

/** As the log has it. */
function inShort(
  policy: Policy,
  asked: Asked,
  late: () => boolean = () => false,
): string | null {
  const [issuer] = policy.issuers;
  assert.ok(issuer !== undefined);
  const request = requestFor(policy, asked);
  return nearestInShort(request, {
    policy,
    issuer,
    mapFiles: new Map(),
    late,
  });
}

Deno.test("nearestInShort() names the nearest rule and what it lacks, and no value", () => {
  const policy = rules({
    staff:
      'when: {groups: {any: [staff]}, /org/unit: {equals: physics}}, accounts: [{claim: email, strip_suffix: "@example.edu"}]',
    guests: "services: [ftp], accounts: [{names: [guest]}]",
    away: "effect: deny, accounts: [{names: [alice]}]",
  });
  const claims = {
    email: "alice@example.edu",
    groups: ["secret-group"],
    org: { unit: "physics" },
  };
  const ask = (change: object) =>
    inShort(policy, { account: "alice", claims: { ...claims, ...change } });
  assert.equal(ask({}), "rule staff: groups.any");
  assert.equal(ask({ org: {} }), "rule staff: groups.any, /org/unit.equals");
  assert.equal(
    ask({ groups: ["staff"], email: "bob@example.edu" }),
    "rule staff: accounts",
  );
  assert.equal(
    ask({ org: {}, email: null }),
    "rule staff: groups.any, /org/unit.equals, accounts",
  );
});

Deno.test("nearestInShort() names at most three conditions", () => {
  const policy = rules({
    staff: "when: {a: x, b: x, c: x, d: x}, accounts: [{names: [alice]}]",
  });
  assert.equal(
    inShort(policy, { account: "alice", claims: {} }),
    "rule staff: a.equals, b.equals, c.equals, …",
  );
});

Deno.test("nearestInShort() says nothing where a rule grants, where there is none, and when it is late", () => {
  const policy = rules({ staff: "accounts: [{names: [alice]}]" });
  assert.equal(inShort(policy, { account: "alice", claims: {} }), null);
  const none = rules({ closed: "effect: deny" });
  assert.equal(inShort(none, { account: "alice", claims: {} }), null);
  let left = 3;
  const many = rules(
    Object.fromEntries(
      Array.from(
        { length: 10 },
        (_, index) => [`r${index}`, "when: {a: x}, accounts: [{names: [x]}]"],
      ),
    ),
  );
  assert.equal(
    inShort(many, { account: "alice", claims: {} }, () => left-- === 0),
    null,
  );
  assert.equal(left, -1);
});

Deno.test("nearestInShort() names the rule that byNearness() puts first", () => {
  holds(
    fc.property(caseArbitrary, ({ policy, requests }) => {
      for (const request of requests) {
        const [first] = nearness(policy, request, MAP_FILES);
        const issuer = policy.issuers.find(({ name }) =>
          name === request.subject.issuer
        );
        if (issuer === undefined) continue;
        const found = nearestInShort(request, {
          policy,
          issuer,
          mapFiles: MAP_FILES,
          late: () => false,
        });
        const lacks = first !== undefined && first.failed.length > 0;
        assert.equal(
          found?.split(": ")[0] ?? null,
          lacks ? `rule ${first.rule.id}` : null,
        );
      }
    }),
    { runs: 200 },
  );
});

Deno.test("nearestInShort() is soon done with very many groups, paths among them", () => {
  const many = (count: number, name: string) =>
    Array.from({ length: count }, (_, index) => `${name}${index}`);
  const policy = rules({
    staff: `when: {groups: {any: [${
      many(20_000, "w").join(", ")
    }]}}, accounts: [{names: [alice]}]`,
  });
  for (const name of ["/g", "/a/b/g", "g"]) {
    const claims = { groups: many(5_000, name) };
    const start = performance.now();
    assert.equal(
      inShort(policy, { account: "alice", claims }),
      "rule staff: groups.any",
    );
    // all pairs take more than ten seconds
    assert.ok(performance.now() - start < 1_500, name);
  }
});

for (
  const [what, text] of [
    ["slashes", `${"/".repeat(200_000)}x`],
    ["slashes at the end", `x${"/".repeat(200_000)}`],
    ["blanks", `${" \u200b".repeat(100_000)}x`],
    ["separators", `${" ,;".repeat(100_000)}x`],
    ["one letter", "a".repeat(400_000)],
  ] as const
) {
  Deno.test(`nearestInShort() is soon done with a long text of ${what}`, () => {
    for (const when of ["org: abc", "org: {word: abc}", "org: {any: [abc]}"]) {
      const policy = rules({
        staff: `when: {${when}}, accounts: [{names: [alice]}]`,
      });
      for (const org of [text, [text]]) {
        const start = performance.now();
        const claims = { org };
        assert.match(
          inShort(policy, { account: "alice", claims }) ?? "",
          /^rule staff: org\./,
        );
        assert.ok(performance.now() - start < 1_500, when);
      }
    }
  });
}

Deno.test("nearestInShort() takes whatever is in the claims", () => {
  const policy = rules({
    staff: "when: {groups: {any: [staff]}}, accounts: [{claim: email}]",
  });
  const hole = [];
  hole[3] = "x";
  const bare = Object.assign(Object.create(null), { toString: 1 });
  for (
    const groups of [
      ...[[bare, { __proto__: null }, [bare]], bare, hole, [[["staff"]]]],
      ...[[NaN, -0, 1e400, null, undefined], "staff", 1, true, [true, 1]],
      JSON.parse('{"__proto__": {"staff": 1}}'),
    ]
  ) {
    const claims = { email: groups, groups };
    assert.match(
      inShort(policy, { account: "alice", claims }) ?? "",
      /^rule staff: groups\.any, accounts$/,
    );
  }
});
