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
