/**
 * RFC 7518 section 3.4: r and s side by side, not the DER of other standards.
 *
 * @module
 */
import { setScene } from "../support/attack.ts";
import { ecdsaSignature } from "../support/self_signed.ts";

Deno.test("login refuses a good ECDSA signature in DER", async () => {
  await using scene = await setScene();
  const { signer } = scene;
  const derSigner = {
    ...signer,
    sign: async (data: Uint8Array<ArrayBuffer>) =>
      new Uint8Array(ecdsaSignature(await signer.sign(data))),
  };
  const token = await scene.token({ signer: derSigner });
  await scene.refuses(token, "signature_invalid");
  await scene.admits(await scene.token());
});
