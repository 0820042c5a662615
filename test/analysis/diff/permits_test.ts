/**
 * What sessions by certificate may use is compared as who gets in is: over all requests.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { diffPolicies } from "../../../src/analysis/diff/diff.ts";
import { lintPolicy } from "../../../src/analysis/lint/lint.ts";
import { evaluate } from "../../../src/policy/evaluate/evaluate.ts";
import { permitsOf } from "../../../src/policy/evaluate/permit.ts";
import { subjectFromClaims } from "../../../src/policy/evaluate/subject.ts";
import type { Policy } from "../../../src/policy/model.ts";
import type { AccessRequest } from "../../../src/policy/request.ts";
import { parsePolicy } from "../../../src/policy/syntax/parse.ts";
import { policyWith } from "../../support/policies.ts";
import {
  MAP_FILES,
  policyArbitrary,
  policyOf,
  policyText,
  requestArbitrary,
  type Written,
  type WrittenPolicy,
} from "../../support/policy_generators.ts";
import { holds } from "../../support/properties.ts";

const HEAD = `version: 1
issuers:
  campus: {issuer: https://login.example.edu, audiences: [ssh], ssh_certificates: {}}
  lab: {issuer: https://lab.example.org, audiences: [ssh]}
`;
const STAFF = "when: {groups: {any: [staff]}}, accounts: [{names: [shared]}]";
const ANY =
  "when: {groups: {any: [staff, guests]}}, accounts: [{names: [shared]}]";

const policy = (rules: Record<string, string>, head = HEAD) =>
  policyWith(
    `${head}rules:\n${
      Object.entries(rules).map(([id, body]) => `  ${id}: {${body}}\n`).join("")
    }`,
  );

type Rules = Record<string, string>;

/** The old rules, the new ones, the verdict, and what sessions may use where that changes. */
const TABLE: Readonly<
  Record<string, readonly [Rules, Rules, string, readonly string[]]>
> = {
  "more in a list": [
    { a: `${STAFF}, ssh: {permit: [pty]}` },
    { a: `${STAFF}, ssh: {permit: [x11, pty]}` },
    "wider",
    ["pty -> pty, x11"],
  ],
  "less in a list": [
    { a: `${STAFF}, ssh: {permit: [pty, x11]}` },
    { a: `${STAFF}, ssh: {permit: []}` },
    "narrower",
    ["pty, x11 -> "],
  ],
  "one for another": [
    { a: `${STAFF}, ssh: {permit: [pty]}` },
    { a: `${STAFF}, ssh: {permit: [x11]}` },
    "incomparable",
    ["pty -> x11", "pty -> x11"],
  ],
  "another order": [
    { a: `${STAFF}, ssh: {permit: [pty, x11]}` },
    { a: `${STAFF}, ssh: {permit: [x11, pty, x11]}` },
    "equivalent",
    [],
  ],
  "no restriction any more": [
    { a: `${STAFF}, ssh: {permit: [pty]}` },
    { a: STAFF },
    "wider",
    ["pty -> all"],
  ],
  "all that there is, by name": [
    { a: STAFF },
    {
      a: `${STAFF}, ssh: {permit: [pty, port_forwarding, agent_forwarding, x11, user_rc]}`,
    },
    "narrower",
    ["all -> pty, port_forwarding, agent_forwarding, x11, user_rc"],
  ],
  "a rule that went away and permitted all": [
    { a: `${ANY}, ssh: {permit: [pty]}`, b: STAFF },
    { a: `${ANY}, ssh: {permit: [pty]}` },
    "narrower",
    ["all -> pty"],
  ],
  "a rule that went away and permitted nothing more": [
    { a: ANY, b: `${STAFF}, ssh: {permit: [pty]}` },
    { a: ANY },
    "equivalent",
    [],
  ],
  "a new rule that permits something else": [
    { a: `${ANY}, ssh: {permit: [pty]}` },
    { a: `${ANY}, ssh: {permit: [pty]}`, b: `${STAFF}, ssh: {permit: [x11]}` },
    "wider",
    ["pty -> pty, x11"],
  ],
  "more where another rule permits it anyway": [
    { a: `${STAFF}, ssh: {permit: [pty]}`, b: ANY },
    { a: `${STAFF}, ssh: {permit: [x11]}`, b: ANY },
    "equivalent",
    [],
  ],
  "two rules that change places": [
    {
      a: `${STAFF}, ssh: {permit: [pty]}`,
      b: `${STAFF}, ssh: {permit: [x11]}`,
    },
    {
      a: `${STAFF}, ssh: {permit: [x11]}`,
      b: `${STAFF}, ssh: {permit: [pty]}`,
    },
    "equivalent",
    [],
  ],
  "a rule for another service": [
    { a: `services: [sudo], ${STAFF}, ssh: {permit: [pty]}` },
    { a: `services: [sudo], ${STAFF}, ssh: {permit: [x11]}` },
    "equivalent",
    [],
  ],
  "a rule for another issuer": [
    { a: `issuers: [lab], ${STAFF}, ssh: {permit: [pty]}` },
    { a: `issuers: [lab], ${STAFF}` },
    "equivalent",
    [],
  ],
  "who gets in is another matter": [
    { a: `${STAFF}, ssh: {permit: [pty]}` },
    { a: `${ANY}, ssh: {permit: [pty]}` },
    "wider",
    [],
  ],
  "less for more people": [
    { a: `${STAFF}, ssh: {permit: [pty, x11]}` },
    { a: `${ANY}, ssh: {permit: [pty]}` },
    "incomparable",
    ["pty, x11 -> pty"],
  ],
};

for (const [name, [old, next, verdict, used]] of Object.entries(TABLE)) {
  Deno.test(`diffPolicies() tells of what sessions may use: ${name}`, () => {
    const diff = diffPolicies(policy(old), policy(next));
    assert.equal(diff.exhaustive, true);
    assert.equal(diff.verdict, verdict);
    assert.deepEqual(
      diff.permits.map((change) =>
        `${change.old.join(", ")} -> ${change.new.join(", ")}`
      ),
      used,
    );
    assert.ok(diff.permits.every(({ witness }) => witness.service === "sshd"));
  });
}

Deno.test("diffPolicies() says of each rule what it permits now, also where nothing comes of it", () => {
  const diff = diffPolicies(
    policy({ a: `${STAFF}, ssh: {permit: [pty]}`, b: ANY }),
    policy({ a: `${STAFF}, ssh: {permit: [x11]}`, b: ANY }),
  );
  assert.deepEqual(diff.settings, [{
    path: "rules.a.ssh.permit",
    verdict: "equivalent",
    old: ["pty"],
    new: ["x11"],
    description:
      'added "x11", removed "pty"; no session by certificate may use anything else',
  }]);
});

Deno.test("diffPolicies() does not call rules alike whose comparison was cut short", () => {
  const [old, next] = [
    policy({ a: `${STAFF}, ssh: {permit: [pty]}`, b: ANY }),
    policy({ a: `${STAFF}, ssh: {permit: [x11]}`, b: ANY }),
  ];
  const diff = diffPolicies(old, next, { bound: { total: 1, each: 1 } });
  assert.equal(diff.exhaustive, false);
  assert.equal(diff.verdict, "incomparable");
});

Deno.test("diffPolicies() asks nothing of sessions where one policy takes no certificates", () => {
  const without = HEAD.replace(", ssh_certificates: {}", "");
  const rules = (permit: string) => ({
    a: `${STAFF}, ssh: {permit: ${permit}}`,
  });
  const diff = diffPolicies(
    policy(rules("[pty]"), without),
    policy(rules("[x11]")),
  );
  assert.deepEqual(diff.permits, []);
  assert.equal(diff.verdict, "incomparable");
});

const PERMITS = fc.constantFrom<string[] | null>(
  null,
  [],
  ["pty"],
  ["x11"],
  ["pty", "x11"],
);

/** The document with certificates of "campus", and what its rules permit. */
function certified(document: WrittenPolicy): fc.Arbitrary<WrittenPolicy> {
  const ids = Object.keys(document.rules);
  return fc.tuple(...ids.map(() => PERMITS)).map((permits) => {
    const next = structuredClone(document);
    Object.assign(next.issuers["campus"] ?? {}, { ssh_certificates: {} });
    for (const [index, id] of ids.entries()) {
      const permit = permits[index] ?? null;
      const rule = next.rules[id] as Written;
      if (permit !== null && rule["effect"] !== "deny") {
        rule["ssh"] = { permit };
      }
    }
    return next;
  });
}

/** What a certificate's session may use; "no" where it is not admitted. */
function used(policy: Policy, request: AccessRequest): string[] {
  const issuer = policy.issuers[0];
  assert.ok(issuer?.name === "campus");
  const decision = evaluate(policy, {
    ...request,
    service: "sshd",
    subject: subjectFromClaims(issuer, request.subject.claims),
  }, { mapFiles: MAP_FILES });
  return decision.decision === "deny"
    ? ["no"]
    : [...permitsOf(policy, decision) ?? ["pty", "x11", "all"]];
}

Deno.test("no session may use anything else that the comparison does not tell of", () => {
  const cases = policyArbitrary.chain((document) =>
    fc.tuple(certified(document), certified(document), fc.boolean())
  ).chain(([old, next, gone]) => {
    const [first = "", ...more] = Object.keys(next.rules);
    if (gone && more.length > 0) delete next.rules[first];
    const a = policyOf(old);
    return fc.record({
      a: fc.constant(a),
      b: fc.constant(policyOf(next)),
      requests: fc.array(requestArbitrary(a), { minLength: 30, maxLength: 30 }),
    });
  });
  let changed = 0;
  holds(
    fc.property(cases, ({ a, b, requests }) => {
      const diff = diffPolicies(a, b);
      assert.ok(diff.exhaustive, diff.limits.join());
      for (const request of requests) {
        const [before, after] = [used(a, request), used(b, request)];
        if (before.includes("no") || after.includes("no")) continue;
        const more = after.some((use) => !before.includes(use));
        const less = before.some((use) => !after.includes(use));
        if (more || less) changed += 1;
        for (const [is, direction] of [[more, "wider"], [less, "narrower"]]) {
          if (is !== true) continue;
          assert.ok([direction, "incomparable"].includes(diff.verdict));
          assert.ok(
            diff.permits.some(({ verdict }) => verdict === direction) ||
              diff.changes.length > 0,
          );
        }
      }
      for (const change of diff.permits) {
        const [more, less] = change.verdict === "wider"
          ? [change.new, change.old]
          : [change.old, change.new];
        // what it shows is what it says: "all" is more than any list
        assert.ok(
          !less.includes("all") &&
            (more.includes("all") || more.some((use) => !less.includes(use))),
          JSON.stringify(change),
        );
      }
    }),
    { runs: 150 },
  );
  assert.ok(changed > 20, `${changed} changes were met`);
});

Deno.test("without a rule that lint calls redundant, sessions may use the same", () => {
  const IDLE = ["rule/unreachable", "rule/shadowed", "rule/redundant"];
  let removed = 0;
  holds(
    fc.property(
      policyArbitrary.chain((document) => {
        const [first] = Object.values(document.rules);
        return certified({
          ...document,
          rules: { ...document.rules, copied: structuredClone(first ?? {}) },
        });
      }),
      (document) => {
        const parsed = parsePolicy(policyText(document), { file: "x.yaml" });
        const idle = lintPolicy(parsed).filter(({ id }) => IDLE.includes(id))
          .map(({ rule }) => rule);
        const policy = policyOf(document);
        const rules = policy.rules.filter(({ id, effect }) =>
          effect === "deny" || !idle.includes(id)
        );
        if (rules.length === policy.rules.length) return;
        removed += 1;
        const diff = diffPolicies(policy, { ...policy, rules });
        assert.equal(diff.verdict, "equivalent", JSON.stringify(idle));
      },
    ),
    { runs: 150 },
  );
  assert.ok(removed > 10, `${removed} rules were removed`);
});
