/**
 * Durations: whole numbers with one unit.
 *
 * @module
 */

import assert from "node:assert/strict";
import { duration, seconds } from "../../src/policy/duration.ts";

for (
  const [text, expected] of [
    ["0s", 0],
    ["90s", 90],
    ["15m", 900],
    ["8h", 28_800],
    ["7d", 604_800],
    ["999999999d", 86_399_999_913_600],
  ] as const
) {
  Deno.test(`seconds() reads ${text}`, () =>
    assert.equal(seconds(text), expected));
}

for (
  const text of [
    "",
    "5",
    "s",
    "-5s",
    "+5s",
    "1.5h",
    "5 s",
    "5S",
    "5s\n",
    "1h30m",
    "1e3s",
    "1w",
    "٥s",
  ]
) {
  Deno.test(`seconds() does not read ${JSON.stringify(text)}`, () => {
    assert.equal(Number.isNaN(seconds(text)), true);
  });
}

Deno.test("duration() writes the largest unit that divides", () => {
  const written = [0, 1, 60, 90, 5400, 3600, 86_400, 90_000].map(duration);
  assert.deepEqual(written, [
    "0s",
    "1s",
    "1m",
    "90s",
    "90m",
    "1h",
    "1d",
    "25h",
  ]);
});
