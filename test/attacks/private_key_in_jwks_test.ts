/**
 * A private key that is published belongs to everybody.
 *
 * @module
 */
import { setScene } from "../support/attack.ts";
import { publicJwk } from "../support/tokens.ts";

for (const alg of ["ES256", "EdDSA", "RS256"]) {
  Deno.test(`login refuses a ${alg} key whose private part is published`, async () => {
    await using scene = await setScene({
      alg,
      issuerLines: ["jwks_ttl: 0s"],
    });
    const token = await scene.token();
    const names = alg === "RS256" ? ["d", "p", "qi"] : ["d", "k"];
    for (const name of names) {
      scene.issuer.jwks.keys = [
        await publicJwk(scene.signer, { [name]: "AA" }),
      ];
      await scene.refuses(token, "key_not_found");
    }
    scene.issuer.jwks.keys = [await publicJwk(scene.signer)];
    await scene.admits(token);
  });
}
