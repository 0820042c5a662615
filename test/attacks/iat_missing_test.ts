/**
 * Without its age, the age of a token cannot be limited.
 *
 * @module
 */
import { setScene } from "../support/attack.ts";

Deno.test("login refuses a token without an age", async () => {
  await using scene = await setScene();
  const now = Math.floor(Date.now() / 1000);
  for (
    const claims of [
      { iat: undefined },
      { iat: null },
    ]
  ) {
    await scene.refuses(await scene.token({ claims }), "claim_missing");
  }
  for (
    const claims of [
      { iat: now },
    ]
  ) {
    await scene.admits(await scene.token({ claims }));
  }
});
