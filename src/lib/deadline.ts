/**
 * Waiting with an end. Built on `AbortSignal.timeout`, because the first `setTimeout` of a process
 * costs it ten milliseconds.
 *
 * @module
 */

/**
 * What the promise gives, or what `late` gives when that takes longer than `milliseconds`. `late`
 * may throw. While waiting, the event loop stays alive, even if the promise will never settle.
 */
export async function within<Result>(
  promise: Promise<Result>,
  milliseconds: number,
  late: () => Result,
): Promise<Result> {
  const signal = AbortSignal.timeout(milliseconds);
  const { promise: deadline, resolve } = Promise.withResolvers<"late">();
  const onAbort = () => resolve("late");
  signal.addEventListener("abort", onAbort);
  try {
    const first = await Promise.race([
      promise.then((value) => ({ value })),
      deadline,
    ]);
    return first === "late" ? late() : first.value;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** Enough for what needs a thread or two. */
const TURNS = 8;

/**
 * As {@link within}, but the time begins to run after a few turns of the event loop: for what has usually
 * happened by then, and a process that needs no other timer, which costs more than those.
 */
export async function withinUnlessSoon<Result>(
  promise: Promise<Result>,
  milliseconds: number,
  late: () => Result,
): Promise<Result> {
  let settled = false;
  const settle = () => settled = true;
  promise.then(settle, settle);
  for (let turn = 0; turn < TURNS && !settled; turn++) {
    await crypto.subtle.digest("SHA-256", new Uint8Array());
  }
  return settled ? await promise : await within(promise, milliseconds, late);
}
