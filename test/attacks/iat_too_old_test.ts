/**
 * A token that lives long is still not for long (max_token_age).
 *
 * @module
 */
import { setScene } from "../support/attack.ts";

Deno.test("login refuses an old token that is far from its end", async () => {
  await using scene = await setScene();
  const now = Math.floor(Date.now() / 1000);
  for (
    const claims of [
      { iat: now - 86400 - 60 },
      { iat: 0 },
      { iat: 1, nbf: now },
    ]
  ) {
    await scene.refuses(await scene.token({ claims }), "token_too_old");
  }
  for (
    const claims of [
      { iat: now - 86400 + 60 },
    ]
  ) {
    await scene.admits(await scene.token({ claims }));
  }
});
