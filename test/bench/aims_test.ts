/**
 * Aims, medians and lines.
 *
 * @module
 */
import assert from "node:assert/strict";
import { type Aim, missed, table, verdict } from "./aims.ts";
import { fittedLine, median } from "./statistics.ts";

const aim = (measured: number, bounds: Partial<Aim>): Aim => ({
  what: "login",
  unit: "x",
  measured,
  ...bounds,
});

Deno.test("an aim is met up to its bound, and missed behind it", () => {
  const said: [number, Partial<Aim>, string][] = [
    [1.42, { atMost: 1.42 }, "met"],
    [1.43, { atMost: 1.42 }, "missed by 1 %"],
    [1.4201, { atMost: 1.42 }, "missed by less than 1 %"],
    [2.84, { atMost: 1.42 }, "missed by 100 %"],
    [5, { atLeast: 5 }, "met"],
    [4, { atLeast: 5 }, "missed by 20 %"],
    [NaN, { atMost: 5 }, "missed: nothing was measured"],
    [-3, { atMost: 10 }, "met"],
    [0, { atMost: 0 }, "met"],
    [1, { atMost: 0 }, "missed"],
    [4, {}, ""],
  ];
  for (const [measured, bounds, expected] of said) {
    assert.equal(verdict(aim(measured, bounds)), expected);
  }
});

Deno.test("an aim fails the bench when it is missed by more than a quarter", () => {
  assert(!missed(aim(1.25, { atMost: 1 })));
  assert(missed(aim(1.26, { atMost: 1 })));
  assert(!missed(aim(4, { atLeast: 5 })));
  assert(missed(aim(3.9, { atLeast: 5 })));
  assert(missed(aim(NaN, {})), "what was not measured is not met");
  assert(!missed(aim(1000, {})), "shown only");
});

Deno.test("the table says of each aim what was measured and what was aimed at", () => {
  assert.equal(
    table([
      aim(1.5, { atMost: 1.42 }),
      { what: "memory", unit: "MB", measured: 39.96, atMost: 60 },
      { what: "fetches", unit: "requests", measured: 2, atMost: 2 },
    ]),
    `what     measured    aim
login    1.50 x      <= 1.42 x      missed by 6 %
memory   40.0 MB     <= 60 MB       met
fetches  2 requests  <= 2 requests  met
`,
  );
});

Deno.test("the median is the middle, or lies between the two", () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  assert(Number.isNaN(median([])));
});

Deno.test("a fitted line goes through points that lie on one", () => {
  const { base, slope } = fittedLine([[1, 40.5], [10, 45], [100, 90]]);
  assert(Math.abs(base - 40) < 1e-9 && Math.abs(slope - 0.5) < 1e-9);
});

Deno.test("a fitted line lies between points that do not", () => {
  const { base, slope } = fittedLine([[0, 1], [0, 3], [2, 4], [2, 6]]);
  assert(Math.abs(base - 2) < 1e-9 && Math.abs(slope - 1.5) < 1e-9);
});

Deno.test("there is no line through points one above the other", () => {
  assert(Number.isNaN(fittedLine([[1, 1], [1, 2]]).slope));
});
