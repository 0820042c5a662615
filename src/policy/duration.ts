/**
 * Durations as policies write them.
 *
 * @module
 */

const SECONDS: Readonly<Record<string, number>> = {
  s: 1,
  m: 60,
  h: 3600,
  d: 86400,
};

/** Seconds of `90s`, `15m`, `8h` or `7d`; `NaN` for anything else. */
export function seconds(duration: string): number {
  const match = /^([0-9]{1,9})([smhd])$/.exec(duration);
  return match === null
    ? NaN
    : Number(match[1]) * (SECONDS[match[2] ?? ""] ?? NaN);
}

/** The shortest way to write a number of seconds: `5400` is `90m`. */
export function duration(total: number): string {
  for (const unit of ["d", "h", "m"] as const) {
    const size = SECONDS[unit] ?? 1;
    if (total !== 0 && total % size === 0) return `${total / size}${unit}`;
  }
  return `${total}s`;
}
