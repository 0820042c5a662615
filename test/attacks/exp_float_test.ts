/**
 * A fraction of a second, as RFC 7519 section 2 allows it, never rounds in the favour of the token.
 *
 * @module
 */
import { setScene } from "../support/attack.ts";

Deno.test("login refuses an end that is not a time of this age, or that has come", async () => {
  await using scene = await setScene({ issuerLines: ["clock_skew: 0s"] });
  const now = Math.floor(Date.now() / 1000);
  for (
    const claims of [
      { exp: (now + 300) * 1000 },
      { exp: (now + 300.25) * 1000 },
      { exp: -1 },
      { exp: -0.5 },
      { exp: -(now + 300) },
      { exp: -9e15 },
    ]
  ) {
    await scene.refuses(await scene.token({ claims }), "token_malformed");
  }
  for (const exp of ["1e400", "-1e400", "NaN"]) {
    const payload = JSON.stringify(scene.claims({ exp: 7 }));
    await scene.refuses(
      await scene.raw({ payload: payload.replace('"exp":7', `"exp":${exp}`) }),
      "token_malformed",
    );
  }
  for (const exp of [now + 0.999, now - 0.001, Number.MIN_VALUE]) {
    await scene.refuses(
      await scene.token({ claims: { exp } }),
      "token_expired",
    );
  }
  for (
    const claims of [
      { exp: now + 300 },
      { exp: now + 300.25 },
    ]
  ) {
    await scene.admits(await scene.token({ claims }));
  }
});
