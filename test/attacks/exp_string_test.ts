/**
 * RFC 7519 section 4.1.4: a number, not what looks like one.
 *
 * @module
 */
import { setScene } from "../support/attack.ts";

Deno.test("login refuses an end that is no number", async () => {
  await using scene = await setScene();
  const now = Math.floor(Date.now() / 1000);
  for (
    const claims of [
      { exp: String(now + 300) },
      { exp: "never" },
      { exp: "" },
      { exp: [now + 300] },
      { exp: { value: now + 300 } },
      { exp: true },
      { exp: false },
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
