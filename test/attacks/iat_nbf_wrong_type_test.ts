/**
 * A time that cannot be read is not passed over.
 *
 * @module
 */
import { setScene } from "../support/attack.ts";

Deno.test("login refuses times that are not whole numbers", async () => {
  await using scene = await setScene();
  const now = Math.floor(Date.now() / 1000);
  for (
    const claims of [
      { iat: String(now) },
      { iat: now + 0.5 },
      { iat: -1 },
      { iat: true },
      { iat: [now] },
      { iat: 9e15 },
      { nbf: null },
      { nbf: String(now) },
      { nbf: now + 0.5 },
      { nbf: -1 },
      { nbf: true },
      { nbf: [now] },
    ]
  ) {
    await scene.refuses(await scene.token({ claims }), "token_malformed");
  }
  for (
    const claims of [
      { iat: now },
      { nbf: now },
    ]
  ) {
    await scene.admits(await scene.token({ claims }));
  }
});
