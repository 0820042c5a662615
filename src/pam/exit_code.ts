/**
 * From reasons to exit codes, numbered after Linux-PAM's return values.
 *
 * pam_exec passes on only zero or not zero; the number reaches its log line and `outcome`.
 *
 * @module
 */
import { type Reason, REASON_ROWS } from "../lib/reason.ts";

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
 * What `outcome` can be asked for. Success is not among them: it must not be able to repeat a grant.
 * "device_limit" is a reason: a stack may treat a crowd otherwise than a refusal.
 */
export const OUTCOMES: readonly string[] = [
  ...Object.keys(EXIT_CODES).filter((name) => name !== "success"),
  "device_limit",
];

/**
 * Linux-PAM's PAM_IGNORE: under the launcher `device start` ends with it when there is a code to
 * enter, and `device tell` always, so that their lines neither admit nor refuse. Not an outcome.
 */
export const IGNORE = 25;

/**
 * What a yes ends with: 0, or under the launcher the value that it named for this run, because too much
 * ends with 0 by accident. `null`, and so no yes, where what it named is not such a value.
 */
export function grantCode(named: string | undefined): number | null {
  if (named === undefined) return EXIT_CODES.success;
  return /^(?:3[2-9]|[45][0-9]|6[0-3])$/.test(named) ? Number(named) : null;
}

export interface ResultKind {
  /** A question, not a login, and it was answered: no further prompt makes sense. */
  readonly answered?: boolean;
  /**
   * What was typed chose which issuer was asked. Whoever types must not be able to choose the
   * outcome, which can open another way in.
   */
  readonly steered?: boolean;
}

/**
 * The PAM return value that a reason stands for. "allowed" is not in here: see `main.ts`.
 */
export function pamCode(
  reason: Exclude<Reason, "allowed">,
  { answered = false, steered = false }: ResultKind = {},
): Exclude<PamCode, "success"> {
  if (answered) return "maxtries";
  const code = exitOf(reason);
  // whoever types must not be able to open another way in
  return steered && (code === "authinfo_unavail" || code === "service_err")
    ? "auth_err"
    : code;
}

/** What nobody knows is a refusal, whatever it claims to be. */
function exitOf(reason: string): Exclude<PamCode, "success"> {
  const exit = Object.hasOwn(REASON_ROWS, reason)
    ? REASON_ROWS[reason as Reason].exit
    : "auth_err";
  return exit === "success" ? "auth_err" : exit;
}
