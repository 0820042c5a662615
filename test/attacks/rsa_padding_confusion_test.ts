/**
 * RFC 8017: one key, two paddings; a key that says which serves no other.
 *
 * @module
 */
import { setScene } from "../support/attack.ts";
import { publicJwk } from "../support/tokens.ts";

Deno.test("login refuses a signature of another padding or hash", async () => {
  await using scene = await setScene({
    alg: "RS256",
    issuerLines: ["algorithms: [RS256, RS512, PS256]", "jwks_ttl: 0s"],
  });
  const others = ["PS256", "RS512"];
  for (const alg of others) {
    const token = await scene.token({ header: { alg } });
    await scene.refuses(token, "key_not_found");
  }
  const anyAlg = await publicJwk(scene.signer, { alg: undefined });
  scene.issuer.jwks.keys = [anyAlg];
  for (const alg of others) {
    const token = await scene.token({ header: { alg } });
    await scene.refuses(token, "signature_invalid");
  }
  const outside = await scene.token({ header: { alg: "PS512" } });
  await scene.refuses(outside, "algorithm_not_allowed");
  await scene.admits(await scene.token());
});
