/**
 * Instants: what is one, and that it is written as it is read.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  INSTANT,
  instant,
  instantSeconds,
  instantText,
} from "../../src/policy/instant.ts";
import { holds } from "../support/properties.ts";

const two = (number: number) => String(number).padStart(2, "0");

Deno.test("INSTANT has exactly the days that there are", () => {
  for (const year of [0, 4, 1900, 1999, 2000, 2024, 2026, 2027, 2100, 9999]) {
    for (let month = 0; month <= 13; month++) {
      for (let day = 0; day <= 32; day++) {
        const date = new Date(0);
        date.setUTCFullYear(year, month - 1, day);
        const real = date.getUTCMonth() === month - 1 &&
          date.getUTCDate() === day && date.getUTCFullYear() === year;
        const text = `${String(year).padStart(4, "0")}-${two(month)}-${
          two(day)
        }T00:00:00Z`;
        assert.equal(INSTANT.test(text), real, text);
        assert.equal(
          instant(text),
          real ? date.getTime() / 1000 : null,
          text,
        );
      }
    }
  }
});

for (
  const text of [
    "2027-01-31T00:00:00z",
    "2027-01-31t00:00:00Z",
    "2027-01-31T00:00:00",
    "2027-01-31T00:00Z",
    "2027-01-31T00:00:00.0Z",
    "2027-01-31T00:00:00+1:00",
    "2027-01-31T00:00:00+01:60",
    "2027-01-31T00:00:60Z",
    "+002027-01-31T00:00:00Z",
    "2027-01-31T00:00:00Z\n",
    " 2027-01-31T00:00:00Z",
    "0000-01-01T00:00:00+01:00",
    "9999-12-31T23:59:59-00:01",
  ]
) {
  Deno.test(`instantSeconds() is not a number for ${JSON.stringify(text)}`, () => {
    assert.equal(instant(text), null);
    assert.ok(Number.isNaN(instantSeconds(text)));
  });
}

Deno.test("instantText() writes in UTC what instant() reads", () => {
  assert.equal(
    instantText(instantSeconds("2027-01-31T01:30:00+01:30")),
    "2027-01-31T00:00:00Z",
  );
  const [first, last] = ["0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z"];
  holds(
    fc.property(
      fc.integer({ min: instantSeconds(first), max: instantSeconds(last) }),
      (seconds) => {
        assert.equal(instant(instantText(seconds)), seconds);
      },
    ),
    { runs: 500 },
  );
});

Deno.test("whatever offset an instant is written with, it can be written in UTC", () => {
  const texts = fc.record({
    date: fc.constantFrom(
      "0000-01-01T00:00:00",
      "0001-01-01T00:00:00",
      "9998-12-31T23:59:59",
      "9999-12-31T23:59:59",
      "2027-01-31T00:00:00",
    ),
    offset: fc.constantFrom("Z", "+23:59", "-23:59", "-00:00", "+05:30"),
  }).map(({ date, offset }) => `${date}${offset}`);
  let read = 0;
  holds(
    fc.property(texts, (text) => {
      const seconds = instant(text);
      if (seconds === null) return;
      read++;
      assert.equal(instant(instantText(seconds)), seconds, text);
    }),
    { runs: 200 },
  );
  assert.ok(read > 50, `${read} were read`);
});

Deno.test("instantText() says what no calendar has in seconds", () => {
  assert.equal(instantText(NaN), "NaN s");
  assert.equal(instantText(1e15), "1000000000000000 s");
});
