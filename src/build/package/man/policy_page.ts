/**
 * oauth-pam-policy(5): the policy file.
 *
 * @module
 */
import { DEFAULT_CACHE_DIRECTORY } from "../../../policy/places.ts";
import type { Block, ManPage } from "../mdoc.ts";
import { keyBlock, tableBlock } from "./tables.ts";

const EXAMPLE = `
version: 1
issuers:
  campus:
    issuer: https://login.example.edu
    audiences: [ssh]
    # the way in by certificate
    ssh_certificates: { lifetime: 12h }
    # the way in by a code for a browser elsewhere
    device: { client_id: ssh, scopes: [openid, email, groups] }
rules:
  staff:
    description: Staff log in as themselves
    services: [sshd]
    when:
      groups: { any: [staff, faculty] }
      email_verified: true
    accounts:
      - { claim: email, strip_suffix: "@example.edu" }
never:
  root-by-token: { accounts: [root] }
`;

const EXAMPLE_TESTS = `
defaults:
  issuer: campus
  claims:
    sub: u1
    email: alice@example.edu
    email_verified: true
    groups: [staff]
tests:
  - name: a member of staff uses their own account
    account: alice
    expect: { decision: allow, rule: staff }
  - name: nobody else's
    account: bob
    expect: { decision: deny, reason: account_not_permitted }
  - name: an address that nobody verified does not count
    account: alice
    claims: { email_verified: false }
    expect: deny
`;

const TABLE_EXAMPLE = `
tables:
  - name: who gets where
    subjects:
      ann: { email: ann@example.edu, groups: [staff] }
      bob: { email: bob@example.edu, groups: [guests] }
    expect:
      ann: { ann: allow }
      bob: {}
`;

export async function policyPage(
  { program, date }: Pick<ManPage, "program" | "date">,
): Promise<ManPage> {
  const sections: [string, Block[]][] = [
    ["DESCRIPTION", [
      {
        text:
          `A policy says who may vouch for people, and who may log in as whom. It is a YAML file in UTF-8, usually /etc/oauth-pam/policy.yaml, that belongs to root and that nobody else can write to. A policy that cannot be read admits nobody.

Durations are written \`90s\`, \`15m\`, \`8h\` and \`7d\`. Unknown keys, duplicate keys, anchors, aliases, tags and scalars that YAML 1.1 and 1.2 read differently, such as \`no\`, \`0o17\` and \`12:30\`, are errors. Keys with a dot stand in a mapping: \`cache.directory\` is the key \`directory\` below \`cache\`.

Nobody gets in but by an allow rule that matches, where no deny rule matches. \`oauth-pam policy lint\` finds what is wrong with a policy, \`oauth-pam policy test\` runs its tests, \`oauth-pam policy explain\` tells why it decides as it does, and \`oauth-pam policy diff\` what a change of it changes; see oauth-pam(8). After a change of issuers' hosts or of the cache directory run \`oauth-pam apply\`; every other change counts from the next login on.`,
      },
    ]],
    ["TOP LEVEL", [
      { text: "The file begins with `version: 1` and has these keys." },
      await keyBlock("policy keys"),
    ]],
    ["ISSUERS", [
      {
        text:
          "`issuers` maps local names, which rules and logs use, to mappings with these keys. The issuer, the host of its `discovery_url` and its `hosts` are the only ones that a login may talk to. A key belongs to the kinds that are named.",
      },
      await keyBlock("issuer keys", { kinds: "Kinds:" }),
      { heading: "Kinds of tokens" },
      await tableBlock("kinds", {
        says: "its tokens are",
        others: {
          algorithms: "Algorithms unless the policy says others:",
          groups: "Groups are in the claim",
          "must have": "Must have:",
        },
      }),
      { heading: "Device sign-in" },
      {
        text:
          "`device` of an issuer lets people sign in with a browser that may be on another machine, by a code that the prompt shows (RFC 8628).",
      },
      await keyBlock("device keys"),
    ]],
    ["RULES", [
      {
        text:
          "`rules` maps ids, which logs name, to mappings with these keys. Their order does not matter. `policy lint` warns of a rule with `not_after` for 14 days before it ends.",
      },
      await keyBlock("rule keys"),
      { heading: "Conditions" },
      {
        text:
          "`when` maps claims to conditions. A claim is a name, or a JSON Pointer such as `/realm_access/roles`; `groups`, `idp`, `auth_time`, `amr` and `acr` are where the issuer's `claims` says. A claim that is missing satisfies nothing, and nothing is converted. A deny rule of which it cannot be told that it does not match, matches.",
      },
      await tableBlock("conditions", { says: "holds when" }),
      { heading: "Accounts" },
      {
        text:
          "An entry of `accounts` is one of these. What it yields must be an account name as `accounts_pattern` says and equal the account that is asked for, byte for byte.",
      },
      await tableBlock("account entries", {
        says: "yields",
        others: { with: "Goes with:" },
      }),
      { heading: "Assurance" },
      {
        text:
          "`assurance` at the top level holds for every login, and a rule can only add to it. One and the same authentication must meet all of it.",
      },
      await keyBlock("assurance keys"),
    ]],
    ["NEVER", [
      {
        text:
          "What no change of the policy may bring about. Lint and test prove each entry, or show a request that breaks it. `never` maps names to mappings with these keys.",
      },
      await keyBlock("never keys"),
    ]],
    ["TESTS", [
      {
        text:
          "Tests stand below `tests`, in the policy or in the file beside it: `site.test.yaml` beside `site.yaml`. `defaults` beside them holds what all tests share. A login does not look at them. Where no issuer is named, it is that of the claim `iss`, or the only one.",
      },
      await tableBlock("test keys", { says: "meaning" }),
      { heading: "Tables" },
      {
        text:
          "`tables` asks for each account by each of several persons; what is not said is a deny.",
      },
      await tableBlock("table keys", { says: "meaning" }),
    ]],
    ["FILES", [
      {
        list: [
          {
            head: "/etc/oauth-pam/policy.yaml",
            text: "The policy of this host, by convention.",
          },
          {
            head: `${DEFAULT_CACHE_DIRECTORY}`,
            text: "What is kept between logins, and where an audit file lies.",
          },
          {
            head: "/usr/share/doc/oauth-pam/examples/policies/",
            text:
              "Policies to start from, each with its tests, and a README with more examples.",
          },
        ],
      },
    ]],
    ["EXAMPLES", [
      {
        text:
          "Members of staff get in, by certificate and by a code for a browser. This is policy.yaml:",
      },
      { code: EXAMPLE },
      { text: "And this is policy.test.yaml beside it:" },
      { code: EXAMPLE_TESTS },
      { text: "A table says the same for several accounts at once:" },
      { code: TABLE_EXAMPLE },
      {
        text:
          "For editors that know JSON Schema, the schema and the line that names it:",
      },
      {
        code:
          "$ oauth-pam policy schema >schema.json\n# yaml-language-server: $schema=./schema.json",
      },
    ]],
  ];
  return {
    name: "oauth-pam-policy",
    section: 5,
    summary: "who may log in, and as whom",
    program,
    date,
    sections,
    seeAlso: [["oauth-pam-key", 1], ["oauth-pam", 8]],
  };
}
