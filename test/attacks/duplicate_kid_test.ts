/**
 * RFC 7517 section 4.5: keys with one kid are alternatives only if their types differ.
 *
 * @module
 */
// Threats: A19
import { setScene } from "../support/attack.ts";
import { createSigner, publicJwk } from "../support/tokens.ts";

Deno.test("login refuses two keys of one type with one kid", async () => {
  await using scene = await setScene({ issuerLines: ["jwks_ttl: 0s"] });
  const own = await publicJwk(scene.signer);
  const mine = await createSigner({ alg: "ES256", kid: "k1" });
  const other = await publicJwk(mine);
  for (const keys of [[own, other], [other, own]]) {
    scene.issuer.jwks.keys = keys;
    await scene.refuses(await scene.token(), "key_not_found");
    await scene.refuses(await scene.token({ signer: mine }), "key_not_found");
  }
  // the same key twice is no choice
  scene.issuer.jwks.keys = [own, { ...own, x5t: "x" }, own];
  await scene.admits(await scene.token());
  await scene.refuses(
    await scene.token({ signer: mine }),
    "signature_invalid",
  );
  const rsa = await createSigner({ alg: "RS256", kid: "k1" });
  scene.issuer.jwks.keys = [await publicJwk(rsa), own];
  await scene.admits(await scene.token());
});
