/**
 * What a policy must satisfy beyond its shape: references, networks, suffixes, limits.
 *
 * Findings under `policy/` make the file no policy; the others carry the id of the lint rule that
 * they belong to and are errors at login too.
 *
 * @module
 */
import { type Issue, listOf, nearest } from "../diagnostic.ts";
import { issuersMeaning } from "./issuer_meaning.ts";
import { isCanonical, parseNetwork } from "../network.ts";
import { DEFAULT_CACHE_DIRECTORY } from "../defaults.ts";
import type { PolicyDocument, RuleDocument } from "./schema.ts";

const IDENTITY_KEYS = ["identity.id", "identity.username", "identity.email"];

/** Everything wrong with a document that has the right shape. Never throws. */
export function meaningIssues(document: PolicyDocument): Issue[] {
  return [
    ...issuersMeaning(document),
    ...Object.entries(document.rules).flatMap(([id, rule]) =>
      ruleIssues(id, rule, document)
    ),
    ...auditIssues(document),
  ];
}

function ruleIssues(
  id: string,
  rule: RuleDocument,
  document: PolicyDocument,
): Issue[] {
  const issues: Issue[] = [];
  const names = Object.keys(document.issuers);
  for (const [index, name] of (rule.issuers ?? []).entries()) {
    if (names.includes(name)) continue;
    const suggestion = nearest(name, names);
    issues.push({
      id: "issuer/undefined",
      level: "error",
      message: `there is no issuer "${name}", expected one of ${listOf(names)}`,
      ...(suggestion === undefined
        ? {}
        : { hint: `did you mean "${suggestion}"?` }),
      path: ["rules", id, "issuers", index],
    });
  }
  for (const [index, text] of (rule.rhosts ?? []).entries()) {
    const network = parseNetwork(text);
    if (network === null) {
      issues.push({
        id: "policy/value",
        level: "error",
        message: `${JSON.stringify(text)} is not a network in CIDR notation`,
        hint:
          'write it as "192.0.2.0/24" or "2001:db8::/32"; host names are not looked up',
        path: ["rules", id, "rhosts", index],
      });
    } else if (!isCanonical(network)) {
      issues.push({
        id: "match/network-host-bits",
        level: "warning",
        message: `${
          JSON.stringify(text)
        } has bits set behind its prefix, which are ignored`,
        path: ["rules", id, "rhosts", index],
      });
    }
  }
  return [
    ...issues,
    ...effectIssues(id, rule),
    ...suffixIssues(id, rule),
    ...keyIssues(id, rule),
  ];
}

/** What only an allow rule, or only a deny rule, can have. */
function effectIssues(id: string, rule: RuleDocument): Issue[] {
  if (rule.effect !== "deny") {
    return rule.accounts !== undefined ? [] : [{
      id: "policy/missing-key",
      level: "error",
      message:
        'the key "accounts" is missing: an allow rule names the accounts it opens',
      path: ["rules", id],
      at: "key",
    }];
  }
  return (["assurance", "allow_protected"] as const).filter((key) =>
    rule[key] !== undefined
  )
    .map((key) => ({
      id: "policy/value",
      level: "error",
      message: `"${key}" has no meaning in a deny rule`,
      hint: "remove it, or make this an allow rule",
      path: ["rules", id, key],
      at: "key",
    }));
}

function suffixIssues(id: string, rule: RuleDocument): Issue[] {
  return (rule.accounts ?? []).flatMap((entry, index) => {
    const suffix = "strip_suffix" in entry ? entry.strip_suffix : undefined;
    if (suffix === undefined || suffix.includes("@") || /^[.-]./.test(suffix)) {
      return [];
    }
    return [{
      id: "match/unanchored-suffix",
      level: "error" as const,
      message:
        `the suffix ${
          JSON.stringify(suffix)
        } would also be cut off names that merely end ` +
        'in it: it must hold "@" or begin with "." or "-"',
      ...(/^[a-z0-9]/i.test(suffix)
        ? { hint: `did you mean "@${suffix}"?` }
        : {}),
      path: ["rules", id, "accounts", index, "strip_suffix"],
    }];
  });
}

/** `identity.mail` would silently be looked for among the claims, where it never is. */
function keyIssues(id: string, rule: RuleDocument): Issue[] {
  return (rule.accounts ?? []).flatMap((entry, index) =>
    ("keys" in entry ? entry.keys : []).flatMap((key, position) => {
      if (!key.startsWith("identity.") || IDENTITY_KEYS.includes(key)) {
        return [];
      }
      const suggestion = nearest(key, IDENTITY_KEYS);
      return [{
        id: "policy/value",
        level: "error" as const,
        message: `${JSON.stringify(key)} is not one of ${
          listOf(IDENTITY_KEYS)
        }`,
        ...(suggestion === undefined
          ? {}
          : { hint: `did you mean "${suggestion}"?` }),
        path: ["rules", id, "accounts", index, "keys", position],
      }];
    })
  );
}

function auditIssues(document: PolicyDocument): Issue[] {
  const directory = document.cache?.directory ?? DEFAULT_CACHE_DIRECTORY;
  const file = document.audit?.file;
  return file === undefined || file.startsWith(`${directory}/`) ? [] : [{
    id: "policy/value",
    level: "error",
    message: `the audit file must be below the cache directory "${directory}"`,
    hint: "the program may write nowhere else",
    path: ["audit", "file"],
  }];
}
