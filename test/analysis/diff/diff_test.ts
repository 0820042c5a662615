/**
 * What `diffPolicies()` finds, one kind of change at a time.
 *
 * @module
 */

import assert from "node:assert/strict";
import { type Diff, diffPolicies } from "../../../src/analysis/diff/diff.ts";
import type { Policy } from "../../../src/policy/model.ts";
import { policyWith, rules } from "../../support/policies.ts";

/** Each change as a line: account, direction, and what shows it. */
function changes({ changes }: Diff): string[] {
  return changes.map(({ account, verdict, witness, issuer, old, new: next }) =>
    [
      account,
      verdict,
      issuer,
      witness.service,
      witness.rhost ?? "-",
      JSON.stringify(witness.claims),
      `${old.reason} ${old.rule} -> ${next.reason} ${next.rule}`,
    ].join(" ")
  );
}

function verdict(old: Policy, next: Policy): string {
  const { verdict, exhaustive } = diffPolicies(old, next);
  return exhaustive ? verdict : `${verdict}, sampled`;
}

const STAFF = "accounts: [{names: [alice]}], issuers: [campus]";

Deno.test("a value added to a condition is wider, with the claims that show it", () => {
  const old = rules({ staff: `${STAFF}, when: {groups: {any: [staff]}}` });
  const next = rules({
    staff: `${STAFF}, when: {groups: {any: [staff, guest]}}`,
  });
  const diff = diffPolicies(old, next);
  assert.equal(diff.verdict, "wider");
  assert.equal(diff.exhaustive, true);
  assert.deepEqual(changes(diff), [
    'alice wider campus sshd - {"groups":["guest"]} ' +
    "account_not_permitted null -> allowed staff",
  ]);
  assert.deepEqual(diff.changes[0]?.rules, ["staff"]);
  assert.equal(verdict(next, old), "narrower");
});

Deno.test("each account has a verdict of its own, and the whole is their sum", () => {
  const old = rules({
    one: "accounts: [{names: [alice]}]",
    two: "accounts: [{names: [bob]}]",
    three: "accounts: [{names: [carol]}]",
  });
  const next = rules({
    one: "accounts: [{names: [alice]}], when: {level: 2}",
    two: "accounts: [{names: [bob, dave]}]",
    three: "accounts: [{names: [carol]}], description: the same",
  });
  const diff = diffPolicies(old, next);
  assert.equal(diff.verdict, "incomparable");
  assert.deepEqual(
    diff.accounts.map((
      { account, verdict, example },
    ) => [account, verdict, example]),
    [
      ["alice", "narrower", false],
      ["bob", "equivalent", false],
      ["carol", "equivalent", false],
      ["dave", "wider", false],
      ["root", "equivalent", false],
      ["someone", "equivalent", true],
    ],
  );
});

Deno.test("one account can be wider and narrower at once", () => {
  const old = rules({ staff: `${STAFF}, when: {org: {in: [a, b]}}` });
  const next = rules({ staff: `${STAFF}, when: {org: {in: [b, c]}}` });
  const diff = diffPolicies(old, next);
  assert.equal(diff.accounts[0]?.verdict, "incomparable");
  assert.deepEqual(changes(diff), [
    'alice wider campus sshd - {"org":"c"} account_not_permitted null -> allowed staff',
    'alice narrower campus sshd - {"org":"a"} allowed staff -> account_not_permitted null',
  ]);
});

for (
  const [title, old, next, expected] of [
    [
      "a rule split in two is no change",
      { a: `${STAFF}, when: {org: {in: [x, z]}}` },
      { a: `${STAFF}, when: {org: x}`, b: `${STAFF}, when: {org: z}` },
      "equivalent",
    ],
    [
      "a rule that another one covers can go",
      { a: STAFF, b: `${STAFF}, when: {org: x}` },
      { a: STAFF },
      "equivalent",
    ],
    [
      "a rule with another name is no change",
      { a: STAFF },
      { b: STAFF },
      "equivalent",
    ],
    [
      "an allow rule below a deny rule opens nothing",
      { d: "effect: deny" },
      { d: "effect: deny", a: STAFF },
      "equivalent",
    ],
    [
      "two networks for the one that they make up is no change",
      { a: `${STAFF}, rhosts: [10.0.0.0/8]` },
      { a: `${STAFF}, rhosts: [10.0.0.0/9, 10.128.0.0/9]` },
      "equivalent",
    ],
    [
      "a network that leaves out one address is narrower",
      { a: `${STAFF}, rhosts: [10.0.0.0/30]` },
      { a: `${STAFF}, rhosts: [10.0.0.0/31, 10.0.0.2/32]` },
      "narrower",
    ],
    [
      "a glob within a glob is narrower",
      { a: `${STAFF}, when: {email: {like: "*@example.edu"}}` },
      { a: `${STAFF}, when: {email: {like: "*.staff@example.edu"}}` },
      "narrower",
    ],
    [
      "a glob written with two stars is no change",
      { a: `${STAFF}, when: {email: {like: "*@example.edu"}}` },
      { a: `${STAFF}, when: {email: {like: "**@example.edu"}}` },
      "equivalent",
    ],
    [
      '"all" instead of "any" is narrower',
      { a: `${STAFF}, when: {groups: {any: [x, z]}}` },
      { a: `${STAFF}, when: {groups: {all: [x, z]}}` },
      "narrower",
    ],
    [
      "any and all of one value is no change",
      { a: `${STAFF}, when: {groups: {any: [x]}}` },
      { a: `${STAFF}, when: {groups: {all: [x]}}` },
      "equivalent",
    ],
    [
      "a type is a difference",
      { a: `${STAFF}, when: {email_verified: true}` },
      { a: `${STAFF}, when: {email_verified: "true"}` },
      "incomparable",
    ],
    [
      "a service more is wider",
      { a: `${STAFF}, services: [sshd]` },
      { a: `${STAFF}, services: [sshd, sudo]` },
      "wider",
    ],
    [
      "all services instead of some is wider",
      { a: `${STAFF}, services: [sshd, sudo]` },
      { a: STAFF },
      "wider",
    ],
    [
      "a deny rule more is narrower",
      { a: STAFF },
      { a: STAFF, d: "effect: deny, when: {org: x}" },
      "narrower",
    ],
    [
      "an allow rule and a deny rule of the same condition cancel each other",
      { a: `${STAFF}, when: {org: x}` },
      {
        a: `${STAFF}, when: {org: x}`,
        b: `${STAFF}, when: {org: z}`,
        d: "effect: deny, when: {org: z}",
      },
      "equivalent",
    ],
    [
      "several factors are more than one",
      { a: STAFF },
      { a: `${STAFF}, assurance: {mfa: true}` },
      "narrower",
    ],
    [
      "a longer session is wider",
      { a: `${STAFF}, assurance: {max_auth_age: 1h}` },
      { a: `${STAFF}, assurance: {max_auth_age: 61m}` },
      "wider",
    ],
    [
      "an identity provider in place of another is incomparable",
      { a: `${STAFF}, assurance: {permitted_idps: [x]}` },
      { a: `${STAFF}, assurance: {permitted_idps: [z]}` },
      "incomparable",
    ],
    [
      "a map file in place of a map is incomparable",
      { a: "accounts: [{map: {u1: [alice]}, keys: [sub]}]" },
      { a: "accounts: [{map_file: /etc/x.map, keys: [sub]}]" },
      "incomparable",
    ],
    [
      "another map file is incomparable",
      { a: "accounts: [{map_file: /etc/z.map, keys: [sub]}]" },
      { a: "accounts: [{map_file: /etc/x.map, keys: [sub]}]" },
      "incomparable",
    ],
    [
      "a map file with a further key is wider",
      { a: "accounts: [{map_file: /etc/x.map, keys: [sub]}]" },
      { a: "accounts: [{map_file: /etc/x.map, keys: [sub, email]}]" },
      "wider",
    ],
    [
      "the same map file in a condition that holds anyway is no change",
      { a: "accounts: [{map_file: /etc/x.map, keys: [sub]}]" },
      {
        a: "accounts: [{map_file: /etc/x.map, keys: [sub]}], when: {sub: {like: '*'}}",
      },
      "equivalent",
    ],
    [
      "a prefix condition on the claim that names the account is narrower for some accounts",
      { a: 'accounts: [{claim: email, strip_suffix: "@example.edu"}]' },
      {
        a: 'accounts: [{claim: email, strip_suffix: "@example.edu"}], ' +
          'when: {email: {like: "adm-*"}}',
      },
      "narrower",
    ],
  ] as const
) {
  Deno.test(`diffPolicies(): ${title}`, () => {
    assert.equal(verdict(rules(old), rules(next)), expected);
  });
}

Deno.test("accounts that no policy names have an example for each sort", () => {
  const old = rules({
    a: 'accounts: [{claim: email, strip_suffix: "@example.edu"}]',
  });
  const next = rules({
    a: 'accounts: [{claim: email, strip_suffix: "@example.edu"}], ' +
      'when: {email: {like: "adm-*"}}',
  });
  const examples = diffPolicies(old, next).accounts.filter(({ example }) =>
    example
  );
  assert.deepEqual(examples.map(({ account, verdict }) => [account, verdict]), [
    ["someone", "narrower"],
    ["adm-", "equivalent"],
  ]);
});

Deno.test("a claim that is kept elsewhere is found where it is kept", () => {
  const policy = (location: string) =>
    policyWith(`issuers:
  campus:
    issuer: https://login.example.edu
    audiences: [ssh]
    claims: {groups: ${location}}
version: 1
rules: {staff: {when: {groups: {any: [staff]}}, accounts: [{names: [alice]}]}}
`);
  assert.equal(verdict(policy("groups"), policy("/groups")), "equivalent");
  assert.deepEqual(
    changes(diffPolicies(policy("groups"), policy("/realm/roles"))),
    [
      'alice wider campus sshd - {"realm":{"roles":["staff"]}} ' +
      "account_not_permitted null -> allowed staff",
      'alice narrower campus sshd - {"groups":["staff"]} ' +
      "allowed staff -> account_not_permitted null",
    ],
  );
});

Deno.test("what only the host can protect is found with a system account", () => {
  const old = rules({ games: "accounts: [{names: [games]}]" });
  const next = rules({
    games: "accounts: [{names: [games]}], allow_protected: true",
  });
  const diff = diffPolicies(old, next);
  assert.deepEqual(
    diff.changes.map(({ account, verdict, witness, old }) => [
      account,
      verdict,
      witness.host,
      old.reason,
    ]),
    [["games", "wider", { uid: 999, name: "games" }, "account_protected"]],
  );
});

const END = "not_after: 2027-01-14T08:00:00Z";
for (
  const [what, more] of [["of one rule", ""], ["of rules that end", `, ${END}`]]
) {
  Deno.test(`a system account stays in what shows a change ${what}, where only it is refused`, () => {
    const named = "accounts: [{names: [alice]}]";
    const diff = diffPolicies(
      rules({ e: `accounts: [{claim: sub}]${more}`, a: named + more }),
      rules({ e: `${named}, allow_protected: true` }),
    );
    const wider = [...diff.changes, ...diff.causes.map(({ change }) => change)]
      .filter(({ verdict }) => verdict === "wider");
    for (const { old, new: next } of wider) {
      assert.deepEqual([old.decision, next.decision], ["deny", "allow"]);
    }
    assert.ok(
      wider.some(({ old, witness }) =>
        old.reason === "account_protected" && witness.host !== null
      ),
    );
  });
}

Deno.test("protected_accounts are compared by what they keep out", () => {
  const rule = { a: "accounts: [{claim: sub}]" };
  assert.equal(
    verdict(rules(rule), rules(rule, "protected_accounts: [git]")),
    "narrower",
  );
  const named = { a: "accounts: [{names: [alice]}]" };
  assert.equal(
    verdict(rules(named), rules(named, "protected_accounts: [git]")),
    "equivalent",
  );
});

Deno.test("an issuer more is wider only where a rule admits its tokens", () => {
  const issuers = (names: readonly string[]) =>
    `issuers:\n${
      names.map((name) =>
        `  ${name}: {issuer: "https://${name}.example.org", audiences: [ssh]}\n`
      ).join("")
    }version: 1\n`;
  const policy = (names: string[], rule: string) =>
    policyWith(
      `${issuers(names)}rules: {a: {accounts: [{names: [alice]}]${rule}}}\n`,
    );
  assert.equal(verdict(policy(["x"], ""), policy(["x", "z"], "")), "wider");
  assert.equal(
    verdict(
      policy(["x"], ", issuers: [x]"),
      policy(["x", "z"], ", issuers: [x]"),
    ),
    "equivalent",
  );
});

Deno.test("an issuer with another local name is the same issuer", () => {
  const policy = (name: string) =>
    policyWith(`issuers:
  ${name}: {issuer: https://login.example.edu, audiences: [ssh]}
version: 1
rules: {a: {issuers: [${name}], accounts: [{names: [alice]}]}}
`);
  const diff = diffPolicies(policy("campus"), policy("uni"));
  assert.equal(diff.verdict, "equivalent");
  const next = policyWith(`issuers:
  uni: {issuer: https://login.example.edu, audiences: [ssh]}
version: 1
rules: {a: {issuers: [uni], when: {level: 1}, accounts: [{names: [alice]}]}}
`);
  const [change] = diffPolicies(policy("campus"), next).changes;
  assert.deepEqual([change?.issuer, change?.oldIssuer], ["uni", "campus"]);
});

Deno.test("accounts can be chosen", () => {
  const old = rules({ a: "accounts: [{names: [alice, bob]}]" });
  const next = rules({ a: "accounts: [{names: [bob]}]" });
  assert.equal(
    diffPolicies(old, next, { accounts: ["bob"] }).verdict,
    "equivalent",
  );
  assert.equal(
    diffPolicies(old, next, { accounts: ["alice"] }).verdict,
    "narrower",
  );
});

Deno.test("what exceeds the bound is sampled and never called equivalent", () => {
  const old = rules({ a: `${STAFF}, when: {org: {in: [x, z]}}` });
  const next = rules({
    a: `${STAFF}, when: {org: x}`,
    b: `${STAFF}, when: {org: z}`,
  });
  const diff = diffPolicies(old, next, { bound: { total: 1, each: 1 } });
  assert.equal(diff.verdict, "sampled");
  assert.equal(diff.exhaustive, false);
  assert.match(diff.limits.join(), /too many combinations/);
  assert.equal(diff.accounts[0]?.verdict, "sampled");
});

Deno.test("policies that are the same up to order are equivalent whatever the bound", () => {
  const old = rules({
    a: `${STAFF}, when: {groups: {any: [x, z]}, level: 1}`,
    b: "effect: deny, services: [a, b]",
  });
  const next = rules({
    b: "effect: deny, services: [b, a]",
    a: `${STAFF}, when: {level: 1, groups: {any: [z, x]}}`,
  });
  const diff = diffPolicies(old, next, { bound: { total: 0, each: 0 } });
  assert.equal(diff.verdict, "equivalent");
  assert.equal(diff.exhaustive, true);
});

Deno.test("a list that is also read by position is not called exhaustive", () => {
  const old = rules({ a: `${STAFF}, when: {groups: {any: [x]}}` });
  const next = rules({ a: `${STAFF}, when: {/groups/0: x}` });
  assert.equal(diffPolicies(old, next).exhaustive, false);
});

Deno.test("what exceeds the bound is still tried around each rule, and found changes count", () => {
  const old = rules({ a: `${STAFF}, when: {org: x}` });
  const next = rules({ a: `${STAFF}, when: {org: {in: [x, z]}}` });
  const diff = diffPolicies(old, next, { bound: { total: 1, each: 0 } });
  assert.deepEqual([diff.verdict, diff.exhaustive], ["wider", false]);
  assert.equal(diff.changes[0]?.witness.claims["org"], "z");
});

// Whoever writes the change chooses its values: none may be one that the search takes for "any other".
for (const value of ["x", "y", "z", "xx", "0", "someone", "identity-1"]) {
  for (const [claim, other] of [["sub", "email"], ["email", "sub"]]) {
    Deno.test(`diffPolicies(): a rule for "${value}" in ${claim} hides nothing that a map file gives to ${other}`, () => {
      const people = `when: {${other}: {like: "*"}}, ` +
        `accounts: [{map_file: /etc/accounts.map, keys: [${claim}]}]`;
      const old = rules({ people });
      const next = rules({
        people,
        extra: `when: {${claim}: "${value}"}, ` +
          `accounts: [{map_file: /etc/accounts.map, keys: [${other}]}]`,
      });
      assert.equal(verdict(old, next), "wider");
      assert.equal(verdict(next, old), "narrower");
    });
  }
}

Deno.test("a difference of the other direction does not end the search for one of this", () => {
  const old = rules({
    staff: "accounts: [{names: [alice]}]",
    gate: "effect: deny, services: [sshd]",
  });
  // without the group: sshd is opened by the new rule, every other service is closed
  const next = rules({
    staff: "accounts: [{names: [alice]}], when: {groups: {any: [a]}}",
    gate: "accounts: [{names: [alice]}], services: [sshd]",
  });
  assert.equal(verdict(old, next), "incomparable");
  assert.equal(verdict(next, old), "incomparable");
});

/** A policy for accounts of Google. */
function google(rule: string): Policy {
  return policyWith(`version: 1
issuers:
  google:
    issuer: https://accounts.google.com
    audiences: [ssh]
    mfa: {amr_any: [mfa], acr_any: [strong]}
rules:
  staff: {accounts: [{names: [alice]}], ${rule}}
`);
}

Deno.test("a change shows with a token as the provider makes them, where there is one", () => {
  const strict = google("assurance: {mfa: true}");
  const diff = diffPolicies(strict, google("when: {hd: example.edu}"));
  const shown = diff.changes.map(({ verdict, witness, doubts }) => [
    verdict,
    witness.claims,
    doubts,
  ]);
  // "amr" would do as well, and Google does not send it
  assert.deepEqual(shown, [
    ["wider", { hd: "example.edu" }, []],
    ["narrower", { acr: "strong" }, []],
  ]);
});

Deno.test("what a provider never sends proves nothing, and is told", () => {
  const diff = diffPolicies(
    google("when: {hd: example.edu}"),
    google("when: {groups: {any: [staff]}}"),
  );
  assert.equal(diff.verdict, "incomparable");
  assert.deepEqual(
    diff.changes.map(({ verdict, doubts }) => [verdict, doubts]),
    [
      ["wider", ['Google never sends "groups"']],
      ["narrower", []],
    ],
  );
  assert.equal(
    verdict(
      google("when: {groups: {any: [staff]}}"),
      google("when: {groups: {any: [staff, guest]}}"),
    ),
    "wider",
  );
});
