/**
 * What may stand in a test, what it becomes, and what is refused with a place.
 *
 * @module
 */

import assert from "node:assert/strict";
import { parsePolicy, usable } from "../../../src/policy/syntax/parse.ts";
import { runTest } from "../../../src/analysis/testing/expectation.ts";
import { testSuite } from "../../../src/analysis/testing/suite.ts";
import { POLICY, readSuite, STAFF } from "../../support/suites.ts";

const DENIED =
  "  - {name: nobody, account: backup, issuer: campus, expect: deny}\n";

function tests(text: string): string {
  return `${POLICY}tests:\n${text}`;
}

/** The findings about one test beside one that is in order. */
function findingsOf(test: string): string {
  return readSuite(tests(`${DENIED}  - ${test}\n`)).findings;
}

Deno.test("the example of the documentation passes", () => {
  const { results, findings } = readSuite(`${POLICY}
defaults: {issuer: campus, service: sshd, now: 2026-01-01T12:00:00Z}
tests:
  - name: a member of staff with MFA uses their own account
    account: alice
    claims: ${STAFF}
    expect: {decision: allow, rule: staff}
  - name: the same without a second factor is refused
    account: alice
    claims: ${STAFF.replace("pwd, mfa", "pwd")}
    expect: {decision: deny, reason: mfa_required}
`);
  assert.equal(findings, "");
  assert.deepEqual(results.map(({ passed }) => passed), [true, true]);
});

Deno.test("a test's own keys win over the defaults, claim by claim", () => {
  const { suite } = readSuite(`${POLICY}
defaults: {issuer: campus, service: login, rhost: 192.0.2.1, account: alice, claims: ${STAFF}}
tests:
  - {name: as the defaults say, expect: deny}
  - {name: other, account: bob, issuer: partner, service: sshd, rhost: null, claims: {groups: [x], email: null}, expect: deny}
`);
  const [first, second] = suite.cases.map(({ request }) => request);
  assert.equal(first?.account, "alice");
  assert.equal(first?.service, "login");
  assert.equal(first?.rhost, "192.0.2.1");
  assert.equal(first?.subject.issuer, "campus");
  assert.equal(second?.account, "bob");
  assert.equal(second?.service, "sshd");
  assert.equal(second?.rhost, null);
  assert.equal(second?.subject.issuer, "partner");
  const { claims } = second?.subject ?? {};
  assert.deepEqual(claims?.["groups"], ["x"]);
  assert.equal(claims?.["email"], null);
  assert.equal(claims?.["email_verified"], true);
});

Deno.test("what nobody says is sshd, no remote host and noon of New Year 2026", () => {
  const { suite } = readSuite(tests(DENIED));
  const request = suite.cases[0]?.request;
  assert.equal(request?.service, "sshd");
  assert.equal(request?.rhost, null);
  assert.equal(request?.now, 1767268800);
  assert.equal(request?.host, undefined);
});

Deno.test("times in claims become numbers relative to the test's clock", () => {
  const policy = POLICY.replace(
    "audiences: [ssh]}\n  partner",
    "audiences: [ssh], claims: {auth_time: /session/at}}\n  partner",
  );
  const { suite, findings } = readSuite(`${policy}
tests:
  - name: times
    account: alice
    issuer: campus
    now: 2026-01-01T13:00:00+01:00
    claims: {exp: now+1h, iat: now, nbf: now-30s, auth_time: now-5m, session: {at: now-1d}, note: now-5m, updated_at: 5}
    expect: deny
`);
  assert.equal(findings, "");
  const subject = suite.cases[0]?.request.subject;
  const now = 1767268800;
  const { note, updated_at, session, ...times } = subject?.claims ?? {};
  assert.deepEqual({ ...times }, {
    exp: now + 3600,
    iat: now,
    nbf: now - 30,
    auth_time: now - 300,
  });
  assert.deepEqual({ ...session as object }, { at: now - 86400 });
  assert.equal(note, "now-5m", "only claims that are times");
  assert.equal(updated_at, 5);
  assert.equal(subject?.authentications[0]?.auth_time, now - 86400);
});

Deno.test("accounts makes one case of each account", () => {
  const { suite } = readSuite(
    tests(
      "  - {name: not these, accounts: [root, bob], issuer: campus, expect: deny}\n",
    ),
  );
  assert.deepEqual(
    suite.cases.map(({ name, request, line }) => [name, request.account, line]),
    [["not these [root]", "root", 19], ["not these [bob]", "bob", 19]],
  );
});

Deno.test("the issuer may be named by the claim iss, or be the only one", () => {
  const byUrl = readSuite(tests(
    "  - {name: a, account: x, claims: {iss: https://login.example.org}, expect: deny}\n",
  ));
  assert.equal(byUrl.suite.cases[0]?.request.subject.issuer, "partner");
  const only = readSuite(`version: 1
issuers: {campus: {issuer: https://login.example.edu, audiences: [ssh]}}
rules: {own: {accounts: [{claim: sub}]}}
tests: [{name: a, account: x, expect: deny}]
`);
  assert.equal(only.suite.cases[0]?.request.subject.issuer, "campus");
});

const GLOBUS = `version: 1
issuers:
  globus: {kind: globus, issuer: https://auth.globus.org, audiences: [c], client_id: c, client_secret_file: /etc/s}
assurance: {permitted_idps: [example.edu], max_auth_age: 1h}
rules:
  linked: {accounts: [{identity: username, strip_suffix: "@example.edu"}]}
tests:
`;

Deno.test("a globus test has linked identities and their sessions", () => {
  const { results, findings } = readSuite(`${GLOBUS}
  - name: a linked identity with a session of the permitted provider
    account: alice
    identities: [{id: a, username: alice@example.edu}, {id: b, username: al@example.org}]
    authentications: [{identity: b, idp: example.org, auth_time: now}, {identity: a, idp: x, idps: [example.edu], auth_time: now-1h}]
    expect: {decision: allow, rule: linked}
  - name: without a session
    account: alice
    identities: [{id: a, username: alice@example.edu}]
    authentications: []
    expect: {reason: idp_not_permitted, rule: linked}
`);
  assert.equal(findings, "");
  assert.deepEqual(results.map(({ actual }) => actual.reason), [
    "allowed",
    "idp_not_permitted",
  ]);
});

const REFUSED: readonly (readonly [string, string, string])[] = [
  [
    "an unknown key",
    "{name: a, acount: alice, issuer: campus, expect: deny}",
    '20:15: unknown key "acount", expected one of "name", "way", "account", "issuer", "service", "rhost", "now", "claims", "map_files", "accounts", "identities", "authentications" or "expect" [test/unknown-key]\n  hint: did you mean "account"?\n',
  ],
  [
    "an unknown rule",
    "{name: a, account: alice, issuer: campus, expect: {decision: deny, rule: stuff}}",
    '20:78: there is no rule "stuff" [test/unknown-rule]\n  hint: did you mean "staff"?\n',
  ],
  [
    "an unknown reason",
    "{name: a, account: alice, issuer: campus, expect: {decision: deny, reason: mfa_requird}}",
    '20:80: there is no reason "mfa_requird" [test/unknown-reason]\n  hint: did you mean "mfa_required"?\n',
  ],
  [
    "a reason that is like none",
    "{name: a, account: alice, issuer: campus, expect: {decision: deny, reason: protected_account}}",
    '20:80: there is no reason "protected_account" [test/unknown-reason]\n  hint: expected one of "allowed", "denied_by_rule", "mfa_required", "reauthentication_required", "idp_not_permitted", "account_not_permitted", "account_protected" or "request_invalid"\n',
  ],
  [
    "a rule that is like none",
    "{name: a, account: alice, issuer: campus, expect: {decision: deny, rule: everybody}}",
    '20:78: there is no rule "everybody" [test/unknown-rule]\n  hint: expected one of "staff" or "nobody-as-backup"\n',
  ],
  [
    "a reason that only tokens have",
    "{name: a, account: alice, issuer: campus, expect: {reason: token_expired}}",
    '20:64: the reason "token_expired" is not the policy\'s to give: a test is about a verified token [test/unknown-reason]\n  hint: expected one of "allowed", "denied_by_rule", "mfa_required", "reauthentication_required", "idp_not_permitted", "account_not_permitted", "account_protected" or "request_invalid"\n',
  ],
  [
    "an unknown issuer",
    "{name: a, account: alice, issuer: campsu, expect: deny}",
    '20:39: there is no issuer "campsu" [test/unknown-issuer]\n  hint: did you mean "campus"?\n',
  ],
  [
    "an iss that no issuer has",
    "{name: a, account: alice, claims: {iss: https://evil.example}, expect: deny}",
    '20:45: no issuer of the policy is "https://evil.example" [test/unknown-issuer]\n',
  ],
  [
    "an iss of another issuer",
    "{name: a, account: alice, issuer: campus, claims: {iss: https://login.example.org}, expect: deny}",
    '20:61: the claim "iss" is not that of the issuer "campus" [test/value]\n',
  ],
  [
    "no issuer where there are several",
    "{name: a, account: alice, expect: deny}",
    '20:5: the key "issuer" is missing: the policy has several [test/missing-key]\n',
  ],
  [
    "no account",
    "{name: a, issuer: campus, expect: deny}",
    '20:5: the key "account" is missing [test/missing-key]\n',
  ],
  [
    "no name",
    "{account: alice, issuer: campus, expect: deny}",
    '20:5: the key "name" is missing [test/missing-key]\n',
  ],
  [
    "account and accounts",
    "{name: a, account: alice, accounts: [bob], issuer: campus, expect: deny}",
    '20:31: "account" and "accounts" exclude each other [test/value]\n',
  ],
  [
    "no expectation",
    "{name: a, account: alice, issuer: campus}",
    "20:5: the test expects nothing [test/no-expectation]\n  hint: add expect: allow, expect: deny, or a mapping with decision\n",
  ],
  [
    "an expectation of a rule without a decision",
    "{name: a, account: alice, issuer: campus, expect: {rule: staff}}",
    "20:47: the test expects nothing [test/no-expectation]\n  hint: add expect: allow, expect: deny, or a mapping with decision\n",
  ],
  [
    "a misspelt decision",
    "{name: a, account: alice, issuer: campus, expect: alow}",
    '20:55: "alow" is not "allow" or "deny" or a mapping [test/type]\n  hint: did you mean "allow"?\n',
  ],
  [
    "a reason that contradicts the decision",
    "{name: a, account: alice, issuer: campus, expect: {decision: allow, reason: mfa_required}}",
    '20:81: the reason "mfa_required" never comes with the decision allow [test/value]\n',
  ],
  [
    "a name that is taken",
    "{name: nobody, account: alice, issuer: campus, expect: deny}",
    '20:12: the name "nobody" is already taken by the test at site.yaml:19 [test/duplicate-name]\n',
  ],
  [
    "a time that is none",
    '{name: a, account: alice, issuer: campus, claims: {auth_time: "now - 5m"}, expect: deny}',
    '20:67: "now - 5m" is not a time: write "now", "now-5m" or "now+1h" [test/value]\n',
  ],
  [
    "a day that no calendar has",
    "{name: a, account: alice, issuer: campus, now: 2026-02-30T00:00:00Z, expect: deny}",
    '20:52: "2026-02-30T00:00:00Z" is not a time [test/value]\n',
  ],
  [
    "identities of an issuer that knows one",
    "{name: a, account: alice, issuer: campus, identities: [{id: a}], expect: deny}",
    '20:47: an issuer of the kind "jwt" vouches for the one identity in the claims [test/value]\n',
  ],
  [
    "a session at a time that is none",
    "{name: a, account: alice, issuer: campus, authentications: [{auth_time: true}], expect: deny}",
    '20:77: true is not a number or a time such as "now-5m" [test/type]\n',
  ],
  [
    "a map file that the policy does not read",
    "{name: a, account: alice, issuer: campus, map_files: {/etc/x: y z}, expect: deny}",
    '20:59: the policy reads no map file "/etc/x" [test/map-file]\n',
  ],
];

for (const [what, test, expected] of REFUSED) {
  Deno.test(`testSuite() refuses ${what}`, () => {
    assert.equal(findingsOf(test), expected);
  });
}

Deno.test("testSuite() still has the tests beside a broken one", () => {
  const { suite } = readSuite(
    tests(`${DENIED}  - {name: a, expect: deny, acount: b}\n`),
  );
  assert.deepEqual(suite.cases.map(({ name }) => name), ["nobody"]);
  assert.equal(suite.findings.length, 1);
});

Deno.test("testSuite() refuses a suite without a single deny", () => {
  const { findings } = readSuite(
    tests(
      `  - {name: a, account: alice, issuer: campus, claims: ${STAFF}, expect: allow}\n`,
    ),
  );
  assert.equal(
    findings,
    "18:1: no test expects a deny [test/no-deny]\n" +
      "  hint: a policy that lets everybody in would pass: add a near miss\n",
  );
});

Deno.test("a deny in the file beside the policy counts, and names are shared", () => {
  const own = tests(
    `  - {name: a, account: alice, issuer: campus, claims: ${STAFF}, expect: allow}\n`,
  );
  const fine = readSuite(own, {
    "site.test.yaml":
      "tests: [{name: b, account: x, issuer: campus, expect: deny}]\n",
  });
  assert.equal(fine.findings, "");
  assert.deepEqual(fine.suite.cases.map(({ file }) => file), [
    "site.yaml",
    "site.test.yaml",
  ]);
  const twice = readSuite(own, {
    "site.test.yaml":
      "tests: [{name: a, account: x, issuer: campus, expect: deny}]\n",
  });
  assert.match(twice.findings, /already taken by the test at site.yaml:19/);
});

Deno.test("defaults are for the tests of their own file only", () => {
  const { findings } = readSuite(`${POLICY}defaults: {issuer: campus}\n`, {
    "site.test.yaml": "tests: [{name: a, account: x, expect: deny}]\n",
  });
  assert.match(findings, /the key "issuer" is missing/);
});

Deno.test("a file of tests holds nothing but tests", () => {
  const { findings } = readSuite(POLICY, {
    "site.test.yaml":
      "version: 1\ntests: [{name: a, account: x, issuer: campus, expect: deny}]\n",
  });
  assert.equal(
    findings,
    '1:1: unknown key "version", expected one of "defaults", "tests" or "tables" [test/unknown-key]\n',
  );
});

const MAPPED = `version: 1
issuers: {campus: {issuer: https://login.example.edu, audiences: [ssh]}}
rules: {mapped: {accounts: [{map_file: /etc/oauth-pam/accounts.map, keys: [sub]}]}}
`;

Deno.test("tests of a policy with a map file give its contents", () => {
  const { results, findings } = readSuite(`${MAPPED}
defaults: {map_files: {/etc/oauth-pam/accounts.map: "u1 alice,deploy\\n"}}
tests:
  - {name: a, account: deploy, claims: {sub: u1}, expect: {decision: allow, rule: mapped}}
  - {name: b, account: alice, claims: {sub: u1}, map_files: {/etc/oauth-pam/accounts.map: ""}, expect: {decision: deny, rule: null}}
`);
  assert.equal(findings, "");
  assert.deepEqual(results.map(({ passed }) => passed), [true, true]);
});

Deno.test("a map file whose contents are not given is said once, and nothing is guessed", () => {
  const { suite, findings } = readSuite(`${MAPPED}
tests:
  - {name: a, account: deploy, claims: {sub: u1}, expect: allow}
  - {name: b, account: alice, claims: {sub: u1}, expect: deny}
`);
  assert.equal(
    findings,
    '6:5: the policy reads the map file "/etc/oauth-pam/accounts.map", whose contents no test may take from the host [test/map-file]\n' +
      '  hint: add map_files: {"/etc/oauth-pam/accounts.map": "key account"} to the defaults\n',
  );
  assert.deepEqual(suite.cases, []);
});

Deno.test("broken tests lock nobody out: the policy is as usable as without them", () => {
  for (
    const broken of [
      "tests: 5\n",
      "tests: [{nonsense: true}]\ndefaults: {now: never}\n",
    ]
  ) {
    const parsed = parsePolicy(POLICY + broken, { file: "site.yaml" });
    assert.deepEqual(parsed.diagnostics, []);
    const without = parsePolicy(POLICY, { file: "site.yaml" });
    assert.deepEqual(usable(parsed), usable(without));
    assert.notEqual(readSuite(POLICY + broken).findings, "");
  }
});

Deno.test({
  name: "tests are read without any permission of this program's own",
  // the YAML library looks at two variables where it believes to be under Node; its other build,
  // which the shipped program is bundled with, does not
  permissions: { env: ["LOG_TOKENS", "LOG_STREAM"] },
  fn() {
    assert.equal(readSuite(tests(DENIED)).findings, "");
  },
});

const READ = readSuite(tests(DENIED));

Deno.test({
  name: "tests are made and run without any permission",
  permissions: "none",
  fn() {
    const { policy, source } = READ;
    const suite = testSuite(policy, { own: source, beside: [] });
    const actual = suite.cases.map((test) => runTest(policy, test).actual);
    assert.deepEqual(actual.map(({ reason }) => reason), ["denied_by_rule"]);
  },
});

Deno.test("an expectation is met exactly, in all that it names", () => {
  const { results } = readSuite(tests(`
  - {name: wrong rule, account: backup, issuer: campus, expect: {decision: deny, rule: staff}}
  - {name: no rule, account: backup, issuer: campus, expect: {decision: deny, rule: null}}
  - {name: wrong reason, account: backup, issuer: campus, expect: {reason: mfa_required}}
  - {name: wrong decision, account: backup, issuer: campus, expect: allow}
  - {name: right, account: backup, issuer: campus, expect: {decision: deny, reason: denied_by_rule, rule: nobody-as-backup}}
`));
  assert.deepEqual(results.map(({ passed }) => passed), [
    false,
    false,
    false,
    false,
    true,
  ]);
});

Deno.test("thousands of tests cost less to run than to read", () => {
  const many = Array.from(
    { length: 3000 },
    (_, index) =>
      `  - {name: test ${index}, account: alice, issuer: campus, claims: ${STAFF}, ` +
      "expect: {decision: allow, rule: staff}}\n",
  );
  const text = tests(DENIED + many.join(""));
  let [read, run] = [Infinity, Infinity];
  for (let round = 0; round < 3; round++) {
    const start = performance.now();
    const parsed = parsePolicy(text, { file: "site.yaml" });
    const between = performance.now();
    const policy = usable(parsed);
    assert.ok(policy && parsed.source);
    const suite = testSuite(policy, { own: parsed.source, beside: [] });
    const results = suite.cases.map((test) => runTest(policy, test));
    read = Math.min(read, between - start);
    run = Math.min(run, performance.now() - between);
    assert.equal(results.filter(({ passed }) => passed).length, 3001);
  }
  assert.ok(run < read, `read in ${read} ms, ran in ${run} ms`);
});
