/**
 * Findings about rules that never decide, and about issuers, beside the fixtures.
 *
 * @module
 */

import { assertFast } from "../../support/timing.ts";
import assert from "node:assert/strict";
import fc from "fast-check";
import { lintPolicy } from "../../../src/analysis/lint/lint.ts";
import { parsePolicy } from "../../../src/policy/syntax/parse.ts";
import { ruleById } from "../../../src/analysis/lint/catalogue.ts";
import {
  policyArbitrary,
  policyText,
} from "../../support/policy_generators.ts";
import { holds } from "../../support/properties.ts";
import { ISSUERS, SUB, testCases } from "./cases.ts";

testCases({
  "a list that must have what it must not have": {
    rule: `issuers: [campus], when: {groups: {any: [a], none: [a, b]}}, ${SUB}`,
    finds: ["warning rule/unreachable"],
  },
  "a deny rule that cannot match is an error": {
    rules: {
      r: `issuers: [campus], ${SUB}`,
      keep: "effect: deny, when: {unit: {equals: a, in: [b]}}",
    },
    finds: ["error rule/unreachable"],
  },
  "patterns that exclude each other": {
    rule:
      `issuers: [campus], when: {eppn: {like: "*@example.edu"}, /eppn: {like: "*@example.org"}}, ${SUB}`,
    finds: ["warning rule/unreachable"],
  },
  "a suffix that the condition excludes": {
    rule:
      `issuers: [campus], when: {eppn: {like: "*@example.edu"}}, accounts: [{claim: eppn, strip_suffix: "@example.org"}]`,
    finds: ["warning rule/unreachable"],
  },
  "two names of one place whose conditions exclude each other": {
    rule:
      `issuers: [campus], when: {groups: {any: [a]}, /groups: {none: [a, b]}}, ${SUB}`,
    finds: ["warning rule/unreachable"],
  },
  "two names that one of the issuers keeps apart": {
    issuers:
      "\n  a: {issuer: https://a.example.edu, audiences: [ssh]}\n  b: {issuer: https://b.example.edu, audiences: [ssh], claims: {groups: roles}}\n",
    rule:
      `when: {groups: {any: [a]}, /groups: {none: [a]}}, accounts: [{names: [deploy]}]`,
    finds: [],
  },
  "a place that the issuer gives a name": {
    issuers:
      "\n  a: {issuer: https://a.example.edu, audiences: [ssh], claims: {groups: /realm_access/roles}}\n",
    rule:
      `when: {groups: {any: [a]}, /realm_access/roles: {none: [a]}}, ${SUB}`,
    finds: ["warning rule/unreachable"],
  },
  "providers of which the policy permits none": {
    rest: "assurance: {permitted_idps: [a, b]}",
    rule: `issuers: [campus], assurance: {permitted_idps: [c]}, ${SUB}`,
    finds: ["warning rule/unreachable"],
  },
  "a provider in a condition that the policy does not permit": {
    rest: "assurance: {permitted_idps: [a, b]}",
    rules: {
      r: `issuers: [campus], when: {idp: {in: [b, c]}}, ${SUB}`,
      s: `issuers: [campus], when: {idp: c}, accounts: [{names: [deploy]}]`,
    },
    finds: [
      "error grant/no-subject-condition",
      "warning rule/unreachable",
    ],
  },
  "a map that has none of the people": {
    rules: {
      r: `issuers: [campus], when: {sub: {in: [u1, u2]}}, accounts: [{map: {u3: [alice]}, keys: [sub]}]`,
      s: `issuers: [campus], when: {sub: {like: "x-*"}}, accounts: [{map: {u3: [alice], x-4: [bob]}, keys: [sub]}]`,
    },
    finds: ["warning rule/unreachable"],
  },
  "the providers of linked identities have several names": {
    rest: "assurance: {permitted_idps: [example.edu]}",
    rule:
      `issuers: [globus], assurance: {permitted_idps: [e8a0b5cd-idp]}, ${SUB}`,
    finds: [],
  },
  "an allow rule that a deny rule covers": {
    rules: {
      r: `issuers: [campus], services: [sshd], when: {unit: physics}, accounts: [{names: [deploy]}]`,
      keep:
        `effect: deny, services: [sshd, sudo], when: {unit: {like: "phys*"}}, accounts: [{names: [backup, deploy]}]`,
    },
    finds: ["warning rule/shadowed"],
  },
  "a deny rule that leaves something": {
    rules: {
      r: `issuers: [campus], services: [sshd, su], ${SUB}`,
      keep: "effect: deny, services: [sshd]",
    },
    finds: [],
  },
  "a rule within the networks of another": {
    rules: {
      r: `issuers: [campus], rhosts: [10.0.0.0/8], ${SUB}`,
      s: `issuers: [campus], rhosts: [10.1.0.0/16, 10.2.3.4], ${SUB}`,
    },
    finds: ["warning rule/redundant"],
  },
  "a rule that asks more of the same people is redundant": {
    rules: {
      r: `issuers: [campus], ${SUB}`,
      s: `issuers: [campus], assurance: {mfa: true}, ${SUB}`,
    },
    finds: ["warning rule/redundant"],
  },
  "a rule that asks less of fewer people is not": {
    rules: {
      r: `issuers: [campus], assurance: {mfa: true}, ${SUB}`,
      s: `issuers: [campus], when: {groups: {any: [a]}}, ${SUB}`,
    },
    finds: [],
  },
  "of two equal rules one is redundant": {
    rules: {
      r: `issuers: [campus], ${SUB}`,
      s: `issuers: [campus], ${SUB}`,
    },
    finds: ["warning rule/redundant"],
  },
  "of two equal rules the one that ends sooner is redundant": {
    rules: {
      r: `issuers: [campus], not_after: 2027-01-31T00:00:00Z, ${SUB}`,
      s: `issuers: [campus], not_after: 2027-06-30T00:00:00Z, ${SUB}`,
    },
    finds: ["warning rule/redundant"],
  },
  "a rule that lasts longer for fewer people is not redundant": {
    rules: {
      r: `issuers: [campus], not_after: 2027-06-30T00:00:00Z, when: {groups: {any: [a]}}, ${SUB}`,
      s: `issuers: [campus], not_after: 2027-01-31T00:00:00Z, ${SUB}`,
    },
    finds: [],
  },
  "a deny rule that ends does not shadow an allow rule that does not": {
    rules: {
      r: `issuers: [campus], ${SUB}`,
      out: "effect: deny, not_after: 2027-01-31T00:00:00Z",
    },
    finds: [],
  },
  "a deny rule shadows an allow rule that ends no later": {
    rules: {
      r: `issuers: [campus], not_after: 2027-01-31T00:00:00Z, ${SUB}`,
      out: "effect: deny, not_after: 2027-01-31T00:00:00Z",
    },
    finds: ["warning rule/shadowed"],
  },
  "a deny rule within a deny rule": {
    rules: {
      r: `issuers: [campus], ${SUB}`,
      keep: "effect: deny, accounts: [{names: [backup, games]}]",
      more: "effect: deny, services: [sshd], accounts: [{names: [games]}]",
    },
    finds: ["warning rule/redundant"],
  },
  "Auth0's issuers end in a slash": {
    issuers: "\n  a: {issuer: https://site.auth0.com/, audiences: [ssh]}\n",
    rule: SUB,
    finds: [],
  },
  "Auth0's issuers without it never match": {
    issuers: "\n  a: {issuer: https://site.auth0.com, audiences: [ssh]}\n",
    rule: SUB,
    finds: ["warning issuer/trailing-slash"],
  },
  "a skew above five minutes is the parser's finding alone": {
    issuers:
      "\n  a: {issuer: https://a.example.edu, audiences: [ssh], clock_skew: 6m}\n",
    rule: SUB,
    finds: ["error clock/skew-too-large"],
  },
});

Deno.test("rule/shadowed and rule/redundant tell where the other rule is", () => {
  const text = `version: 1
issuers: {campus: {issuer: https://login.example.edu, audiences: [ssh]}}
rules:
  a: {accounts: [{claim: sub}]}
  b: {services: [sshd], accounts: [{claim: sub}]}
  c: {effect: deny}
`;
  const findings = lintPolicy(parsePolicy(text, { file: "x.yaml" }));
  const places = findings.filter(({ id }) => id.startsWith("rule/"))
    .map(({ id, line, rule, related }) =>
      `${id} ${rule} ${line} ${related?.[0]?.span.line}`
    );
  assert.deepEqual(places, [
    "rule/shadowed a 4 6",
    "rule/redundant b 5 4",
    "rule/shadowed b 5 6",
  ]);
});

Deno.test("lintPolicy() looks at 1,000 rules in less than a second", () => {
  const rules = Array.from(
    { length: 1000 },
    (_, i) =>
      `  r${i}: {${i % 10 === 0 ? "effect: deny, " : ""}services: [sshd], ` +
      `when: {email_verified: true, groups: {any: [g${i}, h${
        i % 50
      }, staff]}, unit: {like: "*-u${i}"}}, ` +
      `accounts: [{claim: email, strip_suffix: "@example.edu"}]}\n`,
  );
  const text = `version: 1\nissuers:${ISSUERS}rules:\n${rules.join("")}`;
  const parsed = parsePolicy(text, { file: "x.yaml" });
  assert.notEqual(parsed.policy, null);
  assertFast(1000, () => lintPolicy(parsed), { tries: 5 });
});

/** Shapes of large policies: what rule number so many looks like. */
const SHAPES: Readonly<Record<string, (index: number) => string>> = {
  teams: (i) =>
    `when: {groups: {any: [team${i}]}}, accounts: [{claim: preferred_username}, {names: [svc${i}]}]`,
  people: (i) => `when: {sub: u${i}}, accounts: [{names: [acc${i}]}]`,
  networks: (i) =>
    `rhosts: [10.${i >> 8}.${i & 255}.0/24], when: {groups: {any: [g${
      i % 50
    }]}}, accounts: [{names: [svc${i}]}]`,
  "networks of one group": (i) =>
    `rhosts: [10.${i >> 8}.${
      i & 255
    }.0/24], when: {groups: {any: [staff]}}, ${SUB}`,
  globs: (i) =>
    `when: {email: {like: "*@d${i}.example.edu"}, email_verified: true}, accounts: [{claim: email, strip_suffix: "@d${i}.example.edu"}]`,
  suffixes: (i) =>
    `when: {email_verified: true}, accounts: [{claim: email, strip_suffix: "@d${i}.example.edu"}]`,
  "globs of one source": (i) =>
    `when: {email: {like: "*@d${i}.example.edu"}, email_verified: true}, ${SUB}`,
  denials: (i) =>
    i % 2 === 0
      ? `when: {sub: u${i}}, accounts: [{names: [svc${i + 1}, x${i}]}]`
      : `effect: deny, rhosts: [10.${i >> 8}.${
        i & 255
      }.0/24], when: {groups: {any: [bad${i}]}}, accounts: [{names: [svc${i}]}]`,
  sudo: (i) =>
    `${
      i % 2 === 0 ? "services: [sudo], assurance: {mfa: true}, " : ""
    }when: {groups: {any: [team${i}]}}, accounts: [{claim: preferred_username}]`,
};

for (const [shape, rule] of Object.entries(SHAPES)) {
  Deno.test(`lintPolicy() looks at 2,000 rules for ${shape} in less than 0.8 seconds`, () => {
    const rules = Array.from(
      { length: 2000 },
      (_, i) => `  r${i}: {issuers: [campus], ${rule(i)}}\n`,
    );
    const text = `version: 1\nissuers:${ISSUERS}rules:\n${rules.join("")}`;
    const parsed = parsePolicy(text, { file: "x.yaml" });
    assert.notEqual(parsed.policy, null);
    assertFast(800, () => lintPolicy(parsed), { tries: 5 });
  });
}

Deno.test("lintPolicy() has a rule and a place inside the file for whatever it finds", () => {
  const styles = fc.constantFrom("json" as const, "yaml" as const);
  holds(
    fc.property(policyArbitrary, styles, (document, style) => {
      const text = policyText(document, style);
      const lines = text.split("\n");
      const findings = lintPolicy(parsePolicy(text, { file: "x.yaml" }));
      for (
        const { id, line, column, endLine, endColumn, related } of findings
      ) {
        assert.ok(ruleById(id), id);
        for (
          const span of [
            { line, column, endLine, endColumn },
            ...(related ?? []).map(({ span }) => span),
          ]
        ) {
          const width = lines[span.line - 1]?.length ?? -1;
          assert.ok(span.column >= 1 && span.column <= width + 1, id);
          assert.ok(
            span.endLine > span.line || span.endColumn > span.column,
            `${id} has no width`,
          );
        }
      }
    }),
    { runs: 400 },
  );
});
