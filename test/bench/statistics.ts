/**
 * Medians, and how much a cost grows with what it is asked to do.
 *
 * @module
 */

/** `NaN` of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? NaN;
  return Number.isInteger(middle)
    ? ((sorted[middle - 1] ?? NaN) + upper) / 2
    : upper;
}

/** A straight line through points, by least squares. */
export interface Line {
  /** Where it begins, at 0. */
  readonly base: number;
  /** What one more costs. */
  readonly slope: number;
}

/** `NaN` where all points have the same `x`, or there is none. */
export function fittedLine(
  points: readonly (readonly [x: number, y: number])[],
): Line {
  const mean = (of: (point: readonly [number, number]) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [x, y] = [mean((point) => point[0]), mean((point) => point[1])];
  const slope = mean((point) => (point[0] - x) * (point[1] - y)) /
    mean((point) => (point[0] - x) ** 2);
  return { slope, base: y - slope * x };
}
