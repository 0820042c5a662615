/**
 * What a policy must satisfy beyond its shape: references, networks, suffixes. Of issuers
 * `issuer_meaning.ts` knows.
 *
 * Findings under `policy/` make the file no policy; the others carry the id of the lint rule that
 * they belong to and are errors at login too.
 *
 * @module
 */
import {
  ACCOUNT_PATTERNS,
  type AccountPattern,
  isAccountName,
} from "../account_name.ts";
import type { Issue } from "../diagnostic.ts";
import { IDENTITY_KEYS } from "../identity_claims.ts";
import { isObject } from "../../lib/json.ts";
import { listOf, nearest } from "../../lib/text.ts";
import { isCanonical, parseNetwork } from "../network.ts";
import { issuersMeaning } from "./issuer_meaning.ts";
import type { RuleDocument } from "./rule_schema.ts";
import type { PolicyDocument, PolicySettings } from "./schema.ts";
import { describe } from "./shape.ts";
import { ACCOUNT_WORDS } from "./values.ts";
import type { Path } from "./yaml.ts";

/**
 * Everything wrong with a document that has the right shape; `settings` are the same with the
 * defaults. Never throws.
 */
export function meaningIssues(
  document: PolicyDocument,
  settings: PolicySettings,
): Issue[] {
  return [
    ...issuersMeaning(document, settings),
    ...Object.entries(document.rules).flatMap(([id, rule]) =>
      ruleIssues(id, rule, document)
    ),
    ...auditIssues(settings),
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
  return (["assurance", "allow_protected", "ssh"] as const).filter((key) =>
    rule[key] !== undefined
  )
    .map((key) => ({
      id: key === "ssh" ? "ssh/permit-on-deny-rule" : "policy/value",
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

/**
 * Names of accounts that the policy's `accounts_pattern` does not allow. Never throws, whatever the
 * shape of the document: that says of a name only whether any pattern allows it.
 */
export function accountNameIssues(document: unknown): Issue[] {
  const { accounts_pattern: written, ...policy } = isObject(document)
    ? document
    : {};
  // of another word it is said that it is none
  const pattern = written === undefined
    ? "posix"
    : ACCOUNT_PATTERNS.find((word) => word === written) ?? "relaxed";
  return [
    ...namesIn(policy["protected_accounts"], ["protected_accounts"]),
    ...membersOf(policy["rules"], ["rules"]).flatMap(({ value, path }) =>
      isObject(value) ? membersOf(value["accounts"], [...path, "accounts"]) : []
    ).flatMap(({ value, path }) =>
      isObject(value)
        ? [
          ...namesIn(value["names"], [...path, "names"]),
          ...membersOf(value["map"], [...path, "map"])
            .flatMap(({ value, path }) => namesIn(value, path)),
        ]
        : []
    ),
  ].flatMap(({ name, path }) => nameIssue(name, { pattern, path }) ?? []);
}

/** What is wrong with the name of an account that stands there; `null` for nothing. */
export function nameIssue(
  name: string,
  { pattern, path }: { pattern: AccountPattern; path: Path },
): Issue | null {
  if (isAccountName(name, pattern)) return null;
  const wider = ACCOUNT_PATTERNS.find((word) => isAccountName(name, word));
  return {
    id: "policy/value",
    level: "error",
    message: `${describe(name)}: ${ACCOUNT_WORDS[pattern]}`,
    ...(wider === undefined ? {} : {
      hint:
        `where accounts of the host are called so, write "accounts_pattern: ${wider}" at the top of the policy`,
    }),
    path,
  };
}

function namesIn(value: unknown, path: Path): { name: string; path: Path }[] {
  return membersOf(value, path).flatMap(({ value, path }) =>
    typeof value === "string" ? [{ name: value, path }] : []
  );
}

function membersOf(
  value: unknown,
  path: Path,
): { value: unknown; path: Path }[] {
  const members: [string | number, unknown][] = Array.isArray(value)
    ? [...value.entries()]
    : isObject(value)
    ? Object.entries(value)
    : [];
  return members.map(([step, value]) => ({ value, path: [...path, step] }));
}

function auditIssues({ cache, audit }: PolicySettings): Issue[] {
  const { directory } = cache;
  const file = audit?.file;
  return file === undefined || file.startsWith(`${directory}/`) ? [] : [{
    id: "policy/value",
    level: "error",
    message: `the audit file must be below the cache directory "${directory}"`,
    hint: "the program may write nowhere else",
    path: ["audit", "file"],
  }];
}
