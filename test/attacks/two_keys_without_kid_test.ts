/**
 * OpenID Connect Core section 10.1: without a kid, a choice between keys is a guess.
 *
 * @module
 */
// Threats: A19
import { setScene } from "../support/attack.ts";
import { createSigner, publicJwk } from "../support/tokens.ts";

Deno.test("login refuses to guess which of two keys a token means", async () => {
  await using scene = await setScene({
    kid: null,
    issuerLines: ["jwks_ttl: 0s"],
  });
  const own = await publicJwk(scene.signer);
  const token = await scene.token();
  const second = await createSigner({ alg: "ES256" });
  for (const kid of [undefined, "k2"]) {
    const other = await publicJwk(second, { kid });
    for (const keys of [[own, other], [other, own]]) {
      scene.issuer.jwks.keys = keys;
      await scene.refuses(token, "key_not_found");
    }
  }
  // keys of other types and uses are not a choice
  const rsa = await publicJwk(await createSigner({ alg: "RS256" }));
  const enc = await publicJwk(second, { use: "enc" });
  scene.issuer.jwks.keys = [rsa, own, enc];
  await scene.admits(token);
  scene.issuer.jwks.keys = [];
  await scene.refuses(token, "key_not_found");
});
