/**
 * A spent token is presented again in its last second, and the issuer answers slowly.
 *
 * @module
 */
import { setScene } from "../support/attack.ts";

Deno.test("login with one_time remembers a token for longer than any login lasts", async () => {
  await using scene = await setScene({ issuerLines: ["one_time: true"] });
  const exp = Math.floor(Date.now() / 1000) + 300;
  const token = await scene.token({ claims: { exp } });
  await scene.admits(token);
  const lastMoment = (exp + 30 - 1) * 1000;
  for (const delay of [0, 1, 2, 3, 19]) {
    let first = true;
    const now = () => {
      const passed = first ? 0 : delay * 1000;
      first = false;
      return lastMoment + passed;
    };
    await scene.refuses(token, "token_replayed", { now });
  }
});
