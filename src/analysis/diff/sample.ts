/**
 * What is tried where there are too many combinations to search: around a request that a rule
 * admits, every pair of values of every two variables.
 *
 * @module
 */
import type { Scene } from "./scene.ts";
import { type Region, solve } from "./solver.ts";

/** Requests tried for one rule. */
const MAX_TRIES = 4_000;
const BASE_STEPS = 2_000;

/** Points in or near the region: for each variable the number of its value. */
export function* sampled(
  inside: Region,
  { space, always }: Scene,
): Generator<readonly number[]> {
  const base = solve(
    { sizes: space.sizes, inside: [...always, ...inside], outside: [] },
    { steps: BASE_STEPS },
  );
  if (base === null || base === "gave up") return;
  const start = base.map((mask, variable) =>
    valuesOf(mask, space.sizes[variable] ?? 0)[0] ?? 0
  );
  yield start;
  let tries = 0;
  for (const [one, size] of space.sizes.entries()) {
    for (let other = one + 1; other < space.sizes.length; other++) {
      for (let first = 0; first < size; first++) {
        for (let second = 0; second < (space.sizes[other] ?? 0); second++) {
          if (++tries > MAX_TRIES) return;
          yield start.with(one, first).with(other, second);
        }
      }
    }
  }
}

function valuesOf(mask: bigint, size: number): number[] {
  return Array.from({ length: size }, (_, index) => index).filter((index) =>
    (mask >> BigInt(index)) % 2n === 1n
  );
}
