/**
 * Limits of time that hold on a machine that does other things as well.
 *
 * @module
 */

/**
 * Fails unless the action takes less than so many milliseconds in one of several tries: the fastest
 * counts, because what else the machine does is not what is measured.
 */
export function assertFast(
  limit: number,
  action: () => unknown,
  { tries = 20 }: { tries?: number } = {},
): void {
  let fastest = Infinity;
  for (let left = tries; left > 0 && fastest >= limit; left--) {
    const start = performance.now();
    action();
    fastest = Math.min(fastest, performance.now() - start);
  }
  if (fastest >= limit) {
    throw new Error(
      `took ${fastest.toFixed(1)} ms, at most ${limit} ms allowed`,
    );
  }
}

/** How long the action takes, in milliseconds, in the fastest of three tries. */
export async function fastest(action: () => Promise<unknown>): Promise<number> {
  let least = Infinity;
  for (let left = 3; left > 0; left--) {
    const start = performance.now();
    await action();
    least = Math.min(least, performance.now() - start);
  }
  return least;
}

/**
 * Fails where one of the series, taken by turns, is typically longer than another by half and by
 * more than a millisecond, each of three times: what else the machine does comes and goes. The lower
 * quartiles are compared: it only adds. So many milliseconds (`besides`) one may cost in any case.
 */
export async function assertAlike(
  measure: () => Promise<Readonly<Record<string, readonly number[]>>>,
  { besides = 0 }: { besides?: number } = {},
): Promise<void> {
  const told: string[] = [];
  for (let left = 3; left > 0; left--) {
    const typical = Object.entries(await measure()).map(([name, times]) => {
      const sorted = times.toSorted((a, b) => a - b);
      return [name, sorted[Math.floor(sorted.length / 4)] ?? NaN] as const;
    });
    const values = typical.map(([, value]) => value);
    const [least, most] = [Math.min(...values), Math.max(...values)];
    if (most <= least * 1.5 + besides || most - least < 1) return;
    told.push(
      typical.map(([name, value]) => `${name} ${value.toFixed(2)} ms`)
        .join(", "),
    );
  }
  throw new Error(`they differ: ${told.join("; ")}`);
}
