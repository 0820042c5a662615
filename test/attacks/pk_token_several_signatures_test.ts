/**
 * Several signatures of one sort: which of them was verified would be a guess.
 *
 * @module
 */
// Threats: L3
import { createKey } from "../support/opkssh.ts";
import { setPkScene } from "../support/pk_scene.ts";
import { createSigner, encodeSegment } from "../support/tokens.ts";

Deno.test("a PK token with signatures of two issuers or of two clients is refused", async () => {
  const scene = await setPkScene();
  const mallory = await createKey("Ed25519");
  const impostor = await createSigner({ alg: "ES256", kid: "k1" });
  const token = await scene.token();
  const [payload = "", ...rest] = token.split(":");
  const issued = rest.slice(0, 2);
  const client = rest.slice(2);
  const forged = (await scene.token({ signer: impostor })).split(":");
  const stranger = (await scene.token({ key: mallory })).split(":").slice(3);
  for (
    const parts of [
      [...issued, ...issued, ...client],
      [...issued, ...forged.slice(1, 3), ...client],
      [...forged.slice(1, 3), ...issued, ...client],
      [...issued, ...client, ...client],
      [...issued, ...client, ...stranger],
      [...issued, ...stranger, ...client],
      [...issued, encodeSegment({ alg: "ES256", typ: "X" }), "AA", ...client],
      [...issued, ...client, encodeSegment({ alg: "none" }), ""],
    ]
  ) {
    const several = [payload, ...parts].join(":");
    await scene.refuses(several, "token_malformed");
    await scene.refuses(several, "token_malformed", { key: mallory });
  }
  await scene.admits(token);
});
