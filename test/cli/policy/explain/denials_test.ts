/**
 * Why people are refused, and what `policy explain` says first about it: the line on top names the
 * condition to mend, whatever other rules there are.
 *
 * @module
 */
import assert from "node:assert/strict";
import { cli } from "../../../support/cli.ts";

const NOW = 1_767_268_800;
const HOUR = 3600;

/** The first rule is the nearest of nothing here, and used to be what people read first. */
const POLICY = `version: 1
issuers:
  campus:
    issuer: https://login.example.edu
    audiences: [ssh]
    mfa: {amr_any: [mfa]}
  lab: {issuer: https://lab.example.org, audiences: [ssh]}
rules:
  office:
    rhosts: [10.1.0.0/16]
    issuers: [campus]
    accounts: [{claim: preferred_username}]
  staff:
    issuers: [campus]
    services: [sshd]
    when: {email_verified: true, groups: {any: [staff, faculty]}}
    assurance: {max_auth_age: 8h}
    accounts: [{claim: email, strip_suffix: "@example.edu"}]
  admins:
    issuers: [campus]
    when: {groups: {any: [admins]}}
    assurance: {mfa: true}
    accounts: [{names: [deploy]}]
  cluster:
    issuers: [campus]
    rhosts: [10.2.0.0/16]
    when: {groups: {any: [hpc]}}
    accounts: [{names: [hpc]}]
  partners:
    issuers: [campus]
    when: {email_verified: true, partner: true}
    accounts: [{map_file: /etc/oauth-pam/partners.map, keys: [email]}]
  release:
    issuers: [campus]
    when: {groups: {all: [developers, release]}}
    accounts: [{names: [release]}]
  remote:
    issuers: [campus]
    when: {level: "3", org: physics}
    assurance: {permitted_idps: ["https://idp.example.edu"]}
    accounts: [{names: [remote]}]
  realm:
    issuers: [campus]
    when: {roles: {any: [operators]}}
    accounts: [{names: [operator]}]
  suspended:
    effect: deny
    when: {suspended: true}
`;

const ALICE = {
  iss: "https://login.example.edu",
  sub: "u1",
  email: "alice@example.edu",
  email_verified: true,
  preferred_username: "alice",
  groups: ["staff"],
  auth_time: NOW - HOUR,
};

interface Denial {
  readonly title: string;
  readonly account?: string;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly args?: readonly string[];
  /** The line on top. */
  readonly says: string;
  /** Otherwise {@link POLICY}. */
  readonly policy?: string;
}

const DENIALS: readonly Denial[] = [
  {
    title: "email_verified is missing",
    claims: { email_verified: undefined },
    says:
      'nearest: rule "staff", one condition short: there is no claim "email_verified", expected true',
  },
  {
    title: "the address is not verified",
    claims: { email_verified: false },
    says:
      'nearest: rule "staff", one condition short: "email_verified" is false, expected true',
  },
  {
    title: "somebody else's account",
    account: "bob",
    says:
      'nearest: rule "staff", one condition short: it gives "alice", not "bob"',
  },
  {
    title: "an account name that is misspelt",
    account: "alise",
    says:
      'nearest: rule "staff", one condition short: it gives "alice", not "alise": "alice" is almost "alise"',
  },
  {
    title: "an account that nobody gives",
    account: "backup",
    says:
      'nearest: rule "staff", one condition short: it gives "alice", not "backup"',
  },
  {
    title: "signed in too long ago",
    claims: { auth_time: NOW - 9 * HOUR },
    says:
      'nearest: rule "staff", one condition short: the user signed in 9 h ago, at most 8 h',
  },
  {
    title: "no auth_time",
    claims: { auth_time: undefined },
    says:
      'nearest: rule "staff", one condition short: the issuer sent no auth_time',
  },
  {
    title: "auth_time as a text",
    claims: { auth_time: `${NOW}` },
    says:
      `nearest: rule "staff", one condition short: "auth_time" is the text "${NOW}", and a number is expected`,
  },
  {
    title: "auth_time in milliseconds",
    claims: { auth_time: NOW * 1000 },
    says:
      'nearest: rule "staff", one condition short: the time of the sign-in lies in the future: "auth_time" is in milliseconds',
  },
  {
    title: "another service",
    args: ["--service", "sudo"],
    says:
      'nearest: rule "staff", one condition short: it is for the service "sshd", not "sudo"',
  },
  {
    title: "suspended",
    claims: { suspended: true },
    says:
      'denied by: rule "suspended": "suspended" is true (otherwise rule "staff" would admit)',
  },
  {
    title: "no remote address where a network is wanted",
    account: "hpc",
    claims: { groups: ["hpc"] },
    says:
      'nearest: rule "cluster", one condition short: there is no remote address, and it is for "10.2.0.0/16"',
  },
  {
    title: "outside of the network",
    account: "hpc",
    claims: { groups: ["hpc"] },
    args: ["--rhost", "192.0.2.7"],
    says:
      'nearest: rule "cluster", one condition short: the remote address "192.0.2.7" is not in "10.2.0.0/16"',
  },
  {
    title: "one factor where several are required",
    account: "deploy",
    claims: { groups: ["admins"], amr: ["pwd"] },
    says:
      'nearest: rule "admins", one condition short: several factors are required, and "amr" shows only ["pwd"], expected "mfa"',
  },
  {
    title: "nothing told of factors",
    account: "deploy",
    claims: { groups: ["admins"] },
    says:
      'nearest: rule "admins", one condition short: several factors are required, and the issuer sent no "amr"',
  },
  {
    title: "an address that is not in the map",
    account: "bob",
    claims: {
      email: "bob@partner.org",
      preferred_username: "bob.brown",
      partner: true,
      groups: [],
    },
    says:
      'nearest: rule "partners", one condition short: "bob@partner.org" is in no map: "/etc/oauth-pam/partners.map" lacks it',
  },
  {
    title: "one of two groups that must both be there",
    account: "release",
    claims: { groups: ["developers"] },
    says:
      'nearest: rule "release", one condition short: "groups" lacks "release"',
  },
  {
    title: "a group with its whole path",
    claims: { groups: ["/staff"] },
    says:
      'nearest: rule "staff", one condition short: "groups" has none of "staff" or "faculty": Keycloak writes full group paths: write "/staff" in the rule, not "staff"',
  },
  {
    title: "a group below another",
    claims: { groups: ["/campus/staff"] },
    says:
      'nearest: rule "staff", one condition short: "groups" has none of "staff" or "faculty": Keycloak writes full group paths: write "/campus/staff" in the rule, not "staff"',
  },
  {
    title: "another issuer",
    claims: { iss: "https://lab.example.org" },
    says:
      'nearest: rule "staff", one condition short: it is for the issuer "campus", not "lab"',
  },
  {
    title: "another case",
    claims: { groups: ["Staff"] },
    says:
      'nearest: rule "staff", one condition short: "groups" has none of "staff" or "faculty": "Staff" differs from "staff" only in case',
  },
  {
    title: "a text for a list",
    claims: { groups: "staff" },
    says:
      'nearest: rule "staff", one condition short: "groups" is the text "staff", and "any" looks into a list: name it under "lists" of the issuer, or use "in" or "like" for a single value',
  },
  {
    title: "a list for a text",
    account: "remote",
    claims: { level: "3", org: ["physics"], idp: "https://idp.example.edu" },
    says:
      'nearest: rule "remote", one condition short: "org" is a list, and "equals" compares a single value: use "any"',
  },
  {
    title: "a number for a text",
    account: "remote",
    claims: { level: 3, org: "physics", idp: "https://idp.example.edu" },
    says:
      'nearest: rule "remote", one condition short: "level" is the value 3, and the rule wants the text "3": nothing is converted',
  },
  {
    title: "an identity provider that is not permitted",
    account: "remote",
    claims: { level: "3", org: "physics", idp: "https://idp.other.org" },
    says:
      'nearest: rule "remote", one condition short: the identity provider ["https://idp.other.org"] is not permitted, only "https://idp.example.edu"',
  },
  {
    title: "a protected account",
    account: "root",
    claims: { preferred_username: "root" },
    args: ["--rhost", "10.1.2.3"],
    says:
      'nearest: rule "office", one condition short: "root" opens only where a rule lists it under "names" and sets "allow_protected: true"',
  },
  {
    title: "a claim under another name",
    claims: { groups: undefined, memberOf: ["staff"] },
    says:
      'nearest: rule "staff", one condition short: there is no claim at "groups", but one at "memberOf"',
  },
  {
    title: "a claim that lies deeper",
    account: "operator",
    claims: { realm_access: { roles: ["operators"] } },
    says:
      'nearest: rule "realm", one condition short: there is no claim at "roles", but one at "/realm_access/roles"',
  },
  {
    title: "two conditions at once",
    account: "remote",
    claims: { level: 3, org: "physics" },
    says:
      'nearest: rule "remote", two conditions short: "level" is the value 3, and the rule wants the text "3": nothing is converted; the issuer sent no identity provider ("idp")',
  },
  {
    title: "an audience that is not looked at, beside what is",
    claims: { aud: "somebody-else", groups: ["students"] },
    says:
      'nearest: rule "staff", one condition short: "groups" has none of "staff" or "faculty"',
  },
  {
    title: "another identity signed in than the one that has the account",
    account: "joe",
    policy: `version: 1
issuers:
  globus:
    kind: globus
    issuer: https://auth.globus.org
    audiences: [779714b7-d1c1-4678-9128-c3f4b536f2a5]
    client_id: 779714b7-d1c1-4678-9128-c3f4b536f2a5
    client_secret_file: /etc/oauth-pam/globus.secret
    fqdns: [ssh.example.edu]
rules:
  office: {rhosts: [10.1.0.0/16], accounts: [{names: [joe]}]}
  linked:
    assurance: {same_identity: true, max_auth_age: 8h}
    accounts: [{identity: username, strip_suffix: "@example.edu"}]
`,
    claims: {
      iss: "https://auth.globus.org",
      sub: "id-foo",
      username: "joe224@foo.org",
      identities: [
        { id: "id-foo", username: "joe224@foo.org", status: "used" },
        { id: "id-edu", username: "joe@example.edu", status: "used" },
      ],
      session_info: {
        authentications: {
          "id-foo": { idp: "foo", auth_time: NOW - HOUR, amr: [] },
        },
      },
    },
    says:
      'nearest: rule "linked", one condition short: nobody signed in as "joe@example.edu", which has "joe", only as "joe224@foo.org"',
  },
  {
    title: "the second of two rules is the nearer one",
    policy: POLICY.split("rules:")[0] + `rules:
  first:
    when: {org: physics, groups: {any: [staff]}}
    accounts: [{claim: preferred_username}]
  second:
    when: {groups: {any: [staff]}, level: "3"}
    accounts: [{claim: preferred_username}]
`,
    claims: { org: "law", groups: ["students"], level: "3" },
    says: 'nearest: rule "second", one condition short: "groups" lacks "staff"',
  },
];

async function explained(
  denial: Omit<Denial, "title" | "says">,
): Promise<string> {
  const { account = "alice", claims, args = [], policy = POLICY } = denial;
  const { code, stdout, stderr } = await cli([
    ...["policy", "explain", "site.yaml", "--account", account],
    ...["--claims", "claims.json", ...args],
  ], {
    files: {
      "site.yaml": policy,
      "claims.json": JSON.stringify({ ...ALICE, ...claims }),
      "/etc/oauth-pam/partners.map": "ann@partner.org ann\n",
    },
    now: NOW * 1000,
  });
  assert.deepEqual([code, stderr], [0, ""]);
  return stdout;
}

for (const denial of DENIALS) {
  Deno.test(`policy explain leads with what is wrong: ${denial.title}`, async () => {
    const text = await explained(denial);
    assert.match(text, /^deny: /);
    const [first] = text.split("\n").filter((line) =>
      /^nearest: |^denied by: |^ *hint: /.test(line)
    );
    assert.equal(first, denial.says);
    // and no hint is about an address that is not what is missing
    assert.equal(
      text.includes("hint: there is no remote address"),
      denial.says.includes("there is no remote address"),
    );
  });
}

Deno.test("policy explain leads with what is wrong in as many denials as people reported", () => {
  assert.ok(DENIALS.length >= 23);
  const titles = new Set(DENIALS.map(({ title }) => title));
  assert.equal(titles.size, DENIALS.length);
});

Deno.test("policy explain has nothing nearest where somebody gets in", async () => {
  const text = await explained({});
  assert.match(text, /^allow: allowed\n/);
  assert.doesNotMatch(text, /^nearest|^denied|nearest first/m);
});

Deno.test("policy explain says the same in JSON, and nothing nearest where somebody gets in", async () => {
  const json = async (claims: Record<string, unknown>) =>
    JSON.parse(await explained({ claims, args: ["--format", "json"] }));
  const refused = await json({
    groups: ["/staff"],
    auth_time: undefined,
    preferred_username: undefined,
  });
  assert.equal(refused.nearest.rule, "staff");
  assert.deepEqual(
    refused.nearest.conditions.map((
      { condition, because, expected, actual }: Record<string, unknown>,
    ) => ({ condition, because, expected, actual })),
    [{
      condition: ["when", "groups", "any"],
      because: "claim_mismatch",
      expected: ["staff", "faculty"],
      actual: ["/staff"],
    }, {
      condition: ["assurance", "max_auth_age"],
      because: "reauthentication_required",
      expected: 8 * HOUR,
      actual: null,
    }],
  );
  assert.deepEqual(
    refused.rules.map(({ id }: { id: string }) => id),
    [...POLICY.matchAll(/^ {2}(\w+):$/gm)].map(([, id]) => id)
      .filter((id) => id !== "campus"),
  );
  assert.equal(refused.hints[0].rule, "staff");
  assert.equal((await json({})).nearest, null);
  // a deny rule alone stands in the way
  assert.equal((await json({ suspended: true })).nearest, null);
  assert.equal(
    (await json({ iss: "https://other.example.org" })).nearest,
    null,
  );
});

Deno.test("policy explain shows the rules in the order of nearness, deny rules that match first", async () => {
  const policy = POLICY.split("rules:")[0] + `rules:
  idle: {effect: deny, when: {idle: true}}
  far: {services: [su], when: {org: x}, accounts: [{names: [alice]}]}
  banned: {effect: deny, when: {banned: true}}
  near: {when: {groups: {all: [staff, night]}}, accounts: [{names: [alice]}]}
  late: {effect: deny, when: {late: true}}
`;
  const text = await explained({
    policy,
    claims: { banned: true, late: true },
  });
  assert.equal(
    text,
    `deny: denied_by_rule
  account "alice", issuer "campus", service "sshd", no remote address, at 2026-01-01T12:00:00Z
denied by: rule "banned": "banned" is true (and by "late")
nearest: rule "near", one condition short: "groups" lacks "night"

the rule that decided:
  banned (deny): matches and denies

other rules, the nearest first:
  late (deny): matches and denies
  near (allow): does not match: when.groups.all: the claim has another value
    expected ["staff","night"]
    actual   ["staff"]
    missing  ["night"]
  far (allow): does not match: services: it is for other services
    expected ["su"]
    actual   "sshd"
  idle (deny): does not match: when.idle.equals: the claim is missing
    expected true
    actual   null
`,
  );
});
