/**
 * ID tokens that the same client got for something else: their nonce is not a commitment.
 *
 * @module
 */
// Threats: L2
import { setPkScene } from "../support/pk_scene.ts";

Deno.test("an ID token of the same client from a web login is refused", async () => {
  const scene = await setPkScene();
  for (
    const nonce of [
      undefined,
      null,
      "",
      "n-0S6_WzA2Mj",
      crypto.randomUUID(),
      "A".repeat(43),
    ]
  ) {
    const token = await scene.token({ commit: () => nonce });
    await scene.refuses(token, "key_not_bound");
  }
  // what a web login lets the browser choose does not count either
  for (const name of ["state", "at_hash", "nonce2", "Nonce", "sub", "jti"]) {
    const cic = { rz: "0".repeat(64) };
    let commitment = "";
    const without = await scene.token({
      cic,
      commit: (made) => {
        commitment = made;
        return undefined;
      },
    });
    await scene.refuses(without, "key_not_bound");
    const elsewhere = await scene.token({
      cic,
      claims: { [name]: commitment },
      commit: () => "n-0S6_WzA2Mj",
    });
    await scene.refuses(elsewhere, "key_not_bound");
  }
  await scene.admits(await scene.token());
});
