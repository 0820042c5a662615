/**
 * Tokens of the WLCG Common JWT Profile 1.x (https://doi.org/10.5281/zenodo.3460257).
 *
 * @module
 */
import type { AccessToken } from "./access_token.ts";
import { TokenError } from "./errors.ts";
import type { Evidence } from "./evidence.ts";
import type { JsonObject } from "./strict_json.ts";
import {
  type JwtIssuer,
  type JwtVerification,
  verifySignedClaims,
  withAnyAudience,
} from "./jwt.ts";

/** What the policy says of an issuer of WLCG tokens. */
interface WlcgIssuer extends JwtIssuer {
  /** A token for any audience is for us, too. */
  readonly any_audience: boolean;
}

interface WlcgVerification extends JwtVerification {
  readonly issuer: WlcgIssuer;
}

const ANY = "https://wlcg.cern.ch/jwt/v1/any";

/** Profile section 2.2.2: a path of plain names. */
const GROUP = /^(?:\/[A-Za-z0-9_.-]+)+$/;

/**
 * Verifies a WLCG token: signature by the key that it names, registered claims, version, groups
 * and capabilities. A capability token (storage.*, compute.*) belongs to a job and logs nobody in,
 * unless the policy's `scopes` name a capability. Throws like `verifyJwt`.
 *
 * Does not check group membership: groups are compared by the policy, exactly and without parents.
 */
export async function verifyWlcgToken(
  token: AccessToken,
  options: WlcgVerification,
): Promise<Evidence> {
  const { issuer, jws } = options;
  // profile section 4.2: the leniency of OpenID Connect for a single key does not hold here
  if (jws.keyId === null) {
    throw new TokenError(
      "key_not_found",
      'the token names no key ("kid"), which the WLCG profile demands',
    );
  }
  const evidence = await verifySignedClaims(token, {
    ...options,
    issuer: withAnyAudience(issuer, ANY),
  });
  const { claims } = evidence;
  checkVersion(claims["wlcg.ver"]);
  for (const name of ["sub", "jti"]) requireText(claims, name);
  checkGroups(claims["wlcg.groups"]);
  checkCapabilities(claims, issuer.scopes);
  return evidence;
}

/** Profile section 4.3.3: later minor versions are understood, other major ones are not. */
function checkVersion(version: unknown): void {
  if (version === undefined || version === null) {
    throw new TokenError("claim_missing", 'the claim "wlcg.ver" is missing');
  }
  if (typeof version !== "string" || !/^[0-9]+\.[0-9]+$/.test(version)) {
    throw new TokenError("token_malformed", '"wlcg.ver" is not a version');
  }
  if (!/^0*1\./.test(version)) {
    const shown = JSON.stringify(version.slice(0, 20));
    throw new TokenError(
      "token_kind_unexpected",
      `the WLCG profile ${shown} is not one of 1.x`,
    );
  }
}

function requireText(claims: JsonObject, name: string): void {
  const value = claims[name];
  if (value === undefined || value === null || value === "") {
    throw new TokenError("claim_missing", `the claim "${name}" is missing`);
  }
  if (typeof value !== "string") {
    throw new TokenError("token_malformed", `"${name}" is not a string`);
  }
}

function checkGroups(groups: unknown): void {
  if (groups === undefined) return;
  const wellFormed = Array.isArray(groups) &&
    groups.every((group) => typeof group === "string" && GROUP.test(group));
  if (!wellFormed) {
    throw new TokenError(
      "token_malformed",
      '"wlcg.groups" is not a list of groups such as "/vo/group"',
    );
  }
}

/** Profile section 2.2.1: `storage.read:/path`, `compute.create`. */
function checkCapabilities(
  claims: JsonObject,
  named: readonly string[],
): void {
  const { scope } = claims;
  if (scope !== undefined && typeof scope !== "string") {
    throw new TokenError("token_malformed", '"scope" is not a string');
  }
  // any white space: a scope must not hide behind a separator that is none
  const scopes = scope?.split(/\s+/) ?? [];
  const pathless = scopes.find((scope) =>
    scope.startsWith("storage.") && !/^[^:]+:\//.test(scope)
  );
  if (pathless !== undefined) {
    const shown = JSON.stringify(pathless.slice(0, 60));
    throw new TokenError(
      "token_malformed",
      `the scope ${shown} names no path, which the WLCG profile demands`,
    );
  }
  const capability = scopes.find(isCapability);
  // what the policy names has been found in the token already
  if (capability === undefined || named.some(isCapability)) return;
  const shown = JSON.stringify(capability.slice(0, 60));
  throw new TokenError(
    "token_kind_unexpected",
    `the token is a capability (${shown}), which is not for logging in`,
  );
}

function isCapability(scope: string): boolean {
  return /^(?:storage|compute)\./.test(scope);
}
