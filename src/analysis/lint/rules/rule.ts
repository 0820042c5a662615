/**
 * Rules that never decide anything.
 *
 * @module
 */
import { instantText } from "../../../policy/instant.ts";
import { plural } from "../../../lib/text.ts";
import type { Policy, Rule } from "../../../policy/model.ts";
import type { LintContext } from "../context.ts";
import { CoverIndex } from "../reach/cover_index.ts";
import { type LintFinding, lintRule } from "../lint_rule.ts";
import {
  contradictionOf,
  grantsWithin,
  matchesWithin,
  noProvider,
  onlyProtected,
  reachOf,
  type RuleReach,
} from "../reach/subset.ts";

interface Reaches {
  readonly allow: readonly RuleReach[];
  readonly deny: readonly RuleReach[];
  readonly never: readonly {
    readonly rule: Rule;
    readonly message: string;
    readonly claim: string | null;
  }[];
}

const prepared = new WeakMap<LintContext, Reaches>();

/** Three checks look at the same preparation. */
function reaches(context: LintContext): Reaches {
  const earlier = prepared.get(context);
  if (earlier !== undefined) return earlier;
  const { policy } = context;
  const never: Reaches["never"][number][] = [];
  const allow: RuleReach[] = [];
  const deny: RuleReach[] = [];
  for (const rule of policy.rules) {
    const reach = reachOf(rule, policy);
    const reason = contradictionOf(reach);
    if (reason !== null) never.push({ rule, ...reason });
    else (rule.effect === "allow" ? allow : deny).push(reach);
  }
  const result = { allow, deny, never };
  prepared.set(context, result);
  return result;
}

function* unreachable(context: LintContext): Iterable<LintFinding> {
  const { never, allow } = reaches(context);
  for (const { rule, message, claim } of never) {
    const deny = rule.effect === "deny";
    const subject = claim === null
      ? "what it says about accounts"
      : `the claim "${claim}"`;
    yield {
      ...(deny ? { level: "error" as const } : {}),
      message: `the rule "${rule.id}" can ${
        deny ? "match only what cannot be judged" : "never match"
      }: ${subject} ${message}`,
      hint: deny
        ? "it keeps nobody out whose claims are of the types that it asks for"
        : "correct the condition, or remove the rule",
      place: claim === null
        ? { path: ["rules", rule.id, "accounts"], at: "key" }
        : { path: ["rules", rule.id, "when", claim], at: "key" },
    };
  }
  for (const reach of allow) {
    const { rule } = reach;
    if (noProvider(reach, context.policy)) {
      yield providerFinding(rule, context.policy);
    }
    if (!onlyProtected(rule, context.policy)) continue;
    yield {
      message: `the rule "${rule.id}" can never grant: ` +
        "all its accounts are protected",
      hint:
        'list them under "names" and set "allow_protected: true", or remove the rule',
      place: { path: ["rules", rule.id, "accounts"], at: "key" },
    };
  }
}

function providerFinding(rule: Rule, policy: Policy): LintFinding {
  const own = rule.assurance.permitted_idps !== null;
  const global = policy.assurance.permitted_idps !== null;
  const place = {
    path: own
      ? ["rules", rule.id, "assurance", "permitted_idps"]
      : ["rules", rule.id, "when", "idp"],
  };
  return {
    message: `the rule "${rule.id}" can never grant: ` +
      (own && global
        ? 'no identity provider is in its "permitted_idps", in the policy\'s and in its conditions'
        : 'none of the "permitted_idps" meets its condition on "idp"'),
    hint: global
      ? "a rule can only narrow the policy's list: add its providers there, or correct them here"
      : "correct the one or the other",
    place,
    ...(global
      ? {
        related: [{
          message: "the policy's own list",
          place: { path: ["assurance", "permitted_idps"] },
        }],
      }
      : {}),
  };
}

function* shadowed(context: LintContext): Iterable<LintFinding> {
  const { allow, deny } = reaches(context);
  const index = new CoverIndex(deny);
  for (const inner of allow) {
    const cover = find(
      index.candidates(inner),
      (outer) => matchesWithin(inner, outer),
    );
    if (cover === undefined) continue;
    yield {
      message:
        `the rule "${inner.rule.id}" can never grant: it is shadowed by the deny rule "${cover.rule.id}", which matches whatever it matches`,
      hint: "narrow the deny rule, or remove this one",
      place: { path: ["rules", inner.rule.id], at: "key" },
      related: [relatedRule("the deny rule", cover.rule)],
    };
  }
}

function* redundant(context: LintContext): Iterable<LintFinding> {
  const { allow, deny } = reaches(context);
  const { assurance } = context.policy;
  yield* covered(
    allow,
    (inner, outer) => grantsWithin(inner, outer, assurance),
    "grants whatever it grants",
  );
  yield* covered(deny, matchesWithin, "denies whatever it denies");
}

function* covered(
  rules: readonly RuleReach[],
  within: (inner: RuleReach, outer: RuleReach) => boolean,
  how: string,
): Iterable<LintFinding> {
  const index = new CoverIndex(rules);
  const order = new Map(rules.map((reach, place) => [reach, place]));
  const place = (reach: RuleReach) => order.get(reach) ?? 0;
  for (const inner of rules) {
    const cover = find(
      index.candidates(inner),
      (outer) =>
        outer !== inner && within(inner, outer) &&
        // of two that say the same, the later one is superfluous
        (place(outer) < place(inner) || !within(outer, inner)),
    );
    if (cover === undefined) continue;
    yield {
      message:
        `the rule "${inner.rule.id}" is redundant: the rule "${cover.rule.id}" ${how}`,
      hint: "remove it, or make the other rule narrower",
      place: { path: ["rules", inner.rule.id], at: "key" },
      related: [relatedRule("the other rule", cover.rule)],
    };
  }
}

function find(
  candidates: Iterable<RuleReach>,
  test: (candidate: RuleReach) => boolean,
): RuleReach | undefined {
  for (const candidate of candidates) if (test(candidate)) return candidate;
  return undefined;
}

function relatedRule(what: string, rule: Rule) {
  return {
    message: `${what} "${rule.id}"`,
    place: { path: ["rules", rule.id], at: "key" as const },
  };
}

const DAY = 86_400;
const SOON = 14 * DAY;

function* ended(context: LintContext): Iterable<LintFinding> {
  for (const { rule, end, left } of ends(context)) {
    if (left > 0) continue;
    const deny = rule.effect === "deny";
    yield {
      message: `the rule "${rule.id}" ended at ${instantText(end)}: it ${
        deny ? "keeps nobody out" : "admits nobody"
      } any more`,
      hint: "remove the rule, or give it a later end",
      place: { path: ["rules", rule.id, "not_after"] },
    };
  }
}

function* endsSoon(context: LintContext): Iterable<LintFinding> {
  for (const { rule, end, left } of ends(context)) {
    if (left <= 0 || left > SOON) continue;
    const days = Math.floor(left / DAY);
    const deny = rule.effect === "deny";
    yield {
      message: `the rule "${rule.id}" ends at ${instantText(end)}, in ${
        days === 0 ? "less than a day" : plural(days, "day")
      }: from then on it ${deny ? "keeps nobody out" : "admits nobody"}`,
      hint: "give it a later end, or let it end",
      place: { path: ["rules", rule.id, "not_after"] },
    };
  }
}

/** The rules that end, with the seconds that are left; none where nobody knows the time. */
function* ends({ policy, facts: { now } }: LintContext): Iterable<
  { readonly rule: Rule; readonly end: number; readonly left: number }
> {
  if (now === undefined) return;
  for (const rule of policy.rules) {
    if (rule.not_after === null) continue;
    yield { rule, end: rule.not_after, left: rule.not_after - now };
  }
}

export const RULE_RULES = [
  lintRule("rule/ended", {
    level: "error",
    check: ended,
    page: {
      summary: "the rule has ended and matches nothing any more",
      avoid: `contractors:
  not_after: 2025-12-31T00:00:00Z   # that was last year
  when: {groups: {any: [contractors]}}
  accounts: [{claim: sub}]`,
      prefer: `contractors:
  not_after: 2027-12-31T00:00:00Z
  when: {groups: {any: [contractors]}}
  accounts: [{claim: sub}]`,
      why:
        `From the instant in "not_after" on a rule does not match. Whoever it admitted is locked out, and
whom a deny rule kept out may get in again. A rule that is over says what does not hold, to everybody
who reads the policy.`,
    },
  }),
  lintRule("rule/ends-soon", {
    level: "warning",
    check: endsSoon,
    page: {
      summary: "the rule ends within 14 days",
      avoid: `contractors:
  not_after: 2026-01-10T00:00:00Z   # next week
  when: {groups: {any: [contractors]}}
  accounts: [{claim: sub}]`,
      prefer: `contractors:
  not_after: 2026-06-30T00:00:00Z
  when: {groups: {any: [contractors]}}
  accounts: [{claim: sub}]`,
      why:
        `From then on the people whom the rule admits are refused, at whatever hour that is; whom a deny
rule keeps out may get in again. There is still time to decide about it.`,
    },
  }),
  lintRule("rule/unreachable", {
    level: "warning",
    check: unreachable,
    page: {
      summary: "no request can ever match the rule, or be granted by it",
      avoid: `staff:
  when: {unit: {equals: physics, in: [maths, history]}}
  accounts: [{claim: sub}]`,
      prefer: `staff:
  when: {unit: {in: [maths, history]}}
  accounts: [{claim: sub}]`,
      why:
        `The conditions contradict each other, all accounts are protected ones, or none of the rule's
providers is permitted by the policy. "groups" and "/groups" are one claim, unless the issuer's
"claims" say otherwise, so that conditions on both can contradict each other. An allow rule like
that is dead text; a deny rule like that keeps nobody out, so that there it is an error. What cannot be
decided is not reported.`,
    },
  }),
  lintRule("rule/shadowed", {
    level: "warning",
    check: shadowed,
    page: {
      summary: "a deny rule matches everything that the allow rule matches",
      avoid: `guests:
  when: {groups: {all: [guests, staff]}}
  accounts: [{claim: sub}]
no-guests:
  effect: deny
  when: {groups: {any: [guests]}}`,
      prefer: `no-guests:
  effect: deny
  when: {groups: {any: [guests], none: [staff]}}`,
      why:
        `Any matching deny rule wins, in whatever order the rules stand. An allow rule that is wholly
covered by one never lets anybody in.`,
    },
  }),
  lintRule("rule/redundant", {
    level: "warning",
    check: redundant,
    page: {
      summary: "another rule already grants, or denies, the same and more",
      avoid: `staff:
  when: {groups: {any: [staff, faculty]}}
  accounts: [{claim: sub}]
faculty:
  when: {groups: {any: [faculty]}}
  accounts: [{claim: sub}]`,
      prefer: `staff:
  when: {groups: {any: [staff, faculty]}}
  accounts: [{claim: sub}]`,
      why:
        `Removing the rule changes no decision. Worse, whoever tightens it later believes to have changed
something, while the wider rule still lets the same people in.`,
    },
  }),
];
