/**
 * What issuers must satisfy beyond their shape: https URLs, limits, and keys that fit their kind.
 *
 * @module
 */
import { deviceIssues } from "./device_meaning.ts";
import { type Issue, listOf } from "../diagnostic.ts";
import { duration, seconds } from "../duration.ts";
import type { Kind } from "../model.ts";
import type { IssuerDocument, PolicyDocument } from "./schema.ts";

const MAX_CLOCK_SKEW = 300;

/** Everything wrong with the issuers of a document that has the right shape. Never throws. */
export function issuersMeaning(document: PolicyDocument): Issue[] {
  return [
    ...Object.entries(document.issuers).flatMap(([name, issuer]) =>
      issuerIssues(name, issuer)
    ),
    ...duplicateIssuers(document),
  ];
}

function issuerIssues(name: string, issuer: IssuerDocument): Issue[] {
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
  const skew = seconds(issuer.clock_skew ?? "0s");
  if (skew > MAX_CLOCK_SKEW) {
    issues.push({
      id: "clock/skew-too-large",
      level: "error",
      message: `a clock skew of ${issuer.clock_skew} is more than ${
        duration(MAX_CLOCK_SKEW)
      }`,
      hint: "keep the clocks right with NTP instead",
      path: at("clock_skew"),
    });
  }
  if (
    typeof issuer.proxy === "string" &&
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
  // tokens and the client's secret are sent there
  const endpoint = issuer.introspection_endpoint ?? null;
  if (
    endpoint !== null &&
    !/^https:\/\/[^\s/\\@#]+(?:\/[^\s\\#]*)?$/.test(endpoint)
  ) {
    issues.push({
      id: "policy/value",
      level: "error",
      message: `the introspection endpoint ${
        JSON.stringify(endpoint)
      } is not an https URL`,
      path: at("introspection_endpoint"),
    });
  }
  return [
    ...issues,
    ...deviceIssues(name, issuer),
    ...kindIssues(name, issuer),
  ];
}

/** Keys that only some kinds of issuers have; a key that does nothing is worse than none. */
const KEYS_OF_KINDS: Readonly<Record<string, readonly Kind[]>> = {
  algorithms: ["jwt", "scitokens", "wlcg"],
  types: ["jwt", "scitokens", "wlcg"],
  jwks_ttl: ["jwt", "scitokens", "wlcg"],
  jwks_stale: ["jwt", "scitokens", "wlcg"],
  any_audience: ["scitokens", "wlcg"],
  client_id: ["introspection", "globus"],
  client_secret_file: ["introspection", "globus"],
  introspection_endpoint: ["introspection"],
  fqdns: ["globus"],
  device: ["jwt"],
};

const KEYS_NEEDED: readonly (keyof IssuerDocument)[] = [
  "client_id",
  "client_secret_file",
];

function kindIssues(name: string, issuer: IssuerDocument): Issue[] {
  const kind = issuer.kind ?? "jwt";
  const issues: Issue[] = [];
  for (const [key, kinds] of Object.entries(KEYS_OF_KINDS)) {
    if (
      (issuer[key as keyof IssuerDocument] ?? null) === null ||
      kinds.includes(kind)
    ) continue;
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
  for (const key of KEYS_NEEDED) {
    if (issuer[key] !== undefined || !KEYS_OF_KINDS[key]?.includes(kind)) {
      continue;
    }
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
