/**
 * What a policy's issuers must satisfy beyond their shape: https URLs, limits, keys that fit their
 * kind, and what device sign-in and certificates need.
 *
 * @module
 */
import { KIND_KEYS, KIND_ROWS, kindsWith } from "../kinds.ts";
import type { Issue } from "../diagnostic.ts";
import { listOf } from "../../lib/text.ts";
import { duration } from "../duration.ts";
import { tokenOf } from "./defaults.ts";
import type {
  IssuerDocument,
  IssuerSettings,
  PolicyDocument,
  PolicySettings,
} from "./schema.ts";

const MAX_CLOCK_SKEW = 300;
/** A certificate is no better than a password that never changes, where it serves for longer. */
const MAX_CERTIFICATE_LIFETIME = 7 * 86400;

/** Everything wrong with the issuers of a document that has the right shape. Never throws. */
export function issuersMeaning(
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
  if (lifetime === 0) {
    issues.push({
      id: "policy/value",
      level: "error",
      message: "with a lifetime of 0s no certificate ever serves",
      hint: 'name how long, such as "8h", or "token"',
      path: [...path, "lifetime"],
    });
  }
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
