/**
 * That an issuer failed a moment ago, kept in a file that all logins share: whoever hangs costs one login
 * its time, not all. It can only refuse, or let expired keys serve that would serve anyway.
 *
 * @module
 */
import type { StateDirectory } from "../files/state_directory.ts";
import { objectIn } from "../lib/json.ts";
import { isIssuerError, IssuerError, type IssuerProblem } from "./errors.ts";

/** Seconds for which no process asks again after keys could not be had. */
export const FAILURE_SPARED = 30;

/** Whoever gave up sooner had too little time left: that says nothing of the issuer. */
const PATIENCE_MS = 1_500;

/** Where failures of one issuer are kept, and by which way it was asked. */
interface Failures {
  readonly cache: StateDirectory;
  /** Of the entry. */
  readonly name: string;
  /** A failure on another way, as before the policy was mended, is not one on this. */
  readonly way: string;
  /** Whether it gets less than its whole time: that it is too slow then says little. */
  readonly hurried: boolean;
  /** Whether that is enough, as where expired keys can serve. */
  readonly spared: boolean;
  /** Seconds since the epoch. */
  readonly now: () => number;
}

/**
 * What `ask` gives. Where any process met a failure within the last {@link FAILURE_SPARED} seconds, throws
 * that, with the same code, and asks nobody. Throws what `ask` throws and remembers it for the others; an
 * answer ends that. `null`: nobody was asked.
 */
export async function askedUnlessFailing<Answer>(
  failures: Failures,
  ask: () => Promise<Answer>,
): Promise<Answer> {
  const { cache, name } = failures;
  const earlier = recentFailure(failures, await cache.read(name));
  if (earlier !== null) throw earlier;
  const begun = performance.now();
  let answer: Answer;
  try {
    answer = await ask();
  } catch (error) {
    const hasty = performance.now() - begun < PATIENCE_MS;
    if (isIssuerError(error) && !(error.problem === "timeout" && hasty)) {
      await remember(failures, error);
    }
    throw error;
  }
  if (answer !== null) await cache.remove(name);
  return answer;
}

function recentFailure(
  { way, spared, now }: Failures,
  bytes: Uint8Array | null,
): IssuerError | null {
  const found = objectIn(bytes) ?? {};
  const { at, problem, status, message } = found;
  if (found.way !== way || !Number.isSafeInteger(at)) return null;
  if (found.hurried !== undefined && !spared) return null;
  const ago = now() - (at as number);
  // a time in the future is a clock that was set back, or forged
  if (!(ago >= 0 && ago < FAILURE_SPARED)) return null;
  if (typeof problem !== "string" || typeof message !== "string") return null;
  return new IssuerError(
    problem as IssuerProblem,
    `${message} (${ago} s ago; it is asked again in ${FAILURE_SPARED - ago} s)`,
    typeof status === "number" ? { status } : {},
  );
}

async function remember(
  { cache, name, way, hurried, now }: Failures,
  { problem, status, message }: IssuerError,
): Promise<void> {
  const entry = JSON.stringify({
    ...{ at: now(), way, problem, status, message },
    ...(hurried && problem === "timeout" ? { hurried } : {}),
  });
  // where it cannot be kept, others ask for themselves
  await cache.write(name, new TextEncoder().encode(entry)).catch(() => {});
}
