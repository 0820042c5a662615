/**
 * Tests of certificates: who may be one, what a session may use, and which changes of that show.
 *
 * @module
 */
import assert from "node:assert/strict";
import { coverageOf } from "../../../src/analysis/testing/coverage.ts";
import { mutate } from "../../../src/analysis/testing/mutate.ts";
import { readSuite } from "../../support/suites.ts";

const POLICY = `version: 1
issuers:
  campus: {issuer: https://login.example.edu, audiences: [ssh], ssh_certificates: {}}
  partner: {issuer: https://login.example.org, audiences: [ssh]}
rules:
  staff:
    issuers: [campus]
    services: [sshd]
    when: {groups: {any: [staff]}}
    accounts: [{claim: sub}]
    ssh: {permit: [pty, port_forwarding]}
  operators:
    issuers: [campus]
    services: [sshd]
    when: {groups: {any: [operators]}}
    accounts: [{claim: sub}]
  partners:
    issuers: [partner]
    when: {groups: {any: [guests]}}
    accounts: [{names: [guest]}]
`;

const DEFAULTS =
  "defaults: {issuer: campus, account: alice, claims: {sub: alice}}\n";
const DENIED = "  - {name: nobody, account: bob, expect: deny}\n";

const read = (...tests: string[]) =>
  readSuite(
    `${POLICY}${DEFAULTS}tests:\n${DENIED}${
      tests.map((test) => `  - ${test}\n`).join("")
    }`,
  );

const passed = (...tests: string[]) => {
  const { findings, results } = read(...tests);
  assert.equal(findings, "");
  return results.slice(1).map((result) => result.passed);
};

const STAFF = "way: certificate, claims: {groups: [staff]}";

Deno.test("a test says what a session by certificate may use, in any order, exactly", () => {
  const expect = (permit: string) =>
    `{name: t, ${STAFF}, expect: {decision: allow, ssh: {permit: ${permit}}}}`;
  assert.deepEqual(passed(expect("[port_forwarding, pty]")), [true]);
  assert.deepEqual(passed(expect("[pty]")), [false]);
  assert.deepEqual(passed(expect("[]")), [false]);
  assert.deepEqual(passed(expect("[pty, port_forwarding, x11]")), [false]);
  assert.deepEqual(passed(expect("[all]")), [false]);
});

Deno.test("a session that a rule admits without a word of it is not restricted", () => {
  const expect = (permit: string) =>
    `{name: t, way: certificate, claims: {groups: [staff, operators]}, expect: {decision: allow, ssh: {permit: ${permit}}}}`;
  assert.deepEqual(passed(expect("[all]")), [true]);
  assert.deepEqual(
    passed(expect("[pty, port_forwarding, agent_forwarding, x11, user_rc]")),
    [false],
  );
});

Deno.test("a test of a certificate need not say what its session may use", () => {
  assert.deepEqual(
    passed(
      `{name: in, ${STAFF}, expect: allow}`,
      "{name: out, way: certificate, expect: {reason: account_not_permitted}}",
    ),
    [true, true],
  );
});

Deno.test("certificates are for sshd, whatever the tests of a file are about", () => {
  const { suite, findings } = readSuite(
    `${POLICY}defaults: {issuer: campus, account: alice, service: sudo, claims: {sub: alice}}
tests:
${DENIED}  - {name: t, ${STAFF}, expect: allow}
  - {name: also, ${STAFF}, service: sshd, expect: allow}
`,
  );
  assert.equal(findings, "");
  assert.deepEqual(
    suite.cases.map(({ request, way }) => [request.service, way]),
    [["sudo", undefined], ["sshd", "certificate"], ["sshd", "certificate"]],
  );
});

const WRONG: readonly (readonly [string, string, RegExp])[] = [
  [
    "another service",
    `{name: t, ${STAFF}, service: sudo, expect: allow}`,
    /^24:\d+: certificates are shown to sshd, and the service is then "sshd" \[test\/value\]\n {2}hint: remove "service"\n$/,
  ],
  [
    "an issuer without certificates",
    "{name: t, way: certificate, issuer: partner, account: guest, claims: {groups: [guests]}, expect: allow}",
    /^24:\d+: the issuer "partner" has no "ssh_certificates", so that no certificate of it gets in/,
  ],
  [
    "no certificate",
    "{name: t, claims: {groups: [staff]}, expect: {decision: allow, ssh: {permit: [pty]}}}",
    /"ssh" is about sessions by certificate alone \[test\/value\]\n {2}hint: add "way: certificate"/,
  ],
  [
    "a refusal",
    "{name: t, way: certificate, expect: {decision: deny, ssh: {permit: []}}}",
    /"ssh" has no meaning where nobody is admitted/,
  ],
  [
    "another way",
    "{name: t, way: prompt, expect: deny}",
    /"prompt" is not "certificate"/,
  ],
  [
    "something that sshd does not withhold",
    `{name: t, ${STAFF}, expect: {decision: allow, ssh: {permit: [tty]}}}`,
    /"tty" is not one of "pty"/,
  ],
  [
    "all and something",
    `{name: t, ${STAFF}, expect: {decision: allow, ssh: {permit: [pty, all]}}}`,
    /"all" beside other words/,
  ],
];

for (const [name, test, said] of WRONG) {
  Deno.test(`a test of a certificate with ${name} is an error that says why`, () => {
    assert.match(read(test).findings, said);
  });
}

const report = (...tests: string[]) => {
  const { policy, results, suite, findings } = read(...tests);
  assert.equal(findings, "");
  assert.deepEqual(results.filter((result) => !result.passed), []);
  return mutate(policy, results, { defaults: suite.defaults });
};

const aboutSsh = ({ message }: { message: string }) => /ssh/.test(message);

const KNOWN = [
  `{name: staff, ${STAFF}, expect: {decision: allow, rule: staff, ssh: {permit: [pty, port_forwarding]}}}`,
  "{name: operators, way: certificate, claims: {groups: [operators, staff]}, expect: {decision: allow, ssh: {permit: [all]}}}",
];

Deno.test("a test with what a session may use notices what changes it", () => {
  const { survived, unknown } = report(...KNOWN);
  assert.deepEqual(survived.filter(aboutSsh), []);
  assert.deepEqual(unknown, []);
});

Deno.test("without such a test the changes are named, with a test that notices them", () => {
  const { survived } = report(`{name: staff, ${STAFF}, expect: allow}`);
  const found = survived.filter(aboutSsh);
  assert.deepEqual(found.map(({ message }) => message), [
    'removing "ssh" of the rule "staff" changes no test',
    'removing "pty" from "ssh.permit" of the rule "staff" changes no test',
    'removing "port_forwarding" from "ssh.permit" of the rule "staff" changes no test',
  ]);
  for (const { yaml, test } of found) {
    const { policy, results, findings, suite } = readSuite(
      `${POLICY}${DEFAULTS}tests:\n${DENIED}${yaml}`,
    );
    assert.equal(findings, "");
    assert.deepEqual(results.map((result) => result.passed), [true, true]);
    const again = mutate(policy, results, { defaults: suite.defaults });
    assert.ok(
      !again.survived.some(({ message }) =>
        message.startsWith(String(test["name"]).split(", which ")[1] ?? "")
      ),
    );
  }
});

Deno.test("taking away a rule that changes for nobody but a session is not without effect", () => {
  const text = POLICY.replace("any: [operators]", "all: [operators, staff]");
  const { policy, results, suite, findings } = readSuite(
    `${text}${DEFAULTS}tests:\n${DENIED}  - {name: staff, ${STAFF}, expect: allow}\n`,
  );
  assert.equal(findings, "");
  const { survived } = mutate(policy, results, { defaults: suite.defaults });
  const [removed] = survived.filter(({ message }) =>
    message.startsWith('removing the rule "operators"')
  );
  assert.deepEqual(removed?.test["expect"], {
    decision: "allow",
    ssh: { permit: ["all"] },
  });
});

Deno.test("a test that is named says whose certificate it is, where the defaults say another issuer", () => {
  const { policy, results, suite, findings } = readSuite(
    `${POLICY}defaults: {issuer: partner, service: sudo, account: alice, claims: {sub: alice}}
tests:
${DENIED}`,
  );
  assert.equal(findings, "");
  const { survived, unknown } = mutate(policy, results, {
    defaults: suite.defaults,
  });
  assert.deepEqual(unknown, []);
  const [removed] = survived.filter(aboutSsh);
  assert.equal(removed?.test["issuer"], "campus");
  assert.equal(removed?.test["way"], "certificate");
});

Deno.test("where there are no certificates, nothing of a session is asked", () => {
  const { policy, results, suite } = readSuite(
    `${
      POLICY.replace(", ssh_certificates: {}", "")
    }${DEFAULTS}tests:\n${DENIED}`,
  );
  const { survived } = mutate(policy, results, { defaults: suite.defaults });
  assert.deepEqual(survived.filter(aboutSsh), []);
  const { uncovered } = coverageOf(policy, results);
  assert.ok(!uncovered.some(({ outcome }) => outcome === "permitted"));
});

Deno.test("coverage asks for a test of what a session may use", () => {
  const missing = (...tests: string[]) => {
    const { policy, results } = read(...tests);
    return coverageOf(policy, results).uncovered.filter(({ outcome }) =>
      outcome === "permitted"
    ).map(({ message }) => message);
  };
  assert.deepEqual(missing(`{name: staff, ${STAFF}, expect: allow}`), [
    'the rule "staff" is asked what sessions may use in no test',
  ]);
  assert.deepEqual(missing(...KNOWN), []);
});

Deno.test("a table can be about certificates", () => {
  const { results, findings } = readSuite(`${POLICY}${DEFAULTS}tests:
${DENIED}tables:
  - name: by certificate
    way: certificate
    subjects: {alice: {groups: [staff]}, bob: {sub: bob}}
    expect: {alice: {alice: allow}}
`);
  assert.equal(findings, "");
  assert.deepEqual(
    results.map(({ test, passed }) => [test.way, passed]),
    [[undefined, true], ["certificate", true], ["certificate", true]],
  );
});
