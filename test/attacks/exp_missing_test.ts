/**
 * A token that never ends (RFC 9068 section 2.2 wants an end).
 *
 * @module
 */
// Threats: A10, F7
import { setScene } from "../support/attack.ts";

Deno.test("login refuses a token without an end", async () => {
  await using scene = await setScene();
  const now = Math.floor(Date.now() / 1000);
  for (
    const claims of [
      { exp: undefined },
      { exp: null },
    ]
  ) {
    await scene.refuses(await scene.token({ claims }), "claim_missing");
  }
  for (
    const claims of [
      { exp: now + 1 },
    ]
  ) {
    await scene.admits(await scene.token({ claims }));
  }
});
