/**
 * A time that cannot be read is not passed over.
 *
 * @module
 */
import { setScene } from "../support/attack.ts";

Deno.test("login refuses times that are not numbers of seconds", async () => {
  await using scene = await setScene();
  const now = Math.floor(Date.now() / 1000);
  for (
    const claims of [
      { iat: String(now) },
      { iat: now * 1000 },
      { iat: -1 },
      { iat: true },
      { iat: [now] },
      { iat: 9e15 },
      { nbf: null },
      { nbf: String(now) },
      { nbf: now * 1000 },
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
      { iat: now - 5.447 },
      { nbf: now },
      { nbf: now - 5.447 },
    ]
  ) {
    await scene.admits(await scene.token({ claims }));
  }
});
