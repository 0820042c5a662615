/**
 * Rules without effect that no other rule alone explains: lint asks `policy diff`.
 *
 * @module
 */

import assert from "node:assert/strict";
import { lintPolicy } from "../../../src/analysis/lint/lint.ts";
import { parsePolicy } from "../../../src/policy/syntax/parse.ts";

const HEAD = `version: 1
issuers:
  campus:
    issuer: https://login.example.edu
    audiences: [ssh]
    mfa: {amr_any: [], acr_any: [high]}
`;
const SUB = "accounts: [{claim: sub}]";
const IDLE = [
  "rule/unreachable",
  "rule/shadowed",
  "rule/redundant",
  "deny/without-effect",
];

/** What is said of idle rules, with the places of the rules that are named beside. */
function said(rules: readonly string[]): string[] {
  const text = `${HEAD}rules:\n${rules.map((rule) => `  ${rule}\n`).join("")}`;
  const findings = lintPolicy(parsePolicy(text, { file: "x.yaml" }));
  return findings.filter(({ id }) => IDLE.includes(id)).map((finding) =>
    [
      `${finding.level} ${finding.id} at ${finding.line}: ${finding.message}`,
      ...(finding.related ?? []).map(({ span, message }) =>
        `${span.line}: ${message}`
      ),
    ].join("; ")
  );
}

const TABLE: Readonly<Record<string, readonly [string[], string[]]>> = {
  "two rules together grant what a third one does": [
    [
      `one: {when: {unit: physics}, ${SUB}}`,
      `other: {when: {unit: maths}, ${SUB}}`,
      `both: {services: [sshd], when: {unit: {in: [physics, maths]}}, ${SUB}}`,
      `apart: {when: {unit: history}, ${SUB}}`,
    ],
    [
      'warning rule/redundant at 10: the rule "both" is redundant: without it every request is ' +
      'decided the same, by "one", "other"; 8: the rule "one"; 9: the rule "other"',
    ],
  ],
  "two rules that one of the later ones covers": [
    [
      `both: {when: {unit: {in: [physics, maths]}}, ${SUB}}`,
      `one: {when: {unit: physics}, ${SUB}}`,
      `other: {when: {unit: maths}, ${SUB}}`,
    ],
    [
      'warning rule/redundant at 9: the rule "one" is redundant: the rule "both" grants whatever ' +
      'it grants; 8: the other rule "both"',
      'warning rule/redundant at 10: the rule "other" is redundant: the rule "both" grants ' +
      'whatever it grants; 8: the other rule "both"',
    ],
  ],
  "two networks are one": [
    [
      `staff: {rhosts: [10.0.0.0/8], when: {groups: {any: [staff]}}, ${SUB}}`,
      `out: {effect: deny, rhosts: [10.0.0.0/9, 10.128.0.0/9]}`,
    ],
    [
      'warning rule/shadowed at 8: the rule "staff" can never grant: whatever it matches, deny ' +
      'rules match: "out"; 9: the deny rule "out"',
    ],
  ],
  "deny rules that leave nothing together": [
    [
      `staff: {when: {unit: {in: [physics, maths]}}, ${SUB}}`,
      `a: {effect: deny, when: {unit: physics}}`,
      `b: {effect: deny, when: {unit: maths}}`,
    ],
    [
      'warning rule/shadowed at 8: the rule "staff" can never grant: whatever it matches, deny ' +
      'rules match: "a", "b"; 9: the deny rule "a"; 10: the deny rule "b"',
    ],
  ],
  "a condition and a factor that exclude each other": [
    [
      `staff: {when: {acr: low, groups: {any: [staff]}}, assurance: {mfa: true}, ${SUB}}`,
    ],
    [
      'warning rule/unreachable at 8: the rule "staff" can never grant: no request meets all that ' +
      "it asks for",
    ],
  ],
  "deny rules that another one makes needless, given who is admitted": [
    [
      `staff: {when: {unit: {in: [physics, maths]}}, ${SUB}}`,
      `a: {effect: deny, when: {unit: {in: [physics, history]}}}`,
      `b: {effect: deny, when: {unit: {in: [physics, law]}}}`,
    ],
    [
      'warning rule/redundant at 10: the rule "b" is redundant: without it every request is ' +
      'decided the same, by "a"; 9: the rule "a"',
    ],
  ],
  "a deny rule about accounts that nobody gets": [
    [
      `staff: {when: {groups: {any: [staff]}}, accounts: [{claim: email, strip_suffix: "@example.edu"}]}`,
      `tagged: {effect: deny, when: {email: {like: "*+*"}}}`,
    ],
    [
      'info deny/without-effect at 9: the rule "tagged" refuses nobody whom an allow rule admits: ' +
      "nobody meets what both ask for",
    ],
  ],
  "a deny rule that makes a difference to one account": [
    [
      `staff: {when: {unit: physics}, accounts: [{names: [one, two]}]}`,
      `out: {effect: deny, when: {unit: physics}, accounts: [{names: [two]}]}`,
    ],
    [],
  ],
  "protected accounts are the host's to tell": [
    [
      `system: {when: {unit: physics}, accounts: [{names: [games]}], allow_protected: true}`,
      `staff: {when: {unit: physics}, accounts: [{names: [games]}]}`,
    ],
    [
      'warning rule/redundant at 9: the rule "staff" is redundant: the rule "system" grants ' +
      'whatever it grants; 8: the other rule "system"',
    ],
  ],
};

for (const [what, [rules, expected]] of Object.entries(TABLE)) {
  Deno.test(`lintPolicy() on idle rules: ${what}`, () => {
    assert.deepEqual(said(rules), expected);
  });
}

Deno.test("a rule is not redundant whose sessions may use more than those of the other one", () => {
  const CERTIFICATES = HEAD.replace(
    "    mfa:",
    "    ssh_certificates: {}\n    mfa:",
  );
  const idle = (head: string, ...rules: string[]) =>
    lintPolicy(
      parsePolicy(
        `${head}rules:\n${rules.map((rule) => `  ${rule}\n`).join("")}`,
        { file: "x.yaml" },
      ),
    ).filter(({ id }) => IDLE.includes(id)).map(({ rule }) => rule);
  const one = `when: {unit: physics}, ${SUB}`;
  const both = `when: {unit: {in: [physics, maths]}}, ${SUB}`;
  const pty = "ssh: {permit: [pty]}";
  // by one rule, and by two together
  for (
    const rest of [[`wide: {${both}, SSH}`], [
      `left: {when: {unit: physics, level: 1}, ${SUB}, SSH}`,
      `right: {when: {unit: physics}, rhosts: ["::/0", "0.0.0.0/0"], ${SUB}, SSH}`,
      `other: {when: {unit: physics}, ${SUB}, SSH}`,
    ]]
  ) {
    const with_ = (ssh: string) =>
      rest.map((rule) => rule.replace(/, SSH/, ssh));
    assert.ok(
      !idle(CERTIFICATES, ...with_(`, ${pty}`), `narrow: {${one}}`)
        .includes("narrow"),
    );
    assert.ok(
      idle(CERTIFICATES, ...with_(""), `narrow: {${one}, ${pty}}`)
        .includes("narrow"),
    );
    assert.ok(
      idle(CERTIFICATES, ...with_(`, ${pty}`), `narrow: {${one}, ${pty}}`)
        .includes("narrow"),
    );
  }
  // nobody's session is restricted where there are no certificates, or the rule is not for sshd
  assert.deepEqual(
    idle(
      CERTIFICATES,
      `wide: {services: [sudo], ${both}, ${pty}}`,
      `narrow: {services: [sudo], ${one}}`,
    ),
    ["narrow"],
  );
});
