/**
 * Rules that never decide anything.
 *
 * @module
 */
import { instantText } from "../../../policy/instant.ts";
import { plural } from "../../../lib/text.ts";
import type { Policy, Rule } from "../../../policy/model.ts";
import { type LintContext, showsNoFactors } from "../context.ts";
import { type Idle, idleFor } from "../reach/idle.ts";
import { type LintFinding, lintRule } from "../lint_rule.ts";

function* unreachable(context: LintContext): Iterable<LintFinding> {
  for (const idle of idleFor(context, "contradiction")) {
    yield contradictionFinding(idle);
  }
  for (const { rule, why } of idleFor(context, "providers", "protected")) {
    yield why === "providers" ? providerFinding(rule, context.policy) : {
      message: `the rule "${rule.id}" can never grant: ` +
        "all its accounts are protected",
      hint:
        'list them under "names" and set "allow_protected: true", or remove the rule',
      place: { path: ["rules", rule.id, "accounts"], at: "key" },
    };
  }
  for (const { rule, by } of idleFor(context, "proved")) {
    if (rule.effect === "deny" || by.length > 0) continue;
    // what "assurance/mfa-unavailable" says
    const mfa = context.policy.assurance.mfa || rule.assurance.mfa;
    if (mfa && context.issuersOf(rule).every(showsNoFactors)) continue;
    yield {
      message:
        `the rule "${rule.id}" can never grant: no request meets all that it asks for`,
      hint: "correct what excludes the rest, or remove the rule",
      place: { path: ["rules", rule.id], at: "key" },
    };
  }
}

function contradictionFinding(
  { rule, message, claim }: Extract<Idle, { why: "contradiction" }>,
): LintFinding {
  const deny = rule.effect === "deny";
  const subject = claim === null
    ? "what it says about accounts"
    : `the claim "${claim}"`;
  return {
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
  for (const { rule, cover } of idleFor(context, "shadowed")) {
    yield {
      message:
        `the rule "${rule.id}" can never grant: it is shadowed by the deny rule "${cover.id}", which matches whatever it matches`,
      hint: "narrow the deny rule, or remove this one",
      place: { path: ["rules", rule.id], at: "key" },
      related: [relatedRule("the deny rule", cover)],
    };
  }
  for (const { rule, by } of idleFor(context, "proved")) {
    const denies = by.filter(({ effect }) => effect === "deny");
    if (rule.effect === "deny" || by.length === 0) continue;
    if (denies.length < by.length) continue;
    yield {
      message:
        `the rule "${rule.id}" can never grant: whatever it matches, deny rules match: ${
          names(denies)
        }`,
      hint: "narrow the deny rules, or remove this one",
      place: { path: ["rules", rule.id], at: "key" },
      related: denies.map((deny) => relatedRule("the deny rule", deny)),
    };
  }
}

function* redundant(context: LintContext): Iterable<LintFinding> {
  for (const { rule, cover } of idleFor(context, "covered")) {
    const how = rule.effect === "allow"
      ? "grants whatever it grants"
      : "denies whatever it denies";
    yield {
      message:
        `the rule "${rule.id}" is redundant: the rule "${cover.id}" ${how}`,
      hint: "remove it, or make the other rule narrower",
      place: { path: ["rules", rule.id], at: "key" },
      related: [relatedRule("the other rule", cover)],
    };
  }
  for (const { rule, by } of idleFor(context, "proved")) {
    if (!by.some(({ effect }) => effect === rule.effect)) continue;
    yield {
      message:
        `the rule "${rule.id}" is redundant: without it every request is decided the same, by ${
          names(by)
        }`,
      hint: "remove it, or make the other rules narrower",
      place: { path: ["rules", rule.id], at: "key" },
      related: by.map((other) => relatedRule("the rule", other)),
    };
  }
}

/** The first few of many rules. */
function names(rules: readonly Rule[]): string {
  const few = rules.slice(0, 5).map(({ id }) => `"${id}"`);
  return [...few, ...rules.length > few.length ? ["…"] : []].join(", ");
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
        `The conditions contradict each other or the assurance, all accounts are protected ones, or none
of the rule's providers is permitted by the policy. "groups" and "/groups" are one claim, unless the issuer's
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
      avoid: `members:
  when: {groups: {any: [members]}}
  accounts: [{claim: sub}]
guests:
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
covered by one, or by several together, never lets anybody in.`,
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
        `Removing the rule changes no decision: another one, or several together, say the same. Worse,
whoever tightens it later believes to have changed something, while the others still let the same
people in. What several rules do together is looked at in policies of up to 500 rules.`,
    },
  }),
];
