/**
 * RFC 7519 section 4.1.4: on or after its end a token is not accepted.
 *
 * @module
 */
import { setScene } from "../support/attack.ts";

Deno.test("login refuses a token that has expired", async () => {
  await using scene = await setScene();
  const now = Math.floor(Date.now() / 1000);
  for (
    const claims of [
      { exp: now - 30 },
      { exp: now - 3600 },
      { exp: 0 },
      { exp: 1 },
    ]
  ) {
    await scene.refuses(await scene.token({ claims }), "token_expired");
  }
  for (
    const claims of [
      { exp: now - 20 },
      { exp: now + 1 },
    ]
  ) {
    await scene.admits(await scene.token({ claims }));
  }
});
