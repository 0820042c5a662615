/**
 * Another client of the same issuer chooses its own nonce: where its tokens are for us, too, it could
 * name a key of its own for whoever signs in there.
 *
 * @module
 */
// Threats: L2, A13
import { CLIENT_ID, setPkScene } from "../support/pk_scene.ts";

for (const commitment of ["nonce", "cnf"] as const) {
  Deno.test(`an ID token that another client got is refused, with the commitment ${commitment}`, async () => {
    const scene = await setPkScene({ commitment });
    for (
      const claims of [
        { azp: "other" },
        { azp: ["opkssh"] },
        { azp: null },
        { azp: "" },
        { aud: [CLIENT_ID, "other"] },
        { aud: [CLIENT_ID, "other"], azp: "other" },
      ]
    ) {
      const token = await scene.token({ claims });
      await scene.refuses(token, "audience_mismatch");
    }
    for (
      const claims of [
        { azp: CLIENT_ID },
        { aud: [CLIENT_ID] },
        { aud: [CLIENT_ID, "other"], azp: CLIENT_ID },
      ]
    ) await scene.admits(await scene.token({ claims }));
  });
}
