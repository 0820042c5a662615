/**
 * RFC 7515 section 4.1.3: a token that brings its own key.
 *
 * @module
 */
// Threats: A3
import { setScene } from "../support/attack.ts";
import { createSigner, publicJwk } from "../support/tokens.ts";

Deno.test("login never looks at a key in the token", async () => {
  await using scene = await setScene();
  for (
    const [kid, reason] of [
      ["k1", "signature_invalid"],
      ["mine", "key_not_found"],
    ] as const
  ) {
    const signer = await createSigner({ alg: "ES256", kid });
    const jwk = await publicJwk(signer);
    await scene.refuses(await scene.token({ signer, header: { jwk } }), reason);
  }
  const jwk = await publicJwk(await createSigner({ alg: "ES256", kid: "k1" }));
  await scene.admits(await scene.token({ header: { jwk } }));
});
