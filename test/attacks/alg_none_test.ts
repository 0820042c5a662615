/**
 * RFC 8725 section 3.1: a token cannot excuse itself from being signed.
 *
 * @module
 */
// Threats: A1
import { setScene } from "../support/attack.ts";
import { constantSignature } from "../support/tokens.ts";

for (const alg of ["none", "None", "NONE", "nOnE", ""]) {
  Deno.test(`login refuses alg "${alg}" without asking the issuer`, async () => {
    await using scene = await setScene();
    for (const signature of [new Uint8Array(0), new Uint8Array(64)]) {
      const signer = constantSignature({ alg, kid: "k1", signature });
      const token = await scene.token({ signer });
      await scene.refusesUnasked(token, "algorithm_not_allowed");
    }
    await scene.admits(await scene.token());
  });
}
