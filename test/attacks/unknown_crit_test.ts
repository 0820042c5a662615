/**
 * RFC 7515 section 4.1.11: what must be understood and is not.
 *
 * @module
 */
// Threats: A5
import { setScene } from "../support/attack.ts";

Deno.test("login refuses every crit header without asking the issuer", async () => {
  await using scene = await setScene();
  for (
    const header of [
      { crit: ["x"], x: 1 },
      { crit: ["exp"], exp: 1 },
      { crit: ["b64"], b64: true },
      { crit: ["alg"] },
      { crit: [] },
      { crit: null },
      { crit: "x" },
    ]
  ) {
    await scene.refusesUnasked(
      await scene.token({ header }),
      "token_malformed",
    );
  }
  // an extension that need not be understood is ignored (RFC 7515 section 4)
  await scene.admits(await scene.token({ header: { x: 1 } }));
});
