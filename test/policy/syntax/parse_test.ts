/**
 * What a policy means when most of it is left out, and what each finding says.
 *
 * @module
 */
// Threats: E12

import { assertFast } from "../../support/timing.ts";
import assert from "node:assert/strict";
import { parsePolicy, usable } from "../../../src/policy/syntax/parse.ts";
import { ask, policyWith, rules, short } from "../../support/policies.ts";

const MINIMAL = `
version: 1
issuers:
  campus: {issuer: https://login.example.edu, audiences: [ssh]}
rules:
  staff: {accounts: [{claim: sub}]}
`;

const CERTIFICATES = `
version: 1
issuers:
  campus:
    issuer: https://login.example.edu
    audiences: [ssh]
    device: {client_id: ssh, after: publickey}
    ssh_certificates: {commitment: cnf, lifetime: 7d, refreshed: true}
  jobs:
    issuer: https://ci.example.edu
    audiences: [ssh]
    ssh_certificates: {commitment: gq, lifetime: token}
  usual: {issuer: https://a.example.org, audiences: [ssh], ssh_certificates: {}}
  closed: {issuer: https://b.example.org, audiences: [ssh]}
cache: {ssh_keys_directory: /srv/keys}
rules:
  staff: {services: [sshd], accounts: [{claim: sub}], ssh: {permit: [pty, x11]}}
  nothing: {services: [sshd], accounts: [{claim: sub}], ssh: {permit: []}}
  others: {accounts: [{claim: email}]}
`;

const parse = (text: string) => parsePolicy(text, { file: "site.yaml" });

Deno.test("parsePolicy() fills in the defaults that the design names", () => {
  const policy = policyWith(MINIMAL);
  const [issuer] = policy.issuers;
  assert.ok(issuer?.kind === "jwt");
  const {
    kind,
    algorithms,
    types,
    clock_skew,
    max_token_age,
    jwks_ttl,
    jwks_stale,
  } = issuer;
  assert.deepEqual({
    kind,
    algorithms,
    types,
    clock_skew,
    max_token_age,
    jwks_ttl,
    jwks_stale,
  }, {
    kind: "jwt",
    algorithms: ["RS256"],
    types: ["JWT"],
    clock_skew: 30,
    max_token_age: 86_400,
    jwks_ttl: 3600,
    jwks_stale: 0,
  });
  const { hosts, ca_file, proxy, one_time, claims, mfa } = issuer;
  assert.deepEqual({ hosts, ca_file, proxy, one_time, claims, mfa }, {
    hosts: [],
    ca_file: null,
    proxy: null,
    one_time: false,
    claims: {
      groups: "groups",
      idp: "idp",
      auth_time: "auth_time",
      amr: "amr",
      acr: "acr",
    },
    mfa: { amr_any: ["mfa"], acr_any: [] },
  });
  assert.deepEqual(policy.rules, [{
    id: "staff",
    description: null,
    effect: "allow",
    issuers: null,
    services: null,
    rhosts: null,
    not_after: null,
    when: [],
    assurance: {
      permitted_idps: null,
      mfa: false,
      max_auth_age: null,
      same_identity: false,
    },
    accounts: [{ source: "claim", claim: "sub", strip_suffix: null }],
    allow_protected: false,
    ssh: null,
  }]);
  assert.deepEqual(policy.protected_accounts, ["root"]);
  assert.deepEqual(policy.cache, {
    directory: "/var/cache/oauth-pam",
    ssh_keys_directory: "/var/cache/oauth-pam-keys",
  });
  assert.deepEqual(policy.log, { socket: "/dev/log" });
  assert.equal(policy.audit, null);
});

Deno.test("parsePolicy() makes plain data that survives JSON", () => {
  for (const text of [MINIMAL, CERTIFICATES]) {
    const policy = policyWith(text);
    assert.deepEqual(JSON.parse(JSON.stringify(policy)), policy);
  }
});

Deno.test("parsePolicy() reads what certificates may be, and fills in their defaults", () => {
  const policy = policyWith(CERTIFICATES);
  const [campus, jobs, usual, closed] = policy.issuers.map((issuer) =>
    "ssh_certificates" in issuer ? issuer.ssh_certificates : "no such key"
  );
  assert.deepEqual(campus, {
    commitment: "cnf",
    lifetime: 7 * 86_400,
    refreshed: true,
  });
  assert.deepEqual(jobs, {
    commitment: "gq",
    lifetime: null,
    refreshed: false,
  });
  assert.deepEqual(usual, {
    commitment: "nonce",
    lifetime: null,
    refreshed: false,
  });
  assert.equal(closed, null);
  assert.equal(policy.issuers[0]?.device?.after, "publickey");
  assert.deepEqual(policy.cache, {
    directory: "/var/cache/oauth-pam",
    ssh_keys_directory: "/srv/keys",
  });
  assert.deepEqual(policy.rules.map(({ ssh }) => ssh), [
    { permit: ["pty", "x11"] },
    { permit: [] },
    null,
  ]);
});

Deno.test("parsePolicy() asks of nobody a key before a code unless the policy does", () => {
  const device = policyWith(CERTIFICATES.replace(", after: publickey", ""))
    .issuers[0]?.device;
  assert.equal(device?.after, null);
});

Deno.test("protected_accounts adds to root", () => {
  const accounts = (text: string) =>
    policyWith(`${MINIMAL}protected_accounts: ${text}\n`).protected_accounts;
  assert.deepEqual(accounts("[]"), ["root"]);
  assert.deepEqual(accounts("[backup]"), ["root", "backup"]);
  assert.deepEqual(accounts("[backup, root]"), ["root", "backup"]);
});

Deno.test("parsePolicy() keeps several operators on one claim as several conditions", () => {
  const policy = rules({
    r: "when: {groups: {none: [x], any: [a, 1]}, mail: {like: '*@a'}, ok: true}, accounts: [{claim: sub}]",
  });
  assert.deepEqual(policy.rules[0]?.when, [
    { claim: "groups", operator: "any", values: ["a", 1] },
    { claim: "groups", operator: "none", values: ["x"] },
    { claim: "mail", operator: "like", pattern: "*@a" },
    { claim: "ok", operator: "equals", value: true },
  ]);
});

Deno.test("comments, formatting and the order of keys change nothing", () => {
  const other = `# a comment
rules: {"staff": {"accounts": [{"claim": "sub"}]}}   # another
issuers:
    campus:
        audiences:
            - ssh
        issuer: 'https://login.example.edu'

version:     1
`;
  assert.deepEqual(policyWith(other), policyWith(MINIMAL));
});

for (
  const [name, text] of [
    ["an empty file", ""],
    ["an empty mapping", "{}"],
    ["an empty list", "[]"],
    ["null", "null"],
    ["a scalar", "policy"],
    ["no rules", MINIMAL.replace(/rules:[^]*/, "")],
    ["an empty mapping of rules", MINIMAL.replace(/rules:[^]*/, "rules: {}")],
    ["an empty list of rules", MINIMAL.replace(/rules:[^]*/, "rules: []")],
    ["rules that are null", MINIMAL.replace(/rules:[^]*/, "rules:")],
    ["a misspelt key", MINIMAL.replace("audiences", "audiance")],
    ["a misspelt top-level key", `${MINIMAL}asurance: {mfa: true}\n`],
    [
      "an allow rule without accounts",
      MINIMAL.replace("accounts: [{claim: sub}]", "effect: allow"),
    ],
    [
      "an allow rule with null accounts",
      MINIMAL.replace("[{claim: sub}]", "null"),
    ],
    ["a list where the assurance should be", `${MINIMAL}assurance: []\n`],
    ["null where the assurance should be", `${MINIMAL}assurance:\n`],
    ["an unknown version", MINIMAL.replace("version: 1", "version: 2")],
    ["no version", MINIMAL.replace("version: 1", "")],
    ["two documents", `${MINIMAL}---\n${MINIMAL}`],
  ] as const
) {
  Deno.test(`parsePolicy() makes no policy of ${name}`, () => {
    const parsed = parse(text);
    assert.equal(parsed.policy, null);
    assert.equal(usable(parsed), null);
    assert.ok(parsed.diagnostics.some(({ level }) => level === "error"));
  });
}

Deno.test("usable() refuses a policy with an error about what it says", () => {
  const parsed = parse(MINIMAL.replace("https:", "http:"));
  assert.notEqual(parsed.policy, null);
  assert.equal(usable(parsed), null);
});

Deno.test("usable() accepts a policy with a warning", () => {
  const parsed = parse(
    MINIMAL.replace("{accounts", "{rhosts: [10.1.0.0/8], accounts"),
  );
  assert.deepEqual(
    parsed.diagnostics.map(({ id, level }) => `${level} ${id}`),
    [
      "warning match/network-host-bits",
    ],
  );
  assert.notEqual(usable(parsed), null);
});

Deno.test("a finding names the file, the rule, the key's place and its end", () => {
  const [finding] =
    parse(MINIMAL.replace("{accounts", "{rhost: x, accounts")).diagnostics;
  assert.deepEqual({ ...finding, message: "" }, {
    id: "policy/unknown-key",
    level: "error",
    confidence: "high",
    message: "",
    hint: 'did you mean "rhosts"?',
    file: "site.yaml",
    line: 6,
    column: 11,
    endLine: 6,
    endColumn: 16,
    rule: "staff",
  });
});

Deno.test("a key with two letters in each other's place is recognized", () => {
  const [finding] =
    parse(MINIMAL.replace("{accounts", "{whne: {}, accounts")).diagnostics;
  assert.equal(finding?.id, "policy/unknown-key");
  assert.equal(finding?.hint, 'did you mean "when"?');
});

Deno.test("findings come in the order of the file", () => {
  const text =
    MINIMAL.replace("[ssh]", "[]").replace("{claim: sub}", "{names: [Alice]}") +
    "x: 1\n";
  assert.deepEqual(
    parse(text).diagnostics.map(({ line, id }) => `${line} ${id}`),
    [
      "4 policy/value",
      "6 policy/value",
      "7 policy/unknown-key",
    ],
  );
});

Deno.test("a long value or key is cut in a message", () => {
  const long = "x".repeat(5000);
  for (
    const text of [
      `${MINIMAL}"${long}": 1\n`,
      MINIMAL.replace("version: 1", `version: "${long}"`),
    ]
  ) {
    for (const { message } of parse(text).diagnostics) {
      assert.ok(!message.includes("x".repeat(100)), message.slice(0, 200));
    }
  }
});

Deno.test("a policy of 1,000 rules parses and decides within two seconds", () => {
  const many = Object.fromEntries(
    Array.from({ length: 1000 }, (_, i) => [
      `r${i}`,
      `when: {groups: {any: [g${i}]}, email: {like: "*@d${i}.example.edu"}}, accounts: [{names: [u${i}]}]`,
    ]),
  );
  assertFast(2000, () => {
    const policy = rules(many);
    const claims = { groups: ["g999"], email: "a@d999.example.edu" };
    assert.equal(
      short(ask(policy, { account: "u999", claims })),
      "allow allowed r999",
    );
  }, { tries: 3 });
});
