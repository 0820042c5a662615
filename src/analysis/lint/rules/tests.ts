/**
 * Whether the policy has tests that could fail.
 *
 * @module
 */
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
];
