/**
 * Tables of tests: which cells there are, what is expected of them, and what is wrong with a table.
 *
 * @module
 */
import assert from "node:assert/strict";
import { answer } from "../../../src/analysis/testing/words.ts";
import { readSuite } from "../../support/suites.ts";

const POLICY = `version: 1
issuers:
  campus: {issuer: https://login.example.edu, audiences: [ssh]}
  partner: {issuer: https://login.example.org, audiences: [ssh]}
rules:
  own: {issuers: [campus], when: {groups: {any: [staff]}}, accounts: [{claim: sub}]}
  deploy: {issuers: [campus], when: {groups: {any: [operators]}}, accounts: [{names: [deploy]}]}
`;

const SUBJECTS = `subjects:
      ann: {sub: ann, groups: [staff, operators]}
      bob: {sub: bob, groups: [staff]}
      eve: {sub: eve, groups: [guests]}`;

function table(expect: string, more = ""): string {
  return `${POLICY}defaults: {issuer: campus}
tables:
  - name: who
    ${SUBJECTS}
    ${more}
    expect: ${expect}
`;
}

/** The cells as `name: expectation: ok or not`. */
function cells(text: string): string[] {
  const { results, findings } = readSuite(text);
  assert.equal(findings, "");
  return results.map(({ test, passed }) =>
    `${test.name}: ${answer(test.expected)}: ${passed ? "ok" : "wrong"}`
  );
}

Deno.test("every account is asked for by every subject, and what is not said is a deny", () => {
  assert.deepEqual(
    cells(table("{ann: {ann: allow}, deploy: {ann: allow}, root: {}}")),
    [
      "who: ann as ann: allow: ok",
      "who: bob as ann: deny: ok",
      "who: eve as ann: deny: ok",
      "who: ann as deploy: allow: ok",
      "who: bob as deploy: deny: ok",
      "who: eve as deploy: deny: ok",
      "who: ann as root: deny: ok",
      "who: bob as root: deny: ok",
      "who: eve as root: deny: ok",
    ],
  );
});

Deno.test("a cell that is forgotten or wrong fails", () => {
  assert.deepEqual(
    cells(table("{ann: {}, bob: {bob: allow, eve: allow}}")).filter((line) =>
      line.endsWith("wrong")
    ),
    ["who: ann as ann: deny: wrong", "who: eve as bob: allow: wrong"],
  );
});

Deno.test("what is said of a group holds for its members, and a name of one's own wins", () => {
  const groups = "groups: {employees: [ann, bob], all: [ann, bob, eve]}";
  assert.deepEqual(
    cells(table("{deploy: {employees: deny, ann: allow}}", groups)),
    [
      "who: ann as deploy: allow: ok",
      "who: bob as deploy: deny: ok",
      "who: eve as deploy: deny: ok",
    ],
  );
  assert.deepEqual(
    cells(table("{bob: {employees: allow}, eve: {all: deny}}", groups)),
    [
      "who: ann as bob: allow: wrong",
      "who: bob as bob: allow: ok",
      "who: eve as bob: deny: ok",
      "who: ann as eve: deny: ok",
      "who: bob as eve: deny: ok",
      "who: eve as eve: deny: ok",
    ],
  );
});

Deno.test("a table says what all of its cells share, and a subject's own claims win", () => {
  assert.deepEqual(
    cells(table("{ann: {ann: allow}}", "claims: {groups: [none], note: x}")),
    [
      "who: ann as ann: allow: ok",
      "who: bob as ann: deny: ok",
      "who: eve as ann: deny: ok",
    ],
  );
  assert.deepEqual(
    cells(table("{ann: {ann: allow}}", "issuer: partner"))[0],
    "who: ann as ann: allow: wrong",
  );
  const { suite } = readSuite(
    table(
      "{ann: {ann: allow}}",
      'service: sudo\n    rhost: 192.0.2.7\n    now: "2026-05-01T00:00:00Z"',
    ),
  );
  const [first] = suite.cases;
  assert.deepEqual(
    [first?.request.service, first?.request.rhost, first?.request.now],
    ["sudo", "192.0.2.7", 1777593600],
  );
});

Deno.test("a cell has the line of its row", () => {
  const { suite } = readSuite(
    table("\n      ann: {ann: allow}\n      deploy: {ann: allow}"),
  );
  const [first, fourth] = [suite.cases[0]?.line ?? 0, suite.cases[3]?.line];
  assert.equal(fourth, first + 1);
});

const WRONG: readonly (readonly [string, string, string])[] = [
  [
    "a subject that does not exist",
    table("{ann: {anne: allow}}"),
    'there is no subject "anne" [test/unknown-subject]',
  ],
  [
    "a member of a group that does not exist",
    table("{ann: {ann: allow}}", "groups: {g: [ann, who]}"),
    'there is no subject "who" [test/unknown-subject]',
  ],
  [
    "a group that is called like a subject",
    table("{ann: {ann: allow}}", "groups: {ann: [bob]}"),
    '"ann" is a subject and a group [test/duplicate-name]',
  ],
  [
    "two groups that contradict each other",
    table("{ann: {g: allow, h: deny}}", "groups: {g: [ann], h: [ann, bob]}"),
    '"ann" is in a group that is allowed and in one that is denied [test/value]',
  ],
  [
    "an issuer that does not exist, once for all cells",
    table("{ann: {ann: allow}, bob: {bob: allow}}", "issuer: nobody"),
    'there is no issuer "nobody" [test/unknown-issuer]',
  ],
  [
    "a time of a subject that is none",
    table("{ann: {ann: allow}}").replace(
      "{sub: eve,",
      "{auth_time: now-x, sub: eve,",
    ),
    '"now-x" is not a time: write "now", "now-5m" or "now+1h" [test/value]',
  ],
  [
    "no subject",
    table("{ann: {}}").replace(SUBJECTS, "subjects: {}"),
    "name at least one subject [test/value]",
  ],
  ["no account", table("{}"), "name at least one account [test/value]"],
  [
    "another word for allow",
    table("{ann: {ann: yes-please}}"),
    '"yes-please" is not',
  ],
  [
    "a name that is taken",
    `${
      table("{ann: {ann: allow}}")
    }tests: [{name: who, account: ann, expect: deny}]\n`,
    'the name "who" is already taken by the test at',
  ],
];

for (const [what, text, expected] of WRONG) {
  Deno.test(`testSuite() refuses in a table: ${what}`, () => {
    const { findings } = readSuite(text);
    assert.ok(findings.includes(expected), findings);
    assert.equal(findings.match(/^\d+:\d+:/gm)?.length, 1, findings);
  });
}

Deno.test("the tests beside a table that is broken still run", () => {
  const { results } = readSuite(
    `${
      table("{ann: {anne: allow}}")
    }tests: [{name: one, account: eve, claims: {sub: x}, expect: deny}]\n`,
  );
  assert.deepEqual(results.map(({ test }) => test.name), ["one"]);
});

Deno.test("a table that allows everything has no deny", () => {
  const text = table("{ann: {ann: allow}}").replace(
    SUBJECTS,
    "subjects: {ann: {sub: ann, groups: [staff]}}",
  );
  assert.match(readSuite(text).findings, /test\/no-deny/);
});
