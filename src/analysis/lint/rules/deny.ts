/**
 * Deny rules that do not keep out whom they are meant for.
 *
 * @module
 */
import type { Condition } from "../../../policy/model.ts";
import { claimName, conditionPath, type LintContext } from "../context.ts";
import { type LintFinding, lintRule } from "../lint_rule.ts";
import { idleFor } from "../reach/idle.ts";
import { meetingOf } from "../reach/meeting.ts";
import { contradictionOf, reachOf } from "../reach/subset.ts";

/** Without these no token gets as far as the rules. */
const ALWAYS_THERE = ["iss", "aud", "exp", "iat", "sub"];

function* absentClaimAdmits(context: LintContext): Iterable<LintFinding> {
  const meeting = meetingOf(context);
  for (const rule of context.policy.rules) {
    if (rule.effect !== "deny") continue;
    // such a rule has to be corrected first of all
    if (contradictionOf(reachOf(rule, context.policy)) !== null) continue;
    const told = new Set<string>();
    const met = rule.when.length === 0 ? [] : meeting.with(rule);
    for (const condition of rule.when) {
      const name = claimName(condition.claim);
      if (ALWAYS_THERE.includes(name) || told.has(name)) continue;
      const open = met.filter(({ asks }) => !asks.has(name));
      const first = open[0]?.rule;
      if (first === undefined) continue;
      told.add(name);
      const others = open.length === 1 ? "" : ` and ${open.length - 1} others`;
      yield {
        message:
          `a token without the claim "${name}" passes this rule: the allow rule ` +
          `"${first.id}"${others} does not ask for it`,
        hint: `write ${safeCondition(condition)} into the allow rule`,
        place: { path: conditionPath(context, rule, condition) },
        related: [{
          message: `the allow rule "${first.id}"`,
          place: { path: ["rules", first.id], at: "key" },
        }],
      };
    }
  }
}

function* absentAddressAdmits(context: LintContext): Iterable<LintFinding> {
  for (const rule of context.policy.rules) {
    if (rule.effect !== "deny" || rule.rhosts === null) continue;
    if (contradictionOf(reachOf(rule, context.policy)) !== null) continue;
    const open = meetingOf(context).with(rule).filter(({ rule: allow }) =>
      allow.rhosts === null
    );
    const first = open[0]?.rule;
    if (first === undefined) continue;
    const others = open.length === 1 ? "" : ` and ${open.length - 1} others`;
    yield {
      message:
        `a login with a host name for its address, or with none, passes this rule: the allow rule ` +
        `"${first.id}"${others} does not ask for networks`,
      hint:
        'write the networks that are meant into the allow rule as "rhosts", and keep "UseDNS no" in sshd_config',
      place: { path: ["rules", rule.id, "rhosts"], at: "key" },
      related: [{
        message: `the allow rule "${first.id}"`,
        place: { path: ["rules", first.id], at: "key" },
      }],
    };
  }
}

function* withoutEffect(context: LintContext): Iterable<LintFinding> {
  for (const idle of idleFor(context, "apart", "proved")) {
    const { rule } = idle;
    // without conditions it says once and for all what must not be
    if (rule.effect !== "deny" || rule.when.length === 0) continue;
    if (context.allowRules.length === 0) continue;
    const others = idle.why === "proved" ? idle.by : [];
    if (others.some(({ effect }) => effect === "deny")) continue;
    const why = idle.why === "apart"
      ? `they are about other ${idle.about.join(" or ")}`
      : "nobody meets what both ask for";
    yield {
      message:
        `the rule "${rule.id}" refuses nobody whom an allow rule admits: ${why}`,
      hint:
        "correct it, or keep it for rules to come and say so in a suppression",
      place: { path: ["rules", rule.id], at: "key" },
    };
  }
}

/** The condition that says the same in an allow rule, where absence refuses. */
function safeCondition(condition: Condition): string {
  const { claim } = condition;
  const values = "values" in condition
    ? condition.values.map((value) => JSON.stringify(value)).join(", ")
    : "";
  switch (condition.operator) {
    case "any":
    case "all":
      return `"${claim}: {none: [${values}]}"`;
    case "equals":
      if (typeof condition.value === "boolean") {
        return `"${claim}: ${!condition.value}"`;
      }
      break;
    case "none":
      return `"${claim}: {any: [${values}]}"`;
  }
  return `a condition on "${claim}" that names what is admitted`;
}

export const DENY_RULES = [
  lintRule("deny/absent-claim-admits", {
    level: "warning",
    check: absentClaimAdmits,
    page: {
      summary: "a token without the claim gets past the deny rule",
      avoid: `staff:
  when: {email_verified: true}
  accounts: [{claim: email, strip_suffix: "@example.edu"}]
leavers:
  effect: deny
  when: {groups: {any: [leavers]}}`,
      prefer: `staff:
  when: {email_verified: true, groups: {none: [leavers]}}
  accounts: [{claim: email, strip_suffix: "@example.edu"}]`,
      why:
        `A condition on a claim that is not there does not hold, and then the deny rule does not match.
Issuers leave claims out: a scope that was not asked for, a mapper that was not set up, more groups
than fit. In an allow rule the missing claim refuses, "none" included. A deny rule only sees what it
cannot judge: a claim of another type, or one that the issuer says is elsewhere ("_claim_names").`,
    },
  }),
  lintRule("deny/absent-address-admits", {
    level: "warning",
    confidence: "low",
    check: absentAddressAdmits,
    page: {
      summary: "a login without an address gets past the deny rule",
      avoid: `staff:
  when: {groups: {any: [staff]}}
  accounts: [{claim: sub}]
not-from-the-lab:
  effect: deny
  rhosts: [192.0.2.0/24]`,
      prefer: `staff:
  rhosts: [10.0.0.0/8]
  when: {groups: {any: [staff]}}
  accounts: [{claim: sub}]`,
      why:
        `PAM_RHOST is absent at the console and in many services, and a host name where sshd looks names
up ("UseDNS yes"). Neither is in any network, so that a rule that denies by networks does not match.
In an allow rule the same refuses.`,
    },
  }),
  lintRule("deny/without-effect", {
    level: "info",
    check: withoutEffect,
    page: {
      summary: "no allow rule admits anybody whom the deny rule would refuse",
      avoid: `staff:
  services: [sshd]
  when: {groups: {any: [staff]}}
  accounts: [{claim: sub}]
no-guests:
  effect: deny
  services: [sudo]
  when: {groups: {any: [guests]}}`,
      prefer: `no-guests:
  effect: deny
  when: {groups: {any: [guests]}}`,
      why:
        `The rule and all allow rules are about different issuers, services, networks, accounts or values,
so that it decides nothing today. That may be a slip in one of them, or foresight: whoever adds an
allow rule tomorrow has it in place. Only what is certain is reported, and nothing of a rule
without conditions, which says that something must never be.`,
    },
  }),
];
