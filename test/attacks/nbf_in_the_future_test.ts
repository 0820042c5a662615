/**
 * RFC 7519 section 4.1.5.
 *
 * @module
 */
import { setScene } from "../support/attack.ts";

Deno.test("login refuses a token that is not valid yet", async () => {
  await using scene = await setScene();
  const now = Math.floor(Date.now() / 1000);
  for (
    const claims of [
      { nbf: now + 60 },
      { nbf: now + 86400 },
      { nbf: 253402300799 },
    ]
  ) {
    await scene.refuses(await scene.token({ claims }), "token_not_yet_valid");
  }
  for (
    const claims of [
      { nbf: now + 20 },
      { nbf: now },
      { nbf: 0 },
    ]
  ) {
    await scene.admits(await scene.token({ claims }));
  }
});
