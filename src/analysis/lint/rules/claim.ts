/**
 * Claims that are not what the condition takes them for.
 *
 * @module
 */
import { kindRow } from "../../../policy/kinds.ts";
import { describe } from "../../../policy/syntax/shape.ts";
import type { Condition, Rule, Scalar } from "../../../policy/model.ts";
import {
  accountEntries,
  claimName,
  conditionPath,
  type LintContext,
  namedValues,
} from "../context.ts";
import { type ClaimType, type KnownClaim, knownClaim } from "./claim_types.ts";
import { type LintFinding, lintRule } from "../lint_rule.ts";

function* emailUnverified(context: LintContext): Iterable<LintFinding> {
  for (const rule of context.allowRules) {
    if (rule.when.some(isVerified)) continue;
    const place = emailPlace(rule);
    if (place === null) continue;
    const linked = context.issuersOf(rule).every((issuer) =>
      kindRow(issuer).linked
    );
    yield {
      message:
        'the rule trusts an e-mail address that the issuer may not have verified: "email_verified" is not asked for',
      hint: linked
        ? 'use "identity: username", which Globus vouches for'
        : 'add "email_verified: true" to the conditions',
      place,
    };
  }
}

function isVerified(condition: Condition): boolean {
  return claimName(condition.claim) === "email_verified" &&
    (condition.operator === "equals" || condition.operator === "in") &&
    namedValues(condition).every((value) => value === true);
}

function emailPlace(rule: Rule): LintFinding["place"] | null {
  for (const { entry, path } of accountEntries(rule)) {
    if (entry.source === "claim" && claimName(entry.claim) === "email") {
      return { path: [...path, "claim"] };
    }
    if (entry.source === "identity" && entry.attribute === "email") {
      return { path: [...path, "identity"] };
    }
    if (entry.source !== "map" && entry.source !== "map_file") continue;
    const index = entry.keys.findIndex((key) =>
      ["email", "identity.email"].includes(claimName(key))
    );
    if (index >= 0) return { path: [...path, "keys", index] };
  }
  const condition = rule.when.find(({ claim, operator }) =>
    claimName(claim) === "email" && operator !== "none"
  );
  return condition === undefined
    ? null
    : { path: ["rules", rule.id, "when", condition.claim], at: "key" };
}

function* wrongType(context: LintContext): Iterable<LintFinding> {
  for (const rule of context.policy.rules) {
    for (const condition of rule.when) {
      const name = claimName(condition.claim);
      const place = { path: conditionPath(context, rule, condition) };
      if (name === "aud") {
        yield {
          level: "warning",
          confidence: "medium",
          message:
            '"aud" is a string in some tokens and a list in others (RFC 7519 section 4.1.3)',
          hint:
            'the issuer\'s "audiences" compares it in both forms: remove the condition',
          place,
        };
        continue;
      }
      const known = knownClaim(name);
      const problem = known === undefined ? null : mismatch(known, condition);
      if (known === undefined || problem === null) continue;
      yield {
        confidence: known.certain ? "high" : "medium",
        message: `"${name}" is ${ARTICLE[known.type]}${
          known.certain ? ` (${known.by})` : " in most tokens"
        }, but ${problem}: the condition never holds`,
        hint: hintFor(known.type, condition),
        place,
      };
    }
  }
}

const ARTICLE: Readonly<Record<ClaimType, string>> = {
  string: "a string",
  number: "a number",
  boolean: "true or false",
  list: "a list",
  object: "an object",
};

/** What about the condition does not fit, or `null`. */
function mismatch({ type }: KnownClaim, condition: Condition): string | null {
  const { operator } = condition;
  const speaksOfLists = operator === "any" || operator === "all" ||
    operator === "none";
  if (type === "object") return `"${operator}" does not compare objects`;
  if (type === "list") {
    return speaksOfLists ? null : `"${operator}" compares single values`;
  }
  if (speaksOfLists) return `"${operator}" compares lists`;
  if (operator === "like") {
    return type === "string" ? null : '"like" compares strings';
  }
  const wrong = namedValues(condition).filter((value) =>
    typeOf(value) !== type
  );
  return wrong.length === namedValues(condition).length
    ? `${describe(wrong[0])} is ${ARTICLE[typeOf(wrong[0])]}`
    : null;
}

function typeOf(value: Scalar | undefined): ClaimType {
  return typeof value as "string" | "number" | "boolean";
}

function hintFor(type: ClaimType, condition: Condition): string {
  const values = JSON.stringify(namedValues(condition));
  if (type === "object") {
    return `name a member of it with a JSON Pointer: "/${
      claimName(condition.claim)
    }/…"`;
  }
  if (type === "list") {
    return condition.operator === "like"
      ? 'name the values: "any: […]"'
      : `write {any: ${values}}`;
  }
  if (condition.operator === "none") {
    return 'write the exception as a rule with "effect: deny" and "in"';
  }
  if (condition.operator === "any" || condition.operator === "all") {
    return `write {in: ${values}}`;
  }
  return type === "string"
    ? "put the value in quotes"
    : type === "boolean"
    ? "write true or false without quotes"
    : "write the number without quotes";
}

export const CLAIM_RULES = [
  lintRule("claim/email-unverified", {
    level: "error",
    confidence: "medium",
    check: emailUnverified,
    page: {
      summary: "an e-mail address decides without email_verified",
      avoid: `staff:
  accounts: [{claim: email, strip_suffix: "@example.edu"}]`,
      prefer: `staff:
  when: {email_verified: true}
  accounts: [{claim: email, strip_suffix: "@example.edu"}]`,
      why:
        `At many issuers people enter their own address, and the token carries it before anybody checked
that it is theirs. Then "root-like@example.edu" is one form field away. Where an issuer has no such
claim because the site itself hands out addresses, a suppression can say so.`,
    },
  }),
  lintRule("claim/type", {
    level: "error",
    check: wrongType,
    page: {
      summary: "the claim never has the type that the condition compares",
      avoid: `when:
  groups: staff
  email_verified: "true"
  sub: {any: [u1, u2]}`,
      prefer: `when:
  groups: {any: [staff]}
  email_verified: true
  sub: {in: [u1, u2]}`,
      why:
        `Values are compared without conversion: "true" is not true, and a string is not a list of one.
A condition of the wrong type never holds. In an allow rule that locks people out; in a deny rule
it lets them in.`,
    },
  }),
];
