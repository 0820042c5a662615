/**
 * A key that the issuer has withdrawn signs for nobody.
 *
 * @module
 */
// Threats: B9
import { setScene } from "../support/attack.ts";
import { createSigner, publicJwk } from "../support/tokens.ts";

Deno.test("login refuses a withdrawn key once it knows the new ones", async () => {
  await using scene = await setScene();
  const old = await scene.token();
  await scene.admits(old);
  const next = await createSigner({ alg: "ES256", kid: "k2" });
  scene.issuer.jwks.keys = [await publicJwk(next)];
  // the cached keys still serve, up to jwks_ttl …
  await scene.admits(await scene.token());
  // … until a token with the new key makes the host look again
  await scene.admits(await scene.token({ signer: next }));
  await scene.refuses(old, "key_not_found");
  await scene.refuses(await scene.token(), "key_not_found");
});

Deno.test("login with jwks_ttl 0s refuses a withdrawn key at once", async () => {
  await using scene = await setScene({ issuerLines: ["jwks_ttl: 0s"] });
  await scene.admits(await scene.token());
  scene.issuer.jwks.keys = [];
  await scene.refuses(await scene.token(), "key_not_found");
});

Deno.test("login refuses the old key under a kid that was given anew", async () => {
  await using scene = await setScene();
  const old = await scene.token();
  await scene.admits(old);
  const later = () => Date.now() + 3_601_000;
  const next = await createSigner({ alg: "ES256", kid: "k1" });
  scene.issuer.jwks.keys = [await publicJwk(next)];
  const now = Math.floor(later() / 1000);
  const claims = { iat: now, exp: now + 300 };
  await scene.refuses(await scene.token({ claims }), "signature_invalid", {
    now: later,
  });
  await scene.admits(await scene.token({ claims, signer: next }), {
    now: later,
  });
});
