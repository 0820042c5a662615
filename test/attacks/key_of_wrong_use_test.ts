/**
 * RFC 7517 sections 4.2 to 4.4: a key is for what its owner says it is for.
 *
 * @module
 */
import { setScene } from "../support/attack.ts";
import { publicJwk } from "../support/tokens.ts";

for (
  const extra of [
    { use: "enc" },
    { key_ops: ["encrypt"] },
    { key_ops: "verify" },
    { alg: "ECDH-ES" },
    { alg: "ES384" },
  ]
) {
  Deno.test(`login refuses to verify with a key of ${JSON.stringify(extra)}`, async () => {
    await using scene = await setScene({
      issuerLines: ["jwks_ttl: 0s"],
      publish: async (honest) => [await publicJwk(honest, extra)],
    });
    const token = await scene.token();
    await scene.refuses(token, "key_not_found");
    scene.issuer.jwks.keys = [
      await publicJwk(scene.signer, { key_ops: ["verify"] }),
    ];
    await scene.admits(token);
  });
}
