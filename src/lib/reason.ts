/**
 * Why an attempt ended as it did: the closed set of reasons that login, logs, explanations, tests and
 * the reference know, each with what it means and the exit code that it ends with.
 *
 * @module
 */

interface ReasonRow {
  /**
   * What it is about: the token alone; the policy's answer about a verified token; signing in with a
   * browser; the issuer; or this host and its configuration.
   */
  readonly from: "token" | "policy" | "sign-in" | "issuer" | "site";
  /** The name of a PAM return value. */
  readonly exit:
    | "success"
    | "service_err"
    | "system_err"
    | "auth_err"
    | "authinfo_unavail"
    | "user_unknown";
}

// most end as any refused authentication does
const TOKEN = { from: "token", exit: "auth_err" } as const;
const POLICY = { from: "policy", exit: "auth_err" } as const;
const SIGN_IN = { from: "sign-in", exit: "auth_err" } as const;

export const REASON_ROWS = {
  allowed: { from: "policy", exit: "success" },
  token_missing: TOKEN,
  token_truncated: TOKEN,
  token_malformed: TOKEN,
  token_kind_unexpected: TOKEN,
  algorithm_not_allowed: TOKEN,
  type_not_allowed: TOKEN,
  certificate_malformed: TOKEN,
  key_not_bound: TOKEN,
  issuer_unknown: TOKEN,
  audience_mismatch: TOKEN,
  key_not_found: TOKEN,
  signature_invalid: TOKEN,
  token_expired: TOKEN,
  token_not_yet_valid: TOKEN,
  token_too_old: TOKEN,
  claim_missing: TOKEN,
  token_replayed: TOKEN,
  token_inactive: TOKEN,
  scope_missing: TOKEN,
  denied_by_rule: POLICY,
  mfa_required: POLICY,
  reauthentication_required: POLICY,
  idp_not_permitted: POLICY,
  account_not_permitted: { from: "policy", exit: "user_unknown" },
  account_protected: POLICY,
  device_denied: SIGN_IN,
  device_expired: SIGN_IN,
  device_limit: SIGN_IN,
  issuer_unavailable: { from: "issuer", exit: "authinfo_unavail" },
  issuer_refused: { from: "issuer", exit: "service_err" },
  policy_invalid: { from: "site", exit: "service_err" },
  request_invalid: { from: "site", exit: "auth_err" },
  internal_error: { from: "site", exit: "system_err" },
} as const satisfies Record<string, ReasonRow>;

export type Reason = keyof typeof REASON_ROWS;

/** The reasons that are about this. */
type ReasonFrom<From extends ReasonRow["from"]> = {
  [Name in Reason]: typeof REASON_ROWS[Name]["from"] extends From ? Name
    : never;
}[Reason];

export type PolicyReason = ReasonFrom<"policy">;
export type TokenErrorCode = ReasonFrom<"token">;
export type SignInErrorCode = ReasonFrom<"sign-in">;

export const REASONS = Object.keys(REASON_ROWS) as readonly Reason[];

/** What each means: its line of the reference. Apart from the rows, since no login needs to know. */
export const REASON_MEANS: Readonly<Record<Reason, string>> = {
  allowed: "a rule admits",
  token_missing: "nothing was handed over",
  token_truncated: "the token ends where pam_exec cuts it off",
  token_malformed: "it is not a token, or not a strict one",
  token_kind_unexpected:
    "encrypted, bound to a key, delegated, or not for logging in",
  algorithm_not_allowed: "`alg` is not in the policy",
  type_not_allowed: "`typ` is not in the policy",
  certificate_malformed:
    "the SSH certificate is not one that carries a token, or not a strict one",
  key_not_bound:
    "the token and the key of the SSH certificate do not belong together",
  issuer_unknown: "`iss` is not in the policy",
  audience_mismatch: "`aud` holds none of the policy's audiences",
  key_not_found: "the issuer publishes no key, or no single key, that fits",
  signature_invalid: "not signed by the issuer's key",
  token_expired: "`exp` has passed",
  token_not_yet_valid: "`nbf` or `iat` lies in the future",
  token_too_old:
    "issued longer ago than `max_token_age`, or a certificate's `lifetime`",
  claim_missing: "a claim that verification needs is missing",
  token_replayed: "a token of a `one_time` issuer was used before",
  token_inactive: "the issuer says that the token is not active",
  scope_missing: "a scope that the policy requires is missing",
  denied_by_rule: "a deny rule matches",
  mfa_required: "a rule would admit after several factors",
  reauthentication_required:
    "a rule would admit after a more recent authentication",
  idp_not_permitted: "a rule would admit through another identity provider",
  account_not_permitted: "no rule opens this account to this identity",
  account_protected: "a rule would admit, but the account is protected",
  device_denied: "the user refused, or the issuer did",
  device_expired: "nobody approved in time",
  device_limit: "too many sign-ins were started",
  issuer_unavailable:
    "the issuer cannot be reached: no connection, time-out, 5xx",
  issuer_refused: "the issuer answers, and refuses us or answers nonsense",
  policy_invalid: "the policy, or a file it names, cannot be used",
  request_invalid: "the PAM environment is not in order",
  internal_error: "a defect, or out of time",
};
