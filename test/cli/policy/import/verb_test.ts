/**
 * `policy import` carries over all keys of oauth-ssh.conf, and says what it cannot carry over.
 *
 * @module
 */
import assert from "node:assert/strict";
import { evaluate } from "../../../../src/policy/evaluate/evaluate.ts";
import { parsePolicy, usable } from "../../../../src/policy/syntax/parse.ts";
import { cli } from "../../../support/cli.ts";

const CLIENT = "779714b7-d1c1-4678-9128-c3f4b536f2a5";
const GLOBUS = `auth_method globus_auth
client_id ${CLIENT}
client_secret s3cret=
`;

async function imported(text: string, args: readonly string[] = []) {
  const files = { "oauth-ssh.conf": text };
  return await cli(["policy", "import", "oauth-ssh.conf", ...args], { files });
}

async function policyOf(text: string, args: readonly string[] = []) {
  const { code, stdout, stderr } = await imported(text, args);
  assert.equal(code, 0, stderr);
  const parsed = parsePolicy(stdout, { file: "imported.yaml" });
  assert.deepEqual(parsed.diagnostics, []);
  const policy = usable(parsed);
  assert.ok(policy);
  return policy;
}

Deno.test("policy import carries every key of a Globus configuration over", async () => {
  const policy = await policyOf(`# a comment
${GLOBUS}idp_suffix example.edu   # another
map_file /etc/oauth_ssh/globus-acct-map,/etc/oauth_ssh/more
map_file /etc/oauth_ssh/third
permitted_idps example.edu, idp.example.org
permitted_idps\t9e484f7f-0000-0000-0000-000000000000\r
authentication_timeout 90
mfa TRUE
`);
  const [issuer] = policy.issuers;
  assert.equal(issuer?.kind, "globus");
  assert.equal(issuer?.issuer, "https://auth.globus.org");
  assert.deepEqual(issuer?.audiences, [CLIENT]);
  assert.equal(issuer?.client_id, CLIENT);
  const [rule] = policy.rules;
  assert.deepEqual(rule?.assurance, {
    permitted_idps: [
      "example.edu",
      "idp.example.org",
      "9e484f7f-0000-0000-0000-000000000000",
    ],
    mfa: true,
    max_auth_age: 5400,
    same_identity: false,
  });
  const keys = ["identity.username", "identity.id"];
  assert.deepEqual(rule?.accounts, [
    { source: "identity", attribute: "username", strip_suffix: "@example.edu" },
    { source: "map_file", path: "/etc/oauth_ssh/globus-acct-map", keys },
    { source: "map_file", path: "/etc/oauth_ssh/more", keys },
    { source: "map_file", path: "/etc/oauth_ssh/third", keys },
  ]);
});

Deno.test("an imported policy maps as the server documents, map files in place", async () => {
  const policy = await policyOf(
    `${GLOBUS}idp_suffix example.com\nmap_file /etc/map\n`,
  );
  const mapFiles = new Map([[
    "/etc/map",
    "8229a82e-d04c-478b-b2a9-f86219eee3d8  jd\n",
  ]]);
  const subject = {
    issuer: "globus",
    claims: { sub: "1" },
    identities: [
      { id: "1", username: "joe@example.com", email: null, idp: null },
      { id: "2", username: "joe224@foo.com", email: null, idp: null },
      {
        id: "8229a82e-d04c-478b-b2a9-f86219eee3d8",
        username: "x@other.org",
        email: null,
        idp: null,
      },
    ],
    authentications: [],
  };
  const reasons = ["joe", "jd", "joe224", "x", "root"].map((account) => {
    const request = { account, service: "sshd", rhost: null, now: 0, subject };
    return evaluate(policy, request, { mapFiles }).reason;
  });
  assert.deepEqual(reasons, [
    "allowed",
    "allowed",
    "account_not_permitted",
    "account_not_permitted",
    "account_not_permitted",
  ]);
});

Deno.test("policy import carries all SciTokens issuers over, not only the first", async () => {
  const policy = await policyOf(
    "auth_method scitokens\nissuers https://a.example.org https://b.example.org\n",
    ["--fqdn", "ssh.example.edu"],
  );
  assert.deepEqual(
    policy.issuers.map((
      { kind, issuer, audiences },
    ) => [kind, issuer, audiences]),
    [
      ["scitokens", "https://a.example.org", ["ssh.example.edu"]],
      ["scitokens", "https://b.example.org", ["ssh.example.edu"]],
    ],
  );
  assert.deepEqual(policy.rules[0]?.issuers, ["scitokens", "scitokens2"]);
});

Deno.test("policy import takes a Globus environment", async () => {
  const text = `${GLOBUS}idp_suffix example.edu\n`;
  const preview = await policyOf(text, ["--environment", "preview"]);
  const sandbox = await policyOf(text, ["--environment", "sandbox"]);
  assert.equal(preview.issuers[0]?.issuer, "https://auth.preview.globus.org");
  assert.equal(
    sandbox.issuers[0]?.issuer,
    "https://auth.sandbox.globuscs.info",
  );
});

Deno.test("policy import never prints the secret, and says where it belongs", async () => {
  const { stdout, stderr } = await imported(
    `${GLOBUS}idp_suffix example.edu\n`,
  );
  assert.doesNotMatch(stdout + stderr, /s3cret/);
  assert.match(
    stderr,
    /^oauth-ssh\.conf:3: warning: put the secret into "\/etc\/oauth-pam\//m,
  );
});

Deno.test("policy import warns where the client's own scope would be refused", async () => {
  const text = `${GLOBUS}idp_suffix example.edu\n`;
  const warning = /warning: without --fqdn, tokens for this host's own scope/;
  assert.match((await imported(text)).stderr, warning);
  const named = await imported(text, ["--fqdn", "ssh.example.edu"]);
  assert.doesNotMatch(named.stderr, warning);
});

Deno.test("policy import says that a map file must be there", async () => {
  const text = `${GLOBUS}map_file /etc/oauth_ssh/acct-map\n`;
  const { stderr } = await imported(text, ["--fqdn", "ssh.example.edu"]);
  assert.match(
    stderr,
    /info: "\/etc\/oauth_ssh\/acct-map" is used in place: it must exist,/,
  );
});

const ERRORS: readonly [string, string, RegExp][] = [
  [
    "an unknown directive",
    `${GLOBUS}idp_sufix x\n`,
    /:4: error: unknown directive "idp_sufix"/,
  ],
  [
    "a key twice",
    `${GLOBUS}client_id y\n`,
    /:4: error: multiple occurrences of "client_id"/,
  ],
  [
    "no value",
    `${GLOBUS}idp_suffix\n`,
    /:4: error: missing value for "idp_suffix"/,
  ],
  [
    "two values",
    `${GLOBUS}idp_suffix a b\n`,
    /:4: error: too many values for "idp_suffix"/,
  ],
  [
    "a wrong method",
    "auth_method kerberos\n",
    /:1: error: "auth_method" is "kerberos"/,
  ],
  ["no method", "client_id x\n", /:1: error: "auth_method" is missing/],
  ["no mapping", GLOBUS, /:1: error: "idp_suffix" or "map_file" is needed/],
  [
    "mfa no",
    `${GLOBUS}idp_suffix a\nmfa no\n`,
    /:5: error: "mfa" is "no", expected "true" or/,
  ],
  [
    "a timeout in words",
    `${GLOBUS}idp_suffix a\nauthentication_timeout 60m\n`,
    /:5: error: "authentication_timeout" is "60m", expected a number of minutes/,
  ],
  [
    "a negative timeout",
    `${GLOBUS}idp_suffix a\nauthentication_timeout -1\n`,
    /:5: error: "authentication_timeout" is "-1"/,
  ],
  [
    "SciTokens without issuers",
    "auth_method scitokens\n",
    /"issuers" is missing/,
  ],
  [
    "SciTokens without a host",
    "auth_method scitokens\nissuers https://a.example\n",
    /--fqdn/,
  ],
  [
    "an issuer without https",
    "auth_method scitokens\nissuers http://a.example\n",
    /use https/,
  ],
];

for (const [title, text, message] of ERRORS) {
  Deno.test(`policy import refuses ${title} with the line`, async () => {
    const { code, stdout, stderr } = await imported(text);
    assert.deepEqual([code, stdout], [3, ""]);
    assert.match(stderr, message);
  });
}
