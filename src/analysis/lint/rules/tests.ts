/**
 * Whether the policy has tests that could fail.
 *
 * @module
 */
import { isObject } from "../../../lib/json.ts";
import { readClaim } from "../../../policy/claims.ts";
import { mentionedLocations } from "../../../policy/evaluate/claims_used.ts";
import type { LintContext } from "../context.ts";
import { type LintFinding, lintRule } from "../lint_rule.ts";

/** `null` when there are some that cannot be read. */
function allTests(context: LintContext): readonly unknown[] | null {
  return context.facts.sidecarTests === null ? null : [
    ...(context.source.document.tests ?? []),
    ...(context.source.document.tables ?? []),
    ...(context.facts.sidecarTests ?? []),
  ];
}

function* none(context: LintContext): Iterable<LintFinding> {
  if (allTests(context)?.length !== 0) return;
  yield {
    message: "the policy has no tests",
    hint:
      'write some under "tests", or keep what "policy explain --save-test" shows',
    place: { path: ["version"], at: "key" },
  };
}

function* noDeny(context: LintContext): Iterable<LintFinding> {
  const tests = allTests(context);
  if (tests === null || tests.length === 0 || tests.some(expectsDeny)) return;
  const own = context.source.document.tests !== undefined;
  yield {
    message: "no test expects a deny: a policy that lets everybody in passes",
    hint: "add the near misses: another group, no second factor, root",
    place: { path: [own ? "tests" : "version"], at: "key" },
  };
}

function* vacuous(context: LintContext): Iterable<LintFinding> {
  const denies = allTests(context)?.filter(expectsDeny) ?? [];
  if (denies.length === 0) return;
  const { policy } = context;
  const locations = new Set(
    policy.issuers.flatMap((issuer) => mentionedLocations(policy, issuer)),
  );
  if (locations.size === 0) return;
  const defaults = context.source.document.defaults;
  const own = context.source.document.tests;
  const here = new Set<unknown>(own ?? []);
  const shows = (test: unknown, of: unknown) => {
    const claims = {
      ...record(member(of, "claims")),
      ...record(member(test, "claims")),
    };
    // the subjects of a table are shown with all accounts, also with those that open
    return expectsMore(test) || member(test, "identities") !== undefined ||
      member(test, "subjects") !== undefined ||
      [...locations].some((location) =>
        (readClaim(claims, location) ?? null) !== null
      );
  };
  const told = denies.some((test) =>
    shows(test, here.has(test) ? defaults : undefined)
  );
  if (told) return;
  yield {
    message:
      "no test that expects a deny has a claim that the policy asks for: it would be refused whatever the conditions say",
    hint:
      "give it all that the rule asks for but one thing, such as another group",
    place: { path: [own === undefined ? "version" : "tests"], at: "key" },
  };
}

/** Whether it also says why: a refusal for lack of anything has one reason and no rule. */
function expectsMore(test: unknown): boolean {
  const expect = member(test, "expect");
  const reason = member(expect, "reason");
  return typeof member(expect, "rule") === "string" ||
    (typeof reason === "string" && reason !== "account_not_permitted");
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return isObject(value) ? value : {};
}

/** `expect: deny`, or a mapping that says so or names a reason that only a deny has. */
function expectsDeny(test: unknown): boolean {
  const expect = member(test, "expect");
  if (member(test, "subjects") !== undefined) return tableDenies(test);
  if (expect === "deny") return true;
  const decision = member(expect, "decision");
  const reason = member(expect, "reason");
  return decision === "deny" ||
    (decision === undefined && typeof reason === "string" &&
      reason !== "allowed");
}

/** In some row of the table, somebody is not allowed. */
function tableDenies(table: unknown): boolean {
  const subjects = Object.keys(Object(member(table, "subjects")));
  const groups = member(table, "groups");
  return Object.values(Object(member(table, "expect"))).some((row) => {
    const allowed = Object.keys(Object(row)).filter((name) =>
      member(row, name) === "allow"
    );
    const names = allowed.flatMap((name) => member(groups, name) ?? name);
    return subjects.some((subject) =>
      member(row, subject) === "deny" || !names.includes(subject)
    );
  });
}

function member(value: unknown, key: string): unknown {
  return value !== null && typeof value === "object" &&
      Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined;
}

export const TEST_RULES = [
  lintRule("test/none", {
    level: "warning",
    check: none,
    page: {
      summary: "neither the policy nor a file beside it has tests",
      avoid: `rules: {…}`,
      prefer: `rules: {…}
tests:
  - {name: staff get in, account: alice, claims: {…, groups: [staff]}, expect: allow}
  - {name: guests do not, account: alice, claims: {…, groups: [guests]}, expect: deny}`,
      why:
        `Tests say what the policy is for, and the next change is checked against them. They may also stand
in "site.test.yaml" beside "site.yaml", so that no real addresses are installed on hosts.`,
    },
  }),
  lintRule("test/no-deny", {
    level: "warning",
    check: noDeny,
    page: {
      summary: "no test expects a deny",
      avoid: `tests:
  - {name: staff get in, …, expect: allow}`,
      prefer: `tests:
  - {name: staff get in, …, expect: allow}
  - {name: staff do not get root, account: root, …, expect: deny}`,
      why:
        `Tests that only expect to get in also pass when everybody does. What a login gate is for shows in
its refusals; "policy test" fails such a suite.`,
    },
  }),
  lintRule("test/vacuous", {
    level: "warning",
    confidence: "medium",
    check: vacuous,
    page: {
      summary: "the tests that expect a deny show nobody",
      avoid: `tests:
  - {name: staff get in, account: alice, claims: {sub: alice, groups: [staff]}, expect: allow}
  - {name: others do not, account: alice, claims: {}, expect: deny}`,
      prefer: `tests:
  - {name: staff get in, account: alice, claims: {sub: alice, groups: [staff]}, expect: allow}
  - {name: others do not, account: alice, claims: {sub: alice, groups: [guests]}, expect: deny}`,
      why:
        `A token without any claim is refused by every policy that asks for one, so that such a test also
passes when all conditions but one are taken away. A near miss has everything but one thing;
"policy test --mutate" says which conditions no test notices.`,
    },
  }),
];
