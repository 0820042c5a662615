/**
 * `policy import --from opkssh`: nobody gets in whom opkssh refuses, and where somebody does not whom
 * it admits, that is said.
 *
 * @module
 */
import assert from "node:assert/strict";
import { lintPolicy } from "../../../../src/analysis/lint/lint.ts";
import type { Claims } from "../../../../src/policy/claims.ts";
import { evaluate } from "../../../../src/policy/evaluate/evaluate.ts";
import { subjectFromClaims } from "../../../../src/policy/evaluate/subject.ts";
import type { Policy } from "../../../../src/policy/model.ts";
import { parsePolicy, usable } from "../../../../src/policy/syntax/parse.ts";
import { cli } from "../../../support/cli.ts";

const CAMPUS = "https://login.example.edu";
const GOOGLE = "https://accounts.google.com";
const ACTIONS = "https://token.actions.githubusercontent.com";

const PROVIDERS = `# Issuer Client-ID expiration-policy
${CAMPUS} opkssh 24h
${GOOGLE} 12345.apps.example oidc_refreshed   # a comment
${ACTIONS} github oidc
`;

const AUTH_ID = `# Principal Email-or-sub-or-claim Issuer
alice Alice@Example.EDU ${CAMPUS}
deploy alice@example.edu ${CAMPUS}
root root-admin@example.edu ${CAMPUS}
bob 248289761001 ${CAMPUS}
deploy oidc:groups:deployers ${CAMPUS}
web oidc:"https://example.edu/roles":"web masters" ${CAMPUS}
guest oidc-match-end:email:@example.edu ${CAMPUS}
carol carol@example.org ${GOOGLE}
dave dave@gmail.com ${GOOGLE}
ci repo:acme/app:ref:refs/heads/main ${ACTIONS}
ci repo:acme/*:ref:refs/heads/main ${ACTIONS}
eve eve@example.edu https://elsewhere.example.edu
`;

const CONFIG = `deny_emails: [Mallory@example.edu]
deny_users: [backup]
env_vars: {OPKSSH_LOG: debug}
`;

async function imported(
  files: { providers?: string; auth_id?: string; config?: string | null } = {},
) {
  const { providers = PROVIDERS, auth_id = AUTH_ID, config = CONFIG } = files;
  return await cli([
    "policy",
    "import",
    "--from",
    "opkssh",
    "providers",
    "auth_id",
    ...config === null ? [] : ["config.yml"],
  ], {
    files: {
      providers,
      auth_id,
      ...config === null ? {} : { "config.yml": config },
    },
  });
}

async function policyOf(...files: Parameters<typeof imported>) {
  const { code, stdout, stderr } = await imported(...files);
  assert.equal(code, 0, stderr);
  const parsed = parsePolicy(stdout, { file: "imported.yaml" });
  assert.deepEqual(parsed.diagnostics, []);
  const errors = lintPolicy(parsed).filter(({ level }) => level === "error");
  assert.deepEqual(errors, []);
  const policy = usable(parsed);
  assert.ok(policy);
  return { policy, stderr, text: stdout };
}

function decide(
  policy: Policy,
  { issuer: url, account, claims }: {
    issuer: string;
    account: string;
    claims: Claims;
  },
): string {
  const issuer = policy.issuers.find((one) => one.issuer === url);
  if (issuer === undefined) return "deny";
  return evaluate(policy, {
    account,
    service: "sshd",
    rhost: null,
    now: 1_767_268_800,
    subject: subjectFromClaims(issuer, claims),
  }).decision;
}

/** What is said where the policy refuses whom opkssh admits. */
const DIFFERENCES = {
  unverified: /an address counts only where the token has "email_verified"/,
  capitals: /an address is compared in lower case/,
  "address as sub": /with nothing but the claim email/,
  "private account": /at Google an address counts only for an account of its/,
  wildcard: /"repo:acme\/\*:ref:refs\/heads\/main" is not carried over/,
  "capitals of a denied one":
    /addresses with one of these capitals are refused/,
} as const;

const VERIFIED = { email_verified: true };
const alice = { sub: "1", email: "alice@example.edu", ...VERIFIED };
const job = { sub: "repo:acme/app:ref:refs/heads/main" };

type Login = readonly [
  what: string,
  issuer: string,
  account: string,
  claims: Claims,
  opkssh: "allow" | "deny",
  difference?: keyof typeof DIFFERENCES,
];

const LOGINS: readonly Login[] = [
  ["an address", CAMPUS, "alice", alice, "allow"],
  ["a second account of it", CAMPUS, "deploy", alice, "allow"],
  ["somebody else's account", CAMPUS, "bob", alice, "deny"],
  [
    "an address that is not verified",
    CAMPUS,
    "alice",
    { ...alice, email_verified: false },
    "allow",
    "unverified",
  ],
  [
    "an address of which nothing is said",
    CAMPUS,
    "deploy",
    { sub: "1", email: "alice@example.edu" },
    "allow",
    "unverified",
  ],
  [
    "an address with capitals",
    CAMPUS,
    "alice",
    { ...alice, email: "Alice@example.edu" },
    "allow",
    "capitals",
  ],
  [
    "an address that is the subject",
    CAMPUS,
    "deploy",
    { sub: "alice@example.edu" },
    "allow",
    "address as sub",
  ],
  ["the same person elsewhere", GOOGLE, "alice", alice, "deny"],
  [
    "root by an address",
    CAMPUS,
    "root",
    { sub: "9", email: "root-admin@example.edu", ...VERIFIED },
    "allow",
  ],
  ["root by another one", CAMPUS, "root", alice, "deny"],
  ["a subject", CAMPUS, "bob", { sub: "248289761001" }, "allow"],
  [
    "a group in a list",
    CAMPUS,
    "deploy",
    { sub: "2", groups: ["staff", "deployers"] },
    "allow",
  ],
  [
    "a group that is all there is",
    CAMPUS,
    "deploy",
    { sub: "2", groups: "deployers" },
    "allow",
  ],
  ["another group", CAMPUS, "deploy", { sub: "2", groups: ["staff"] }, "deny"],
  [
    "a claim whose name is a URL",
    CAMPUS,
    "web",
    { sub: "3", "https://example.edu/roles": ["web masters"] },
    "allow",
  ],
  [
    "the end of an address",
    CAMPUS,
    "guest",
    { sub: "4", email: "zoe@example.edu", ...VERIFIED },
    "allow",
  ],
  [
    "an address that ends otherwise",
    CAMPUS,
    "guest",
    { sub: "4", email: "zoe@example.edu.example.org", ...VERIFIED },
    "deny",
  ],
  [
    "an organisation's account at Google",
    GOOGLE,
    "carol",
    { sub: "5", email: "carol@example.org", hd: "example.org", ...VERIFIED },
    "allow",
  ],
  [
    "a private account at Google with the same address",
    GOOGLE,
    "carol",
    { sub: "6", email: "carol@example.org", ...VERIFIED },
    "allow",
    "private account",
  ],
  [
    "an address at gmail.com",
    GOOGLE,
    "dave",
    { sub: "7", email: "dave@gmail.com", ...VERIFIED },
    "allow",
  ],
  ["a job", ACTIONS, "ci", job, "allow"],
  [
    "a job that only a wildcard names",
    ACTIONS,
    "ci",
    { sub: "repo:acme/web:ref:refs/heads/main" },
    "allow",
    "wildcard",
  ],
  [
    "somebody who is denied",
    CAMPUS,
    "deploy",
    { sub: "8", email: "mallory@example.edu", groups: ["deployers"] },
    "deny",
  ],
  [
    "somebody who is denied, with other capitals",
    CAMPUS,
    "deploy",
    { sub: "8", email: "mAllory@example.edu", groups: ["deployers"] },
    "deny",
  ],
  [
    "somebody with capitals who is not",
    CAMPUS,
    "deploy",
    { sub: "8", email: "Olaf@example.edu", groups: ["deployers"] },
    "allow",
    "capitals of a denied one",
  ],
  [
    "an account that nobody may use",
    CAMPUS,
    "backup",
    { sub: "248289761001" },
    "deny",
  ],
  [
    "an issuer that is not a provider",
    "https://elsewhere.example.edu",
    "eve",
    { sub: "9", email: "eve@example.edu", ...VERIFIED },
    "deny",
  ],
];

Deno.test("an imported policy decides as opkssh does, or admits less and says so", async () => {
  const { policy, stderr } = await policyOf();
  assert.ok(LOGINS.length >= 20);
  for (const [what, issuer, account, claims, opkssh, difference] of LOGINS) {
    const decision = decide(policy, { issuer, account, claims });
    assert.equal(decision, difference === undefined ? opkssh : "deny", what);
    if (difference === undefined) continue;
    assert.equal(opkssh, "allow", `${what}: a policy may only be stricter`);
    assert.match(stderr, DIFFERENCES[difference], what);
  }
});

Deno.test("an imported policy takes certificates as the providers are used", async () => {
  const { policy } = await policyOf();
  assert.deepEqual(
    policy.issuers.map((issuer) => [
      issuer.issuer,
      issuer.audiences,
      "ssh_certificates" in issuer ? issuer.ssh_certificates : null,
    ]),
    [
      [CAMPUS, ["opkssh"], {
        commitment: "nonce",
        lifetime: 86_400,
        refreshed: false,
      }],
      [GOOGLE, ["12345.apps.example"], {
        commitment: "nonce",
        lifetime: null,
        refreshed: true,
      }],
      [ACTIONS, ["github"], {
        commitment: "aud",
        lifetime: null,
        refreshed: false,
      }],
    ],
  );
  assert.ok(
    policy.rules.every(({ effect, services }) =>
      effect === "deny" || services?.join() === "sshd"
    ),
  );
});

for (
  const [expires, lifetime, refreshed] of [
    ["12h", 12 * 3600, false],
    ["24h", 86_400, false],
    ["48h", 2 * 86_400, false],
    ["1week", 7 * 86_400, false],
    ["never", 7 * 86_400, false],
    ["oidc", null, false],
    ["oidc-refreshed", null, true],
    ["oidc_refreshed", null, true],
  ] as const
) {
  Deno.test(`policy import reads the expiration ${expires} of opkssh`, async () => {
    const { policy, stderr } = await policyOf({
      providers: `${CAMPUS} opkssh ${expires}\n`,
      auth_id: `bob 1 ${CAMPUS}\n`,
      config: null,
    });
    const [issuer] = policy.issuers;
    assert.ok(issuer?.kind === "jwt");
    assert.deepEqual(issuer.ssh_certificates, {
      commitment: "nonce",
      lifetime,
      refreshed,
    });
    assert.equal(/"never" becomes 7d/.test(stderr), expires === "never");
  });
}

Deno.test("policy import takes the shortest of an issuer's expirations", async () => {
  const { policy, stderr } = await policyOf({
    providers:
      `${CAMPUS} one 24h\n${CAMPUS} two 12h\n${CAMPUS} three oidc-refreshed\n`,
    auth_id: `bob 1 ${CAMPUS}\n`,
    config: null,
  });
  const [issuer, ...others] = policy.issuers;
  assert.ok(issuer?.kind === "jwt");
  assert.deepEqual(others, []);
  assert.deepEqual(issuer.audiences, ["one", "two", "three"]);
  assert.equal(issuer.max_token_age, 12 * 3600);
  assert.deepEqual(issuer.ssh_certificates, {
    commitment: "nonce",
    lifetime: null,
    refreshed: false,
  });
  assert.match(stderr, /providers:2: warning: .* several expirations/);
});

Deno.test("policy import says line by line what it leaves out and what it changes", async () => {
  const { stderr, text } = await policyOf();
  for (
    const said of [
      /^auth_id:4: warning: "root" is opened by "allow_protected"/m,
      /^auth_id:12: warning: "repo:acme\/\*/m,
      /^auth_id:13: warning: the issuer "https:\/\/elsewhere\.example\.edu" is not among the providers/m,
      /^auth_id:1: warning: .*~\/\.opk\/auth_id/m,
      /^config\.yml:3: warning: "env_vars" is not carried over/m,
      /^auth_id:10: warning: Google vouches for every Google account/m,
    ]
  ) assert.match(stderr, said);
  assert.match(
    text,
    /\n {2}dave-gmail\.com:\n {4}# oauth-pam: ignore\[grant\/multi-tenant-issuer\] carried over from opkssh.*\n {4}issuers: /,
  );
});

Deno.test("policy import makes root a rule of its own", async () => {
  const { policy } = await policyOf({
    providers: `${CAMPUS} opkssh 12h\n`,
    auth_id: `root 1 ${CAMPUS}\npostgres 1 ${CAMPUS}\n`,
    config: null,
  });
  assert.deepEqual(
    policy.rules.map(({ accounts, allow_protected }) => [
      accounts,
      allow_protected,
    ]),
    [
      [[{ source: "names", names: ["postgres"] }], false],
      [[{ source: "names", names: ["root"] }], true],
    ],
  );
});

Deno.test("policy import asks what an Entra token says of an address", async () => {
  const issuer = "https://login.microsoftonline.com/TENANT/v2.0".replace(
    "TENANT",
    "11111111-2222-3333-4444-555555555555",
  );
  const { policy } = await policyOf({
    providers: `${issuer} opkssh 24h\n`,
    auth_id: `alice alice@example.edu ${issuer}\n`,
    config: null,
  });
  assert.deepEqual(policy.rules[0]?.when.map(({ claim }) => claim), [
    "email",
    "xms_edov",
  ]);
});

for (
  const [what, files, said] of [
    ["an unknown expiration", {
      providers: `${CAMPUS} opkssh 3h\n`,
    }, /^providers:1: error: the expiration is "3h", expected one of "12h"/m],
    [
      "a line of two words",
      {
        providers: `${CAMPUS} opkssh\n`,
      },
      /^providers:1: error: expected "ISSUER CLIENT_ID EXPIRATION", found 2 words/m,
    ],
    ["an issuer without https", {
      providers: "http://login.example.edu opkssh 12h\n",
    }, /is not an https URL/],
    [
      "no provider",
      { providers: "# none\n" },
      /there is no provider, so that nobody gets in/,
    ],
    [
      "nobody who gets in",
      { auth_id: "# none\n" },
      /no line is left that admits anybody/,
    ],
    [
      "a deny list that is not one",
      { config: "deny_emails: mallory@example.edu\n" },
      /^config\.yml:1: error: "deny_emails" is not a list of names/m,
    ],
    [
      "a configuration that is not YAML",
      { config: "deny_emails: [" },
      /^config\.yml:1: error: the file is not plain YAML/m,
    ],
  ] as const
) {
  Deno.test(`policy import --from opkssh makes no policy of ${what}`, async () => {
    const { code, stdout, stderr } = await imported(files);
    assert.deepEqual([code, stdout], [3, ""]);
    assert.match(stderr, said);
  });
}

Deno.test("policy import --from opkssh names what is missing on its command line", async () => {
  const run = (...args: string[]) => cli(["policy", "import", ...args]);
  for (
    const args of [
      ["--from", "opkssh", "providers"],
      ["--from", "opkssh", "a", "b", "c", "d"],
      ["--from", "opkssh", "-", "-"],
      ["--from", "openssh", "a", "b"],
      ["--from", "opkssh", "a", "b", "--fqdn", "x"],
    ]
  ) assert.equal((await run(...args)).code, 2, args.join(" "));
  assert.equal((await run("--from", "opkssh", "a", "b")).code, 3);
});
