/**
 * Decisions about requests.
 *
 * @module
 */
import {
  type PolicyReason,
  type Reason,
  REASON_ROWS,
  REASONS,
} from "../lib/reason.ts";

/** What a policy can answer about a verified token; all other reasons are about something else. */
export const POLICY_REASONS: readonly PolicyReason[] = REASONS.filter((
  reason,
): reason is PolicyReason => REASON_ROWS[reason].from === "policy");

/** Why a rule did not match, or matched and did not grant. */
export type Because =
  | "issuer_mismatch"
  | "service_mismatch"
  | "rhost_mismatch"
  | "rule_expired"
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
  /** Issuers, services, networks, time, conditions and accounts all hold. */
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
