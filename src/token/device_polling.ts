/**
 * Waiting for the user's answer in the browser (RFC 8628 section 3.5).
 *
 * @module
 */
import { isOutageError, IssuerError } from "../issuer/errors.ts";
import type { PollAnswer } from "./device_flow.ts";
import { SignInError } from "./errors.ts";

export type Granted = Extract<PollAnswer, { status: "granted" }>;

/** RFC 8628 section 3.5: what every slow_down adds. */
const SLOW_DOWN_SECONDS = 5;

export interface PollOptions {
  /** Asks once. Throws {@link IssuerError}. */
  readonly poll: () => Promise<PollAnswer>;
  /** Seconds between two requests. */
  readonly interval: number;
  /** When to give up, in milliseconds since the epoch. */
  readonly deadline: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly wait: (milliseconds: number) => Promise<void>;
  /** Aborted when nobody waits for the answer any more. */
  readonly gone: AbortSignal;
}

/**
 * Asks at once, because the user has come back already, and then at the issuer's pace until there
 * are tokens, or nobody waits for them. Throws {@link SignInError} `device_denied` or
 * `device_expired`, and {@link IssuerError} when the issuer could not be asked in the end.
 */
export async function pollForTokens(options: PollOptions): Promise<Granted> {
  let interval = options.interval;
  while (true) {
    let failure: IssuerError | null = null;
    try {
      const answer = await options.poll();
      if (answer.status === "granted") return answer;
      if (answer.status === "denied" || answer.status === "expired") {
        throw new SignInError(
          `device_${answer.status}`,
          `the issuer answered ${JSON.stringify(answer.error.slice(0, 60))}`,
        );
      }
      if (answer.status === "slow_down") interval += SLOW_DOWN_SECONDS;
    } catch (error) {
      // only what may pass is worth another try, at half the pace
      if (!isOutageError(error)) throw error;
      failure = error;
      interval *= 2;
    }
    checkPresence(options.gone);
    // no request would come in time: neither flood the issuer nor keep anybody waiting
    if (options.now() + interval * 1000 > options.deadline) {
      throw failure ?? new SignInError(
        "device_expired",
        "nobody approved the sign-in in time",
      );
    }
    await Promise.race([options.wait(interval * 1000), aborted(options.gone)]);
    checkPresence(options.gone);
  }
}

/** Throws {@link SignInError} where nobody waits for the sign-in any more. */
export function checkPresence(gone: AbortSignal): void {
  if (!gone.aborted) return;
  throw new SignInError(
    "device_expired",
    "the connection was closed before the sign-in ended",
  );
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
