/**
 * SciTokens 1.0 and 2.0 (https://scitokens.org/technical_docs/Claims): a capability, here that of
 * logging in to one account.
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

/** What the policy says of an issuer of SciTokens. */
interface SciTokenIssuer extends JwtIssuer {
  /** A token for "ANY" is for us, too. */
  readonly any_audience: boolean;
}

interface SciTokenVerification extends JwtVerification {
  readonly issuer: SciTokenIssuer;
  /** The requested account; `null` when none is asked for yet. */
  readonly account: string | null;
}

const ANY = "ANY";
const AUTHORIZATION = "ssh:";

/** Both spellings are in use: the specification has one, the C++ library writes the other. */
const VERSIONS: Readonly<Record<string, 1 | 2>> = {
  "scitokens:1.0": 1,
  "scitoken:1.0": 1,
  "scitokens:2.0": 2,
  "scitoken:2.0": 2,
};

/** What version 1.0 knows; whatever else a token of it says must not be passed over. */
const CLAIMS_OF_1_0 = [
  "iss",
  "sub",
  "aud",
  "exp",
  "nbf",
  "iat",
  "jti",
  "ver",
  "scope",
];

/**
 * Verifies a SciToken: signature and registered claims as for any JWT, the version, an audience
 * that is ours, and the scope `ssh:<account>`, compared whole. Throws like `verifyJwt`.
 *
 * Does not check whether the policy lets anybody use that account.
 */
export async function verifySciToken(
  token: AccessToken,
  options: SciTokenVerification,
): Promise<Evidence> {
  const { account, issuer } = options;
  const evidence = await verifySignedClaims(token, {
    ...options,
    issuer: withAnyAudience(issuer, ANY),
  });
  checkVersion(evidence.claims);
  checkAccount(evidence.claims, account);
  return evidence;
}

/** The accounts that a token's scopes name. */
export function authorizedAccounts(claims: JsonObject): string[] {
  return scopesOf(claims).filter((scope) => scope.startsWith(AUTHORIZATION))
    .map((scope) => scope.slice(AUTHORIZATION.length))
    .filter((account) => account !== "");
}

/** Without a version it is 1.0. */
function checkVersion(claims: JsonObject): void {
  const { ver } = claims;
  if (ver !== undefined && typeof ver !== "string") {
    throw new TokenError("token_malformed", '"ver" is not a string');
  }
  const version = ver === undefined
    ? 1
    : Object.hasOwn(VERSIONS, ver)
    ? VERSIONS[ver]
    : undefined;
  if (version === undefined) {
    const shown = JSON.stringify(ver).slice(0, 40);
    throw new TokenError(
      "token_kind_unexpected",
      `the version ${shown} is not one of SciTokens`,
    );
  }
  if (version === 2) return;
  const unknown = Object.keys(claims).find((name) =>
    !CLAIMS_OF_1_0.includes(name)
  );
  if (unknown !== undefined) {
    const shown = JSON.stringify(unknown.slice(0, 60));
    throw new TokenError(
      "token_malformed",
      `SciTokens 1.0 knows no claim ${shown}, and refuses what it does not know`,
    );
  }
}

/** Never a prefix: "ssh:bob" is not for bobby, and "ssh" is for nobody. */
function checkAccount(claims: JsonObject, account: string | null): void {
  const accounts = authorizedAccounts(claims);
  if (account === null ? accounts.length > 0 : accounts.includes(account)) {
    return;
  }
  throw new TokenError(
    "scope_missing",
    `the token has no scope "${AUTHORIZATION}${account ?? "ACCOUNT"}"`,
  );
}

/** RFC 6749 section 3.3. */
function scopesOf({ scope }: JsonObject): string[] {
  return typeof scope === "string" ? scope.split(" ") : [];
}
