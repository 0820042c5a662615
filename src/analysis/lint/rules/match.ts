/**
 * Conditions that match more, or somebody else, than they seem to.
 *
 * @module
 */
import { listOf } from "../../../lib/text.ts";
import type { Condition, Issuer, Rule } from "../../../policy/model.ts";
import {
  accountEntries,
  claimName,
  conditionPath,
  isWildcardOnly,
  type LintContext,
} from "../context.ts";
import { type LintFinding, lintRule } from "../lint_rule.ts";

type Like = Extract<Condition, { operator: "like" }>;

/** The globs of allow rules; in a deny rule a wide glob denies more, which harms nobody. */
function* globs(
  context: LintContext,
): Iterable<{ rule: Rule; condition: Like }> {
  for (const rule of context.allowRules) {
    for (const condition of rule.when) {
      if (condition.operator === "like") yield { rule, condition };
    }
  }
}

const ADDRESSES = new Set([
  "email",
  "upn",
  "eppn",
  "preferred_username",
  "hd",
  "unique_name",
  "identity.email",
]);

function* unanchoredSuffix(context: LintContext): Iterable<LintFinding> {
  for (const { rule, condition } of globs(context)) {
    const ending = /^\*([\p{L}\p{N}][^*]*)$/u.exec(condition.pattern)?.[1];
    if (ending === undefined) continue;
    const isDomain = /^[^\s@/:]+\.[a-z]{2,}$/i.test(ending);
    if (!isDomain && !ADDRESSES.has(claimName(condition.claim))) continue;
    const pattern = JSON.stringify(condition.pattern);
    yield {
      message: `${pattern} also matches ${JSON.stringify(`x@evil${ending}`)}`,
      hint: `did you mean "*@${ending}" or "*.${ending}"?`,
      place: { path: conditionPath(context, rule, condition) },
    };
  }
}

function* unanchoredPrefix(context: LintContext): Iterable<LintFinding> {
  for (const { rule, condition } of globs(context)) {
    const { pattern } = condition;
    const host = /^https?:\/\/[^/*]+(?=\*)/.exec(pattern)?.[0];
    const owner = /^(?:repo:|project_path:)?[^/*:]*[^/*:]\*$/.exec(pattern)?.[0]
      .slice(0, -1);
    const isPath = /^(?:sub|repository|repository_owner|project_path)$/.test(
      claimName(condition.claim),
    ) && context.issuersOf(rule).some(({ issuer }) => isForge(issuer));
    const start = host ?? (isPath ? owner : undefined);
    if (start === undefined) continue;
    yield {
      message: `${JSON.stringify(pattern)} also matches ${
        JSON.stringify(start + (host === undefined ? "-evil/x" : ".evil.test/"))
      }`,
      hint: `did you mean "${start}/*"?`,
      place: { path: conditionPath(context, rule, condition) },
    };
  }
}

function isForge(issuer: string): boolean {
  return /^https:\/\/(?:token\.actions\.githubusercontent\.com|gitlab\.com)\/?$/
    .test(issuer);
}

function* wildcardOnly(context: LintContext): Iterable<LintFinding> {
  for (const { rule, condition } of globs(context)) {
    if (!isWildcardOnly(condition.pattern)) continue;
    yield {
      message: `${
        JSON.stringify(condition.pattern)
      } matches whatever the claim "${condition.claim}" holds`,
      hint: "name what it must hold, or remove the condition",
      place: { path: conditionPath(context, rule, condition) },
    };
  }
}

function* negativeOnly(context: LintContext): Iterable<LintFinding> {
  for (const rule of context.allowRules) {
    if (
      rule.when.length === 0 ||
      rule.when.some(({ operator }) => operator !== "none")
    ) continue;
    yield {
      message: `the rule "${rule.id}" only says who is not meant`,
      hint:
        'add a condition that says who is, or write the exception as a rule with "effect: deny"',
      place: { path: ["rules", rule.id, "when"], at: "key" },
    };
  }
}

/** Names that people choose or that pass to others; OpenID Connect Core section 5.7. */
const CHOSEN = ["name", "nickname", "given_name", "family_name"];
const REASSIGNED = ["preferred_username", "email", "upn", "unique_name"];
const MICROSOFT =
  /^https:\/\/(?:login\.microsoftonline\.com|sts\.windows\.net)\//;

function* mutableIdentifier(context: LintContext): Iterable<LintFinding> {
  for (const rule of context.allowRules) {
    const issuers = context.issuersOf(rule);
    for (const condition of rule.when) {
      const name = claimName(condition.claim);
      const { operator } = condition;
      const singles = operator === "equals" || operator === "in";
      if (!CHOSEN.includes(name) && !(singles && REASSIGNED.includes(name))) {
        continue;
      }
      if (operator === "none") continue;
      yield {
        message:
          `the claim "${name}" can change hands: it does not say for good who somebody is`,
        hint: stable(issuers),
        place: {
          path: ["rules", rule.id, "when", condition.claim],
          at: "key",
        },
      };
    }
    yield* mutableAccounts(rule, issuers);
  }
}

function* mutableAccounts(
  rule: Rule,
  issuers: readonly Issuer[],
): Iterable<LintFinding> {
  const microsoft = issuers.some(({ issuer }) => MICROSOFT.test(issuer));
  for (const { entry, path } of accountEntries(rule)) {
    if (entry.source === "claim") {
      const name = claimName(entry.claim);
      const chosen = CHOSEN.includes(name);
      const level = chosen || (microsoft && REASSIGNED.includes(name))
        ? "warning"
        : name === "preferred_username"
        ? "info"
        : null;
      if (level === null) continue;
      yield {
        level,
        message: `the claim "${name}" ${
          chosen ? "is chosen by the person" : "can be given to somebody else"
        }, and it decides which account is theirs`,
        hint: stable(issuers),
        place: { path: [...path, "claim"] },
      };
    } else if (entry.source === "map" || entry.source === "map_file") {
      const names = entry.keys.map(claimName);
      const all = [...CHOSEN, ...REASSIGNED];
      if (!names.every((name) => all.includes(name))) continue;
      yield {
        level: names.some((name) => CHOSEN.includes(name)) ? "warning" : "info",
        message: `the map is looked up by ${
          listOf(names)
        } alone, which can change hands`,
        hint: stable(issuers),
        place: { path: [...path, "keys"], at: "key" },
      };
    }
  }
}

function stable(issuers: readonly Issuer[]): string {
  return issuers.some(({ issuer }) => MICROSOFT.test(issuer))
    ? 'use "oid" together with "tid"'
    : 'use "sub", which the issuer never gives to anybody else';
}

export const MATCH_RULES = [
  lintRule("match/unanchored-suffix", {
    level: "error",
    check: unanchoredSuffix,
    page: {
      summary: "an ending also matches names that merely end in it",
      avoid: `when: {email: {like: "*example.edu"}}`,
      prefer: `when: {email: {like: "*@example.edu"}}`,
      why:
        `Anybody can register "evilexample.edu". An ending of a name must begin at a boundary: "@" or ".".
For "strip_suffix" the parser asks for "@", or for "." or "-" in front, and login refuses a policy
without.`,
    },
  }),
  lintRule("match/unanchored-prefix", {
    level: "error",
    check: unanchoredPrefix,
    page: {
      summary: "a beginning also matches names that merely begin with it",
      avoid: `when: {idp: {like: "https://idp.example.edu*"}}`,
      prefer: `when: {idp: {like: "https://idp.example.edu/*"}}`,
      why:
        `"https://idp.example.edu.evil.test/" begins with "https://idp.example.edu", and the repository
"my-org-evil/x" begins with "my-org". A beginning must end at a boundary: "/" or ":".`,
    },
  }),
  lintRule("match/wildcard-only", {
    level: "error",
    check: wildcardOnly,
    page: {
      summary: "a glob matches every value",
      avoid: `when: {email: {like: "*"}}`,
      prefer: `when: {email: {like: "*@example.edu"}}`,
      why:
        `The condition looks like a restriction and is none: it only asks that the claim is there. A glob
without a single letter or digit counts as one that matches everything.`,
    },
  }),
  lintRule("match/negative-only", {
    level: "warning",
    check: negativeOnly,
    page: {
      summary: "an allow rule only says who is not meant",
      avoid: `when: {groups: {none: [guests]}}`,
      prefer: `when: {groups: {any: [staff], none: [guests]}}`,
      why:
        `Whoever gets a new group tomorrow is let in today. It is generally not effective to take people
out of everybody; sudoers(5) warns of "!" for the same reason.`,
    },
  }),
  lintRule("match/mutable-identifier", {
    level: "warning",
    confidence: "medium",
    check: mutableIdentifier,
    page: {
      summary: "a person is told by a name that can change hands",
      avoid: `when: {preferred_username: alice}`,
      prefer: `when: {sub: "248289761001"}`,
      why:
        `Only "sub" together with the issuer is never given to somebody else (OpenID Connect Core 1.0
section 5.7); Microsoft says the same of "oid" and "tid". Names and addresses are edited by people
and given to the next person. A login name that maps to the account of the same name is reported
as information only: many sites never give one out twice, which a suppression can say.`,
    },
  }),
];
