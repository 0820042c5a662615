/**
 * PK tokens in certificates, without a network: keys come from the test.
 *
 * @module
 */
import assert from "node:assert/strict";
import { setPkScene } from "../support/pk_scene.ts";

for (const commitment of ["nonce", "aud", "gq", "cnf"] as const) {
  for (const curve of ["Ed25519", "P-256"] as const) {
    Deno.test(`a PK token with the commitment ${commitment} is verified for a key on ${curve}`, async () => {
      const scene = await setPkScene({ commitment, curve });
      const evidence = await scene.admits(await scene.token());
      assert.deepEqual(evidence.warnings, []);
      assert.equal(Object.getPrototypeOf(evidence.claims), null);
    });
  }
}
