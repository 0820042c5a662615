/**
 * Claims that are not what the condition takes them for.
 *
 * @module
 */
import { kindRow } from "../../../policy/kinds.ts";
import { listOf } from "../../../lib/text.ts";
import { describe } from "../../../policy/syntax/shape.ts";
import type { Condition, Issuer, Rule, Scalar } from "../../../policy/model.ts";
import {
  accountEntries,
  claimName,
  conditionPath,
  type LintContext,
  namedValues,
} from "../context.ts";
import { type ClaimType, type KnownClaim, knownClaim } from "./claim_types.ts";
import { providerOf } from "../../providers.ts";
import { type LintFinding, lintRule } from "../lint_rule.ts";

function* emailUnverified(context: LintContext): Iterable<LintFinding> {
  for (const rule of context.allowRules) {
    const issuers = context.issuersOf(rule);
    const claims = new Set(issuers.map(verifiedClaim));
    // each issuer's own claim, as far as one rule can ask for several
    if ([...claims].every((claim) => rule.when.some(isTrue(claim)))) continue;
    if (rule.when.some(isTrue("email_verified"))) continue;
    const place = emailPlace(rule);
    if (place === null) continue;
    const linked = issuers.every((issuer) => kindRow(issuer).linked);
    const other = claims.size === 1 ? [...claims][0] : undefined;
    const claim = other ?? "email_verified";
    yield {
      message:
        `the rule trusts an e-mail address that the issuer may not have verified: "${claim}" is not asked for`,
      hint: linked
        ? 'use "identity: username", which Globus vouches for'
        : `add "${claim}: true" to the conditions, if the issuer sends it; if it never does, and the site ` +
          "itself hands out the addresses: # oauth-pam: ignore[claim/email-unverified] because …",
      place,
    };
  }
}

function verifiedClaim({ issuer }: Issuer): string {
  return providerOf(issuer)?.verified ?? "email_verified";
}

/** Some issuers send the word in place of the value, and a rule may take both. */
function isTrue(claim: string): (condition: Condition) => boolean {
  return (condition) => {
    const values = namedValues(condition);
    return claimName(condition.claim) === claim &&
      (condition.operator === "equals" || condition.operator === "in") &&
      (claim !== "email_verified" || values.includes(true)) &&
      values.every((value) => [true, "true", 1, "1"].includes(value));
  };
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
      const known = knownClaim(name) ?? textOf(context.issuersOf(rule), name);
      const problem = known === undefined ? null : mismatch(known, condition);
      if (known === undefined || problem === null) continue;
      if (!known.certain && isDeliberate(condition)) {
        yield {
          level: "info",
          confidence: "medium",
          message:
            `"${name}" is ${
              ARTICLE[known.type]
            } in most tokens, and ${problem}: ` +
            "the condition holds only where a single value comes bare",
          hint: `write {any: ${
            JSON.stringify(namedValues(condition))
          }}, and name "${name}" under "lists" of an issuer that sends a single value bare`,
          place,
        };
        continue;
      }
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

/** Accounts are given by a text, or looked up by one: what never is one gives none. */
function* accountType({ policy }: LintContext): Iterable<LintFinding> {
  for (const rule of policy.rules) {
    for (const { entry, path } of accountEntries(rule)) {
      const read = entry.source === "claim"
        ? [{ name: claimName(entry.claim), at: ["claim"] }]
        : "keys" in entry
        ? entry.keys.map((key, index) => ({
          name: claimName(key),
          at: ["keys", index],
        }))
        : [];
      for (const { name, at } of read) {
        const known = knownClaim(name);
        if (known === undefined || known.type === "string") continue;
        yield {
          ...(known.certain
            ? {}
            : { level: "warning" as const, confidence: "medium" as const }),
          message: `"${name}" is ${ARTICLE[known.type]}${
            known.certain ? ` (${known.by})` : " in most tokens"
          }, but an account is ${
            entry.source === "claim" ? "a text" : "looked up by a text"
          }: ${
            rule.effect === "allow"
              ? "nobody gets one by it"
              : "the rule keeps everybody out who has it"
          }`,
          hint: known.type === "list"
            ? `open each account in a rule of its own, with "when: {${name}: {any: […]}}" and "names"`
            : 'tell people by a claim that is a text, such as "sub"',
          place: { path: [...path, ...at] },
        };
      }
    }
  }
}

function* unavailable(context: LintContext): Iterable<LintFinding> {
  const told = new Set<string>();
  for (const rule of context.policy.rules) {
    const issuers = context.issuersOf(rule);
    const [first] = issuers;
    const provider = first === undefined ? null : providerOf(first.issuer);
    if (provider === null) continue;
    const deny = rule.effect === "deny";
    for (const { claims, place, located } of readPlaces(rule)) {
      // a rule may well be meant for those of its issuers that do send it
      const never = claims.length > 0 &&
        issuers.every((issuer) =>
          claims.every((claim) => isNeverSent(issuer, claim, { located }))
        );
      const names = listOf(issuers.map(({ name }) => name), 3);
      const shown = listOf(claims);
      const key = `${rule.effect} ${names} ${shown}`;
      if (!never || told.has(key)) continue;
      told.add(key);
      const other = claims.includes("email_verified")
        ? provider.verified
        : null;
      yield {
        ...(deny ? { level: "error" as const } : {}),
        message:
          `${provider.name} sends no claim ${shown} (issuer ${names}): ` +
          (located
            ? `the rule "${rule.id}" ${
              deny ? "keeps nobody out" : "lets nobody in"
            }`
            : `the rule "${rule.id}" gives nobody an account by it`),
        hint: other !== null
          ? `"${other}" says it there`
          : deny
          ? "name in the allow rule whom it is for"
          : "tell people by a claim that the issuer sends, or by a map of them",
        place,
      };
    }
  }
}

/** The claims that a rule reads: conditions, and sources of which one of several claims will do. */
function* readPlaces(rule: Rule): Iterable<{
  readonly claims: readonly string[];
  readonly place: LintFinding["place"];
  /** Whether the issuer's "claims" say where it is. */
  readonly located: boolean;
}> {
  for (const { claim } of rule.when) {
    yield {
      claims: [claimName(claim)],
      place: { path: ["rules", rule.id, "when", claim], at: "key" },
      located: true,
    };
  }
  for (const { entry, path } of accountEntries(rule)) {
    const claims = entry.source === "claim"
      ? [claimName(entry.claim)]
      : "keys" in entry
      ? entry.keys.map(claimName)
      : [];
    const step = entry.source === "claim" ? "claim" : "keys";
    yield { claims, place: { path: [...path, step] }, located: false };
  }
}

function isNeverSent(
  { issuer, claims }: Issuer,
  claim: string,
  { located }: { located: boolean },
): boolean {
  // where the policy says that it is elsewhere, somebody has looked
  const moved = located && Object.hasOwn(claims, claim) &&
    claims[claim as keyof typeof claims] !== claim;
  return !moved && (providerOf(issuer)?.never.includes(claim) ?? false);
}

/** What is a text at all of the issuers. */
function textOf(
  issuers: readonly Issuer[],
  claim: string,
): KnownClaim | undefined {
  const providers = issuers.map(({ issuer }) => providerOf(issuer));
  const [first] = providers;
  return first !== undefined && first !== null &&
      providers.every((each) => each?.texts.includes(claim) === true)
    ? { type: "string", by: first.name, certain: true }
    : undefined;
}

/** Whoever names the operator means a single value; `groups: staff` may be a slip. */
function isDeliberate({ operator }: Condition): boolean {
  return operator === "in" || operator === "like" || operator === "word";
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
  if (type === "object") {
    return operator === "has" ? null : `"${operator}" does not compare objects`;
  }
  if (operator === "has") return '"has" looks into an object';
  if (type === "list") {
    if (operator === "word") return '"word" looks into a text';
    return speaksOfLists ? null : `"${operator}" compares single values`;
  }
  if (speaksOfLists) return `"${operator}" compares lists`;
  if (operator === "like" || operator === "word") {
    return type === "string" ? null : `"${operator}" compares strings`;
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
    return `ask for a member with {has: …}, or name one with a JSON Pointer: "/${
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
  if (
    condition.operator === "any" || condition.operator === "all" ||
    condition.operator === "has"
  ) return `write {in: ${values}}`;
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
  lintRule("claim/unavailable", {
    level: "warning",
    confidence: "medium",
    check: unavailable,
    page: {
      summary: "a condition on a claim that the provider never sends",
      avoid: `issuers:
  google: {issuer: https://accounts.google.com, audiences: [client-id]}
rules:
  staff:
    when: {hd: example.edu, groups: {any: [staff]}}
    accounts: [{claim: sub}]`,
      prefer: `rules:
  staff:
    when: {hd: example.edu}
    accounts: [{map_file: /etc/oauth-pam/staff.map, keys: [sub]}]`,
      why:
        `What a provider documents is known here: Google's tokens have no groups, GitHub's have no
addresses, Entra ID says "xms_edov" where others say "email_verified". A condition on what never
comes lets nobody in, and in a deny rule it keeps nobody out, which is an error. A claim that the
issuer's "claims" place elsewhere is not looked at.`,
    },
  }),
  lintRule("claim/type", {
    level: "error",
    *check(context) {
      yield* wrongType(context);
      yield* accountType(context);
    },
    page: {
      summary:
        "the claim never has the type that the condition compares, or that an account is looked up by",
      avoid: `when:
  groups: staff
  email_verified: "true"
  sub: {any: [u1, u2]}
accounts:
  - {map: {staff: [deploy]}, keys: [groups]}`,
      prefer: `when:
  groups: {any: [staff]}
  email_verified: true
  sub: {in: [u1, u2]}
accounts:
  - {names: [deploy]}`,
      why:
        `Values are compared without conversion: "true" is not true, and a string is not a list of one.
A condition of the wrong type never holds. In an allow rule that locks people out; in a deny rule
it lets them in. Accounts are looked up by one text, and a list is not looked through: a group opens
an account in a rule of its own.`,
    },
  }),
];
