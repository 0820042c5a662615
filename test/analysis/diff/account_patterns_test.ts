/**
 * Policies whose accounts are called differently: what a pattern more or less opens and closes.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { accountsToCompare } from "../../../src/analysis/diff/accounts.ts";
import { placeInName } from "../../../src/analysis/account_words.ts";
import { type Diff, diffPolicies } from "../../../src/analysis/diff/diff.ts";
import { whoReaches } from "../../../src/analysis/who.ts";
import {
  ACCOUNT_PATTERNS,
  type AccountPattern,
  isAccountName,
} from "../../../src/policy/account_name.ts";
import { evaluate } from "../../../src/policy/evaluate/evaluate.ts";
import type { Policy } from "../../../src/policy/model.ts";
import { ask, requestFor, rules } from "../../support/policies.ts";
import { mapFilesOf, requestOf } from "../../../src/analysis/diff/witness.ts";
import { holds } from "../../support/properties.ts";

const EMAIL = "issuers: [campus], accounts: [{claim: email}]";

function policy(pattern: AccountPattern, rule = EMAIL) {
  return rules({ staff: rule }, `accounts_pattern: ${pattern}`);
}

const told = ({ verdict, exhaustive, accounts, settings }: Diff) => [
  verdict,
  exhaustive,
  ...settings.map(({ path, verdict, description }) =>
    `${path} ${verdict}: ${description}`
  ),
  ...accounts.filter(({ verdict }) => verdict !== "equivalent")
    .map(({ account, verdict }) => `${account} ${verdict}`),
];

Deno.test("diff tells that a wider pattern opens accounts, and a narrower one closes them", () => {
  assert.deepEqual(
    told(diffPolicies(policy("posix"), policy("sssd"))),
    [
      "wider",
      true,
      "accounts_pattern wider: from posix to sssd",
      "someone@domain.example wider",
    ],
  );
  assert.deepEqual(
    told(diffPolicies(policy("relaxed"), policy("sssd"))),
    [
      "narrower",
      true,
      "accounts_pattern narrower: from relaxed to sssd",
      "20261231 narrower",
    ],
  );
  assert.deepEqual(
    told(diffPolicies(policy("sssd"), policy("sssd"))),
    ["equivalent", true],
  );
});

Deno.test("diff names the pattern as the cause, and the setting where no account changes", () => {
  const { causes, changes } = diffPolicies(policy("posix"), policy("sssd"));
  assert.deepEqual(
    causes.map(({ cause }) => [cause.direction, cause.rule, cause.path]),
    [["wider", null, ["accounts_pattern"]]],
  );
  assert.deepEqual(
    changes.map(({ old, new: next }) => [old.reason, next.reason]),
    [["request_invalid", "allowed"]],
  );
  const names = "issuers: [campus], accounts: [{names: [deploy]}]";
  const same = diffPolicies(policy("posix", names), policy("sssd", names));
  assert.deepEqual(told(same), [
    "wider",
    true,
    "accounts_pattern wider: from posix to sssd",
  ]);
  assert.deepEqual(same.changes, []);
});

Deno.test("diff finds a change that concerns accounts of a domain alone", () => {
  const cut = (suffix: string) =>
    policy(
      "sssd",
      `issuers: [campus], accounts: [{claim: email, strip_suffix: "${suffix}"}]`,
    );
  const open = diffPolicies(cut("@corp.example"), policy("sssd"));
  assert.equal(open.exhaustive, true);
  const witnesses = open.changes.map(({ account, verdict, witness }) => [
    account,
    verdict,
    witness.claims["email"],
  ]);
  assert.deepEqual(
    witnesses,
    [
      ["someone", "wider", "someone"],
      ["someone", "narrower", "someone@corp.example"],
      [
        "someone@domain.example",
        "wider",
        "someone@domain.example",
      ],
    ].filter(([account]) => account !== "root"),
  );
  const like = (glob: string) =>
    policy(
      "sssd",
      `issuers: [campus], when: {email: {like: "${glob}"}}, accounts: [{claim: email}]`,
    );
  assert.deepEqual(
    told(diffPolicies(like("*@a.example"), like("*@*.example"))),
    [
      "wider",
      true,
      "someone@domain.example wider",
    ],
  );
  assert.deepEqual(told(diffPolicies(like("A\\\\*"), like("B\\\\*"))), [
    "incomparable",
    true,
    "A\\x narrower",
    "B\\x wider",
  ]);
});

Deno.test("whoReaches() tells of accounts of a domain, and of none that no account can be called", () => {
  const accounts = (pattern: AccountPattern, rule = EMAIL) =>
    whoReaches(policy(pattern, rule)).accounts
      .filter(({ ways }) => ways.length > 0).map(({ account }) => account);
  assert.deepEqual(accounts("posix"), ["someone"]);
  assert.deepEqual(accounts("sssd"), ["someone"]);
  const both =
    'issuers: [campus], accounts: [{claim: sub}, {claim: email, strip_suffix: "@a.example"}]';
  assert.deepEqual(accounts("sssd", both), [
    "someone",
    "someone@domain.example",
  ]);
  const full =
    'issuers: [campus], when: {email: {like: "*@a.example"}}, accounts: [{claim: email}]';
  assert.deepEqual(accounts("posix", full), []);
  assert.deepEqual(accounts("sssd", full), ["y@a.example"]);
});

/** What begins names and claims here, and what makes full names of them. */
const PIECES = ["a", "b", "A", "7", "@", "\\", ".", "-", "x", "@a.b", "A\\"];
const textArbitrary = fc.array(fc.constantFrom(...PIECES), {
  minLength: 1,
  maxLength: 5,
}).map((pieces) => pieces.join(""));

Deno.test("placeInName() tells texts apart that do not go on alike, and finds each beginning", () => {
  holds(
    fc.property(
      fc.constantFrom(...ACCOUNT_PATTERNS),
      textArbitrary,
      textArbitrary,
      textArbitrary,
      (pattern, one, other, rest) => {
        const place = placeInName(one, pattern);
        const goesOn = isAccountName(one + rest, pattern);
        if (goesOn) assert.notEqual(place, null, `${one} begins ${one + rest}`);
        if (place === null) return;
        if (place !== placeInName(other, pattern)) return;
        assert.equal(
          isAccountName(other + rest, pattern),
          goesOn,
          `${pattern}: ${one} and ${other} before ${rest}`,
        );
      },
    ),
    { runs: 20_000 },
  );
});

const GLOBS = ["*", "*@a.b", "A*", "*7", "a*", "*.b", "A\\\\*", "*x*"];
const SUFFIXES = [
  "",
  ', strip_suffix: "@a.b"',
  ", strip_suffix: .b",
  ', strip_suffix: "-x@a.b"',
];
const ruleArbitrary = fc.record({
  effect: fc.constantFrom("allow", "deny"),
  when: fc.option(fc.constantFrom(...GLOBS)),
  value: fc.option(textArbitrary),
  sources: fc.array(
    fc.oneof(
      fc.tuple(fc.constantFrom("email", "sub"), fc.constantFrom(...SUFFIXES))
        .map(([claim, suffix]) => `{claim: ${claim}${suffix}}`),
      fc.constantFrom(...SUFFIXES).map((suffix) =>
        `{identity: email${suffix}}`
      ),
      fc.constantFrom("a", "b").map((name) => `{names: [${name}]}`),
    ),
    { minLength: 1, maxLength: 2 },
  ),
}).map(({ effect, when, value, sources }) => {
  const conditions = [
    ...when === null ? [] : [`email: {like: "${when}"}`],
    ...value === null ? [] : [`sub: {equals: ${JSON.stringify(value)}}`],
  ].join(", ");
  return `issuers: [campus], effect: ${effect}, ${
    conditions === "" ? "" : `when: {${conditions}}, `
  }accounts: [${sources.join(", ")}]`;
});
const patternArbitrary = fc.constantFrom(...ACCOUNT_PATTERNS);
const writtenArbitrary = fc.array(ruleArbitrary, {
  minLength: 1,
  maxLength: 3,
});

function policyOf(pattern: AccountPattern, written: readonly string[]) {
  return rules(
    Object.fromEntries(written.map((rule, index) => [`r${index}`, rule])),
    `accounts_pattern: ${pattern}`,
  );
}

const policyArbitrary = fc.tuple(patternArbitrary, writtenArbitrary)
  .map(([pattern, written]) => policyOf(pattern, written));

/** Any two, or two that differ in the pattern or in one rule alone. */
const pairArbitrary = fc.oneof(
  fc.tuple(policyArbitrary, policyArbitrary),
  fc.tuple(patternArbitrary, patternArbitrary, writtenArbitrary)
    .map(([one, other, written]) => [
      policyOf(one, written),
      policyOf(other, written),
    ]),
  fc.tuple(patternArbitrary, writtenArbitrary, ruleArbitrary)
    .map(([pattern, written, rule]) => [
      policyOf(pattern, written),
      policyOf(pattern, [...written.slice(0, -1), rule]),
    ]),
) as fc.Arbitrary<[Policy, Policy]>;

Deno.test("what diff does not find between policies of any patterns, there is not", () => {
  holds(
    fc.property(
      pairArbitrary,
      fc.array(fc.tuple(textArbitrary, textArbitrary, textArbitrary), {
        minLength: 10,
        maxLength: 10,
      }),
      ([old, next], asked) => {
        const diff = diffPolicies(old, next);
        for (const { witness, old: before, new: after } of diff.changes) {
          const decided = [old, next].map((policy) => {
            const issuer = policy.issuers.find(({ name }) => name === "campus");
            if (issuer === undefined) throw new Error("no issuer");
            return evaluate(policy, requestOf({ issuer }, witness), {
              mapFiles: mapFilesOf({ policy, issuer }, witness),
            }).decision;
          });
          assert.deepEqual(decided, [before.decision, after.decision]);
        }
        if (!diff.exhaustive) return;
        // another pattern is a setting, which tells its verdict by itself
        const verdicts = new Set(
          [...diff.changes, ...diff.settings].map(({ verdict }) => verdict),
        );
        for (const [account, email, sub] of asked) {
          for (const account2 of [account, email, sub]) {
            const request = { account: account2, claims: { email, sub } };
            const [before, after] = [old, next].map((policy) =>
              evaluate(policy, requestFor(policy, request)).decision
            );
            if (before === after) continue;
            const verdict = after === "allow" ? "wider" : "narrower";
            assert.ok(
              verdicts.has(verdict),
              `${verdict} for ${JSON.stringify(request)}`,
            );
          }
        }
      },
    ),
    { runs: 1000 },
  );
});

Deno.test("who leaves out no account that is of no sort that it shows", () => {
  holds(
    fc.property(
      policyArbitrary,
      textArbitrary,
      textArbitrary,
      (policy, email, sub) => {
        const who = whoReaches(policy);
        if (who.limits.length > 0) return;
        for (const account of [email, sub, email.slice(0, -4)]) {
          const { decision, rule } = ask(policy, {
            account,
            claims: { email, sub },
          });
          if (decision !== "allow") continue;
          const opened = who.accounts.flatMap(({ ways }) =>
            ways.map((way) => way.rule)
          );
          assert.ok(
            rule !== null && opened.includes(rule),
            `${account}: ${rule}`,
          );
        }
        const { accounts } = accountsToCompare(policy);
        for (const { account } of accounts) {
          if (account === "root") continue;
          assert.ok(
            isAccountName(account, policy.accounts_pattern),
            `${account} is an account`,
          );
        }
      },
    ),
    { runs: 600 },
  );
});
