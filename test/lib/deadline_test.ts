/**
 * Waiting ends, with or without a timer of its own from the beginning.
 *
 * @module
 */
import assert from "node:assert/strict";
import { within, withinUnlessSoon } from "../../src/lib/deadline.ts";

for (
  const [name, wait] of Object.entries({ within, withinUnlessSoon })
) {
  Deno.test(`${name}() gives what the promise gives, or throws what it throws`, async () => {
    const never = () => assert.fail("it was in time");
    assert.equal(await wait(Promise.resolve(7), 60_000, never), 7);
    const failing = Promise.reject(new RangeError("no"));
    await assert.rejects(wait(failing, 60_000, never), RangeError);
    const later = crypto.subtle.digest("SHA-256", new Uint8Array()).then(() =>
      8
    );
    assert.equal(await wait(later, 60_000, never), 8);
  });

  Deno.test(`${name}() gives up where the promise never settles`, async () => {
    const never = new Promise<string>(() => {});
    assert.equal(await wait(never, 1, () => "late"), "late");
    await assert.rejects(
      wait(never, 1, () => {
        throw new RangeError("late");
      }),
      RangeError,
    );
  });
}
