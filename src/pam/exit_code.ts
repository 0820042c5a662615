/**
 * From reasons to exit codes, numbered after Linux-PAM's return values.
 *
 * pam_exec passes on only zero or not zero; the number reaches its log line and `outcome`.
 *
 * @module
 */
import type { Reason } from "../policy/decision.ts";

export const EXIT_CODES = {
  success: 0,
  service_err: 3,
  system_err: 4,
  auth_err: 7,
  authinfo_unavail: 9,
  user_unknown: 10,
  maxtries: 11,
} as const;
export type PamCode = keyof typeof EXIT_CODES;

/**
 * Linux-PAM's PAM_IGNORE: under the launcher `device start` ends with it when there is a code to
 * enter, so that its line neither admits nor refuses. Not an outcome.
 */
export const IGNORE = 25;

/**
 * The PAM return value that a reason stands for; a question that was `answered` has one of its own,
 * after which no further prompt makes sense. "allowed" is not in here: see `main.ts`.
 */
export function pamCode(
  reason: Exclude<Reason, "allowed">,
  { answered = false }: { readonly answered?: boolean } = {},
): Exclude<PamCode, "success"> {
  if (answered) return "maxtries";
  switch (reason) {
    case "issuer_unavailable":
    case "policy_invalid":
      return "authinfo_unavail";
    case "account_not_permitted":
      return "user_unknown";
    case "internal_error":
      return "system_err";
    default:
      return "auth_err";
  }
}
