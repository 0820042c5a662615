/**
 * Conditions that match more, or somebody else, than they seem to.
 *
 * @module
 */
import type { Condition, Rule } from "../../../policy/model.ts";
import {
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

/** A domain, whole or from a dot on, at the end of a text. */
const DOMAIN = /(?:[\p{L}\p{N}-]+\.)+[a-z]{2,}$/iu;

/** Whether a glob looks for one of several values in a text. */
function isWord(pattern: string): boolean {
  return /^\*[^*\s,;@.][^*\s,;]*\*$/.test(pattern);
}

function* openEnded(context: LintContext): Iterable<LintFinding> {
  for (const { rule, condition } of globs(context)) {
    const { pattern } = condition;
    const parts = pattern.split("*");
    const before = parts.slice(0, -1).findLast((part) => part !== "") ?? "";
    if (parts.at(-1) !== "" || isWildcardOnly(pattern)) continue;
    const address = /@[^@\s]*$/.test(before);
    const domain = DOMAIN.test(before) &&
      (before.startsWith(".") || claimName(condition.claim) === "hd");
    if (!address && !domain) continue;
    const closed = pattern.replace(/\*+$/, "");
    yield {
      message: `${JSON.stringify(pattern)} also matches ${
        JSON.stringify(otherDomain(pattern))
      }`,
      hint: /[@.*]$/.test(closed)
        ? "name the domain to its end"
        : `did you mean ${JSON.stringify(closed)}${
          isWord(pattern)
            ? `, or {word: ${
              JSON.stringify(pattern.slice(1, -1))
            }} for one of several in a text`
            : ""
        }?`,
      place: { path: conditionPath(context, rule, condition) },
    };
  }
}

/** What the glob matches in a domain that anybody can register. */
function otherDomain(pattern: string): string {
  const start = pattern.replace(/\*+$/, "").replaceAll(/\*+/g, "x");
  return start + (/[@.]$/.test(start) ? "evil.test" : ".evil.test");
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
  lintRule("match/open-ended", {
    level: "error",
    check: openEnded,
    page: {
      summary: "a glob goes on behind the domain",
      avoid: `when: {email: {like: "*@example.edu*"}}`,
      prefer: `when: {email: {like: "*@example.edu"}}`,
      why:
        `A domain is read from its end: "x@example.edu.evil.test" is an address at "evil.test", which
anybody can register. A glob for addresses or domains has its "*" in front, never behind.`,
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
];
