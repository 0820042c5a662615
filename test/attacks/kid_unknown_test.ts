/**
 * A kid that nobody knows costs one more request, and then no more for a while.
 *
 * @module
 */
import assert from "node:assert/strict";
import { setScene } from "../support/attack.ts";

Deno.test("login refuses unknown kids without flooding the issuer", async () => {
  await using scene = await setScene();
  const { issuer } = scene;
  const stranger = () => scene.token({ header: { kid: crypto.randomUUID() } });
  await scene.admits(await scene.token());
  assert.equal(issuer.requestCount("/jwks"), 1);
  await scene.refuses(await stranger(), "key_not_found");
  assert.equal(issuer.requestCount("/jwks"), 2);
  for (let count = 0; count < 5; count++) {
    await scene.refuses(await stranger(), "key_not_found");
  }
  assert.equal(issuer.requestCount("/jwks"), 2);
  await scene.admits(await scene.token());
  // a token with a kid is not verified by a key without one
  const { kid: _kid, ...nameless } = issuer.jwks.keys[0] as { kid: string };
  await using other = await setScene({ keys: [nameless] });
  await other.refuses(await other.token(), "key_not_found");
});
