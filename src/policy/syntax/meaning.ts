/**
 * What a policy must satisfy beyond its shape: references, networks, suffixes, limits.
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
import { KIND_KEYS, KIND_ROWS, kindsWith } from "../kinds.ts";
import type { Issue } from "../diagnostic.ts";
import { IDENTITY_KEYS } from "../identity_claims.ts";
import { isObject } from "../../lib/json.ts";
import { listOf, nearest } from "../../lib/text.ts";
import { isCanonical, parseNetwork } from "../network.ts";
import type {
  IssuerDocument,
  IssuerSettings,
  PolicyDocument,
  PolicySettings,
  RuleDocument,
} from "./schema.ts";
import { duration } from "../duration.ts";
import { tokenOf } from "./defaults.ts";
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

// What issuers must satisfy beyond their shape: https URLs, limits, and keys that fit their kind.

const MAX_CLOCK_SKEW = 300;
/** A certificate is no better than a password that never changes, where it serves for longer. */
const MAX_CERTIFICATE_LIFETIME = 7 * 86400;

/** Everything wrong with the issuers of a document that has the right shape. Never throws. */
function issuersMeaning(
  document: PolicyDocument,
  settings: PolicySettings,
): Issue[] {
  return [
    ...Object.entries(settings.issuers).flatMap(([name, issuer]) => [
      ...issuerIssues(name, issuer),
      ...kindIssues(name, { issuer, written: document.issuers[name] ?? {} }),
    ]),
    ...duplicateIssuers(document),
  ];
}

function issuerIssues(name: string, issuer: IssuerSettings): Issue[] {
  const issues: Issue[] = [];
  const at = (key: string) => ["issuers", name, key];
  const problem = urlProblem(issuer.issuer);
  if (problem !== null) {
    issues.push({
      id: problem.id,
      level: "error",
      message: `the issuer ${JSON.stringify(issuer.issuer)} ${problem.message}`,
      hint: "write the https URL exactly as it stands in the claim iss",
      path: at("issuer"),
    });
  }
  if (issuer.clock_skew > MAX_CLOCK_SKEW) {
    issues.push({
      id: "clock/skew-too-large",
      level: "error",
      message: `a clock skew of ${duration(issuer.clock_skew)} is more than ${
        duration(MAX_CLOCK_SKEW)
      }`,
      hint: "keep the clocks right with NTP instead",
      path: at("clock_skew"),
    });
  }
  if (
    issuer.proxy !== null &&
    !/^https?:\/\/[^\s/@]+\/?$/.test(issuer.proxy)
  ) {
    issues.push({
      id: "policy/value",
      level: "error",
      message: `the proxy ${
        JSON.stringify(issuer.proxy)
      } is not an http or https URL of a host`,
      path: at("proxy"),
    });
  }
  // tokens and the client's secret are sent to the one, keys are named by the other
  for (
    const [key, what] of [
      ["introspection_endpoint", "introspection endpoint"],
      ["discovery_url", "discovery address"],
    ] as const
  ) {
    const url = issuer[key];
    if (url === null || isPlainHttps(url)) continue;
    issues.push({
      id: "policy/value",
      level: "error",
      message: `the ${what} ${JSON.stringify(url)} is not an https URL`,
      path: at(key),
    });
  }
  return [
    ...issues,
    ...deviceIssues(name, issuer),
    ...certificateIssues(name, issuer),
  ];
}

/** What an issuer's `ssh_certificates` must satisfy beyond its shape. */
function certificateIssues(name: string, issuer: IssuerSettings): Issue[] {
  const { ssh_certificates: certificates, one_time } = issuer;
  if (certificates === null) return [];
  const path = ["issuers", name, "ssh_certificates"];
  const { lifetime } = certificates;
  const issues: Issue[] = [];
  if (lifetime !== null && lifetime > MAX_CERTIFICATE_LIFETIME) {
    issues.push({
      id: "policy/value",
      level: "error",
      message: `a lifetime of ${duration(lifetime)} is more than ${
        duration(MAX_CERTIFICATE_LIFETIME)
      }`,
      hint: "let people sign in again: the browser often does it by itself",
      path: [...path, "lifetime"],
    });
  }
  if (one_time) {
    issues.push({
      id: "issuer/one-time-with-certificates",
      level: "error",
      message:
        "a certificate is shown at every connection, so its token cannot admit once",
      hint: 'remove "one_time" or "ssh_certificates"',
      path: ["issuers", name, "one_time"],
      at: "key",
    });
  }
  return issues;
}

function kindIssues(
  name: string,
  { issuer, written }: {
    issuer: IssuerSettings;
    written: Partial<IssuerDocument>;
  },
): Issue[] {
  const { kind } = issuer;
  const issues: Issue[] = [];
  for (const key of KIND_KEYS) {
    const kinds = kindsWith(key);
    if ((written[key] ?? null) === null || kinds.includes(kind)) continue;
    issues.push({
      id: "policy/value",
      level: "error",
      message: `"${key}" has no meaning for the kind "${kind}", only for ${
        listOf(kinds)
      }`,
      path: ["issuers", name, key],
      at: "key",
    });
  }
  for (const key of KIND_ROWS[kind].needs) {
    if (issuer[key] !== undefined) continue;
    issues.push({
      id: "policy/missing-key",
      level: "error",
      message: `the key "${key}" is missing, which the kind "${kind}" needs`,
      path: ["issuers", name],
      at: "key",
    });
  }
  return issues;
}

/** Nothing that two readers of URLs could take for different hosts. */
function isPlainHttps(url: string): boolean {
  return /^https:\/\/[^\s/\\@#?]+(?:[/?][^\s\\#]*)?$/.test(url) &&
    URL.canParse(url);
}

/** RFC 8414 section 2: an https URL with no query or fragment; no user information either. */
function urlProblem(text: string): { id: string; message: string } | null {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return { id: "policy/value", message: "is not a URL" };
  }
  if (url.protocol !== "https:") {
    return { id: "issuer/not-https", message: "does not use https" };
  }
  // the URL parser forgives upper case, missing and extra slashes; `iss` is compared as written
  if (!/^https:\/\/[^/\\]/.test(text) || text.includes("\\")) {
    return {
      id: "policy/value",
      message: 'does not begin with "https://" and a host',
    };
  }
  if (/[?#@\s]/.test(text)) {
    return {
      id: "policy/value",
      message:
        "has a query, a fragment or a user name, which an issuer cannot have",
    };
  }
  return null;
}

/** Tokens find their issuer by `iss`, so no two may share it. */
function duplicateIssuers(document: PolicyDocument): Issue[] {
  const seen = new Map<string, string>();
  return Object.entries(document.issuers).flatMap(([name, { issuer }]) => {
    const earlier = seen.get(issuer);
    seen.set(issuer, earlier ?? name);
    return earlier === undefined ? [] : [{
      id: "policy/value",
      level: "error" as const,
      message: `the issuer ${
        JSON.stringify(issuer)
      } is already defined as "${earlier}"`,
      path: ["issuers", name, "issuer"],
    }];
  });
}

// What an issuer's `device` must satisfy beyond its shape.

/** What the program sends itself, from keys of their own or per sign-in (RFC 8628 section 3.1). */
const OWN_PARAMETERS = [
  "acr_values",
  "client_assertion",
  "client_assertion_type",
  "client_id",
  "client_secret",
  "code_challenge",
  "code_challenge_method",
  "code_verifier",
  "device_code",
  "grant_type",
  "max_age",
  "nonce",
  "scope",
];

/** RFC 6749 section 3.3: several are separated by single spaces. */
const SCOPE_TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/** Everything wrong with an issuer's `device`. Never throws. */
function deviceIssues(name: string, issuer: IssuerSettings): Issue[] {
  const { device, kind } = issuer;
  if (device === null) return [];
  const path = ["issuers", name, "device"];
  const issues: Issue[] = [];
  for (const parameter of Object.keys(device.parameters)) {
    if (!OWN_PARAMETERS.includes(parameter)) continue;
    issues.push({
      id: "policy/value",
      level: "error",
      message:
        `the parameter "${parameter}" is the program's own, expected none of ${
          listOf(OWN_PARAMETERS)
        }`,
      path: [...path, "parameters", parameter],
      at: "key",
    });
  }
  const { scopes } = device;
  const token = tokenOf(device, issuer);
  if (token === "id_token" && !KIND_ROWS[kind].idTokens) {
    issues.push({
      id: "policy/value",
      level: "error",
      message: `the kind "${kind}" is about access tokens, not ID tokens`,
      hint: 'remove "token: id_token", or let the kind be "jwt"',
      path: [...path, "token"],
    });
  }
  for (const [index, scope] of scopes.entries()) {
    if (SCOPE_TOKEN.test(scope)) continue;
    issues.push({
      id: "policy/value",
      level: "error",
      message: `the scope ${JSON.stringify(scope)} is not one scope`,
      hint: "write a list: [openid, email]",
      path: [...path, "scopes", index],
    });
  }
  if (device.userinfo && token !== "id_token") {
    issues.push({
      id: "policy/value",
      level: "error",
      message:
        '"userinfo" adds to the ID token, and here the access token decides',
      hint:
        'remove it, or let the ID token of an issuer of the kind "jwt" decide',
      path: [...path, "userinfo"],
      at: "key",
    });
  }
  if (
    token === "id_token" && !scopes.includes("openid")
  ) {
    issues.push({
      id: "policy/value",
      level: "error",
      message: 'without the scope "openid" there is no ID token',
      hint: 'add it, or let the access token decide with "token: access_token"',
      path: [...path, "scopes"],
    });
  }
  return issues;
}
