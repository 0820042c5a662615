/**
 * RFC 8725 section 3.1: the kind of key must be that of the algorithm.
 *
 * @module
 */
import { setScene } from "../support/attack.ts";
import { createSigner, publicJwk } from "../support/tokens.ts";

Deno.test("login refuses a key of another type under the right kid", async () => {
  await using scene = await setScene({ issuerLines: ["jwks_ttl: 0s"] });
  const token = await scene.token();
  const good = scene.issuer.jwks.keys;
  const rsa = await createSigner({ alg: "RS256", kid: "k1" });
  const ed = await createSigner({ alg: "EdDSA", kid: "k1" });
  const p256 = await publicJwk(scene.signer, { alg: undefined });
  for (
    const jwk of [
      await publicJwk(rsa, { alg: undefined }),
      await publicJwk(rsa, { alg: "ES256" }),
      await publicJwk(ed, { alg: undefined }),
      { ...p256, kty: "RSA" },
      { ...p256, crv: "secp256k1" },
      // WebCrypto would take a list of one text for the text
      { ...p256, x: [p256.x] },
    ]
  ) {
    scene.issuer.jwks.keys = [jwk];
    await scene.refuses(token, "key_not_found");
  }
  scene.issuer.jwks.keys = good;
  await scene.admits(token);
});
