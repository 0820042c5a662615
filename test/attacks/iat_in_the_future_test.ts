/**
 * A token from tomorrow: somebody prepares for later, or the clocks differ.
 *
 * @module
 */
// Threats: A11
import assert from "node:assert/strict";
import { setScene } from "../support/attack.ts";

Deno.test("login refuses a token of the future", async () => {
  await using scene = await setScene();
  const now = Math.floor(Date.now() / 1000);
  for (
    const claims of [
      { iat: now + 60 },
      { iat: now + 86400, exp: now + 90000 },
    ]
  ) {
    await scene.refuses(await scene.token({ claims }), "token_not_yet_valid");
  }
  for (
    const claims of [
      { iat: now + 20 },
      { iat: now },
    ]
  ) {
    await scene.admits(await scene.token({ claims }));
  }
});

Deno.test("login on a host whose clock is a year behind refuses, and the log says what to look at", async () => {
  await using scene = await setScene();
  const year = 365 * 86_400_000;
  const { log } = await scene.refuses(
    await scene.token(),
    "token_not_yet_valid",
    { now: () => Date.now() - year },
  );
  assert.match(log, /compare the clocks/);
});
