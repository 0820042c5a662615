/**
 * RFC 7518 section 3.4: every ES algorithm has one curve.
 *
 * @module
 */
import { setScene } from "../support/attack.ts";
import { createSigner, publicJwk } from "../support/tokens.ts";

const ALL = "[ES256, ES384, ES512, EdDSA]";

Deno.test("login refuses an algorithm with the key of another curve", async () => {
  await using scene = await setScene({
    issuerLines: [`algorithms: ${ALL}`, "jwks_ttl: 0s"],
  });
  const algorithms = ["ES256", "ES384", "ES512", "EdDSA"];
  for (const real of algorithms) {
    const signer = await createSigner({ alg: real, kid: "k1" });
    scene.issuer.jwks.keys = [await publicJwk(signer, { alg: undefined })];
    for (const alg of algorithms.filter((alg) => alg !== real)) {
      const token = await scene.token({ signer, header: { alg } });
      await scene.refuses(token, "key_not_found");
    }
    await scene.admits(await scene.token({ signer }));
  }
});

Deno.test("login refuses a point that is not on the curve", async () => {
  await using scene = await setScene({ issuerLines: ["jwks_ttl: 0s"] });
  const jwk = scene.issuer.jwks.keys[0] as Record<string, string>;
  const zero = "A".repeat(43);
  for (
    const change of [
      { x: zero, y: zero },
      { y: jwk.x },
      { x: zero },
      { x: "", y: "" },
      { x: `${jwk.x}AAAA` },
    ]
  ) {
    scene.issuer.jwks.keys = [{ ...jwk, ...change }];
    await scene.refuses(await scene.token(), "signature_invalid");
  }
  scene.issuer.jwks.keys = [jwk];
  await scene.admits(await scene.token());
});
