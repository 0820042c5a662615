/**
 * Decisions and the closed set of reasons for them.
 *
 * @module
 */

/**
 * Every reason that login, logs, explanations, tests and README know. Each is documented in
 * README, "Reasons"; a test asserts that the lists are equal.
 */
export const REASONS = [
  "allowed",
  "token_missing",
  "token_truncated",
  "token_malformed",
  "token_kind_unexpected",
  "algorithm_not_allowed",
  "type_not_allowed",
  "issuer_unknown",
  "audience_mismatch",
  "key_not_found",
  "signature_invalid",
  "token_expired",
  "token_not_yet_valid",
  "token_too_old",
  "claim_missing",
  "token_replayed",
  "token_inactive",
  "scope_missing",
  "denied_by_rule",
  "mfa_required",
  "reauthentication_required",
  "idp_not_permitted",
  "account_not_permitted",
  "account_protected",
  "device_denied",
  "device_expired",
  "device_limit",
  "issuer_unavailable",
  "issuer_refused",
  "policy_invalid",
  "request_invalid",
  "internal_error",
] as const;
export type Reason = typeof REASONS[number];

/** What a policy can answer about a verified token; all other reasons are about something else. */
export const POLICY_REASONS = [
  "allowed",
  "denied_by_rule",
  "mfa_required",
  "reauthentication_required",
  "idp_not_permitted",
  "account_not_permitted",
  "account_protected",
] as const satisfies readonly Reason[];

/** Why a rule did not match, or matched and did not grant. */
export type Because =
  | "issuer_mismatch"
  | "service_mismatch"
  | "rhost_mismatch"
  | "claim_missing"
  | "claim_type"
  | "claim_distributed"
  | "identities_untold"
  | "claim_mismatch"
  | "account_mismatch"
  | "account_protected"
  | "reauthentication_required"
  | "mfa_required"
  | "idp_not_permitted";

/** What one rule had to say. */
export interface RuleOutcome {
  readonly id: string;
  readonly effect: "allow" | "deny";
  /** Issuers, services, networks, conditions and accounts all hold. */
  readonly matched: boolean;
  /** A matching allow rule that would admit on its own: assurance met, account not protected. */
  readonly granted: boolean;
  /**
   * The first thing that kept it from matching or granting; of a deny rule that matched, the first
   * thing that could not be told; `null` when there is neither.
   */
  readonly because: Because | null;
  /** The path of that thing inside the rule, such as `["when", "groups", "any"]`. */
  readonly condition: readonly string[] | null;
  readonly expected: unknown;
  readonly actual: unknown;
}

/** The answer to a request. `decision` is "allow" exactly when `reason` is "allowed". */
export interface Decision {
  readonly decision: "allow" | "deny";
  readonly reason: Reason;
  /** The rule that decided; `null` for a deny by default. */
  readonly rule: string | null;
  readonly rules: readonly RuleOutcome[];
  /** What went wrong, when the reason is "internal_error" or "request_invalid"; or what could not be told. */
  readonly detail?: string;
}
