/**
 * Whole seconds since 1970 only: nothing rounds in the favour of the token.
 *
 * @module
 */
import { setScene } from "../support/attack.ts";

Deno.test("login refuses an end that is not a whole number", async () => {
  await using scene = await setScene();
  const now = Math.floor(Date.now() / 1000);
  for (
    const claims of [
      { exp: now + 0.5 },
      { exp: now + 300.25 },
      { exp: Number.MIN_VALUE },
      { exp: -1 },
      { exp: -0.5 },
      { exp: -(now + 300) },
      { exp: -9e15 },
    ]
  ) {
    await scene.refuses(await scene.token({ claims }), "token_malformed");
  }
  for (
    const claims of [
      { exp: now + 300 },
    ]
  ) {
    await scene.admits(await scene.token({ claims }));
  }
});
