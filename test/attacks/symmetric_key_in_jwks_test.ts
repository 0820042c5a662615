/**
 * A key set that publishes a secret: nobody may verify with it.
 *
 * @module
 */
// Threats: A2
import { setScene } from "../support/attack.ts";
import { createHmacSigner, publicJwk } from "../support/tokens.ts";

Deno.test("login refuses to use a symmetric key from the key set", async () => {
  const oct = { kty: "oct", k: "c2VjcmV0", kid: "k2", alg: "HS256" };
  await using scene = await setScene({
    publish: async (honest) => [await publicJwk(honest), oct],
  });
  const signer = await createHmacSigner({ kid: "k2", key: "secret" });
  const token = await scene.token({ signer });
  await scene.refusesUnasked(token, "algorithm_not_allowed");
  const renamed = await scene.token({ signer, header: { alg: "ES256" } });
  await scene.refuses(renamed, "key_not_found");
  await scene.admits(await scene.token());
});
