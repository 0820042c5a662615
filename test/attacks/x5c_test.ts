/**
 * RFC 7515 section 4.1.6: a token that brings its own certificate chain.
 *
 * @module
 */
import { setScene } from "../support/attack.ts";
import { createSelfSigned } from "../support/self_signed.ts";
import { createSigner } from "../support/tokens.ts";

Deno.test("login never looks at a certificate in the token", async () => {
  await using scene = await setScene();
  const { caPem } = await createSelfSigned();
  const der = caPem.replace(/-----[^-]+-----|\s/g, "");
  const header = { x5c: [der], x5t: "AAAA", "x5t#S256": "AAAA" };
  const signer = await createSigner({ alg: "ES256", kid: "k1" });
  const token = await scene.token({ signer, header });
  await scene.refuses(token, "signature_invalid");
  await scene.admits(await scene.token({ header }));
});
