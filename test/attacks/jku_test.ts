/**
 * RFC 7515 section 4.1.2: a token that points at a key set elsewhere.
 *
 * @module
 */
// Threats: A3
import assert from "node:assert/strict";
import { setScene } from "../support/attack.ts";
import { createSigner } from "../support/tokens.ts";

Deno.test("login never goes where jku points", async () => {
  await using scene = await setScene();
  const signer = await createSigner({ alg: "ES256", kid: "k1" });
  for (
    const jku of [
      scene.trap.url,
      scene.trap.url.replace("https", "http"),
      `${scene.issuer.issuer}/evil`,
      `file://${scene.site.directory}/ca.pem`,
      [scene.trap.url],
    ]
  ) {
    const token = await scene.token({ signer, header: { jku } });
    await scene.refuses(token, "signature_invalid");
  }
  assert.equal(scene.issuer.requestCount("/evil"), 0);
  await scene.admits(await scene.token({ header: { jku: scene.trap.url } }));
  assert.equal(scene.trap.connections, 0);
});
