/**
 * Times in tests are exact and never the real clock's.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import {
  DEFAULT_NOW,
  isRelative,
  relativeTime,
  writtenTime,
} from "../../../src/analysis/testing/time.ts";
import { instant } from "../../../src/policy/instant.ts";

Deno.test("instant() reads RFC 3339 with any offset, to the second", () => {
  assert.equal(instant("1970-01-01T00:00:00Z"), 0);
  assert.equal(instant(DEFAULT_NOW), 1767268800);
  assert.equal(instant("2026-01-01T13:00:00+01:00"), 1767268800);
  assert.equal(instant("2026-01-01T06:30:00-05:30"), 1767268800);
  assert.equal(instant("2024-02-29T00:00:00Z"), 1709164800);
});

for (
  const text of [
    "2026-02-30T00:00:00Z",
    "2025-02-29T00:00:00Z",
    "2026-01-01T24:00:00Z",
    "2026-01-01T23:59:60Z",
    "2026-13-01T00:00:00Z",
    "2026-01-01T12:00:00",
    "2026-01-01 12:00:00Z",
    "2026-01-01T12:00:00.5Z",
    "2026-01-01T12:00:00+24:00",
    "2026-01-01",
    "now",
    "",
  ]
) {
  Deno.test(`instant() refuses ${JSON.stringify(text)}`, () => {
    assert.equal(instant(text), null);
  });
}

Deno.test("relativeTime() knows now, and a distance with one unit", () => {
  assert.equal(relativeTime("now", 1000), 1000);
  assert.equal(relativeTime("now-5m", 1000), 700);
  assert.equal(relativeTime("now+1h", 1000), 4600);
  assert.equal(relativeTime("now-2d", 1000), 1000 - 172800);
  for (const text of ["now-5", "now - 5m", "now-5m ", "Now", "now-1h30m", ""]) {
    assert.equal(relativeTime(text, 1000), null, text);
  }
});

Deno.test("isRelative() also knows what was meant as one, and no other word", () => {
  for (const text of ["now", "now-5", "now - 5m", "NOW-5m"]) {
    assert.ok(isRelative(text), text);
  }
  for (const text of ["nowhere", "snow", "2026", "now5"]) {
    assert.ok(!isRelative(text), text);
  }
});

Deno.test("relativeTime() reads what writtenTime() writes", () => {
  fc.assert(fc.property(
    fc.integer({ min: 0, max: 4e9 }),
    fc.integer({ min: -9e8, max: 9e8 }),
    (now, distance) => {
      assert.equal(
        relativeTime(writtenTime(now + distance, now), now),
        now + distance,
      );
    },
  ));
});
