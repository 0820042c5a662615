/**
 * What is longer than any token is not read to its end.
 *
 * @module
 */
// Threats: I2, I4
import assert from "node:assert/strict";
import { setScene, tokenOfLength } from "../support/attack.ts";

Deno.test("login refuses a token of more than 16 KiB", async () => {
  await using scene = await setScene();
  const longest = await tokenOfLength(scene, 16_384);
  for (
    const typed of [
      await tokenOfLength(scene, 16_385),
      await tokenOfLength(scene, 16_386),
      await tokenOfLength(scene, 100_000),
      `${longest}\n\n`,
      ".".repeat(16_384),
      "A".repeat(16_384),
      "A".repeat(1024 * 1024),
    ]
  ) {
    const started = performance.now();
    await scene.refusesUnasked(typed, "token_malformed");
    assert.ok(performance.now() - started < 1000, "took longer than a second");
  }
  await scene.admits(longest);
  await scene.admits(`${longest}\n`);
});
