/**
 * Exit codes of the verbs for people and CI: the same for every verb, whatever the format.
 *
 * @module
 */
export const EXIT = {
  /** Asked, and the answer is fine. */
  fine: 0,
  /** Asked, and the answer is negative: findings, a wrong decision, a change that was not wanted. */
  negative: 1,
  usage: 2,
  /** Could not answer: unreadable, not YAML, invalid. */
  unanswered: 3,
  /** Nothing was checked. */
  nothing: 4,
  /** Asked what a verb is for that PAM runs: never a yes, also where that is found out too late. */
  pam: 7,
  internal: 70,
} as const;
export type ExitCode = typeof EXIT[keyof typeof EXIT];

const PRECEDENCE: readonly ExitCode[] = [2, 70, 3, 4, 7, 1, 0];

/** The one code for several results: a failure to answer outweighs any answer. */
export function worstOf(codes: readonly ExitCode[]): ExitCode {
  return PRECEDENCE.find((code) => codes.includes(code)) ?? EXIT.fine;
}
