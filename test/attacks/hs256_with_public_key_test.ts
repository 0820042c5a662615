/**
 * RFC 8725 section 2.1: the public key used as the secret of an HMAC.
 *
 * @module
 */
// Threats: A2
import { setScene } from "../support/attack.ts";
import { createHmacSigner, publicJwk } from "../support/tokens.ts";

Deno.test("login refuses an HMAC made with the issuer's public key", async () => {
  await using scene = await setScene({ alg: "RS256" });
  const jwk = await publicJwk(scene.signer);
  const spki = new Uint8Array(
    await crypto.subtle.exportKey("spki", scene.signer.publicKey!),
  );
  const pem = `-----BEGIN PUBLIC KEY-----\n${
    spki.toBase64().replace(/.{64}/g, "$&\n")
  }\n-----END PUBLIC KEY-----\n`;
  const n = Uint8Array.fromBase64(String(jwk.n), { alphabet: "base64url" });
  const secrets = [pem, pem.trim(), spki, JSON.stringify(jwk), n, ""];
  const tokens: string[] = [];
  for (const key of secrets) {
    for (const alg of ["HS256", "HS384", "HS512"] as const) {
      const signer = await createHmacSigner({ alg, kid: "k1", key });
      const token = await scene.token({ signer });
      await scene.refusesUnasked(token, "algorithm_not_allowed");
    }
    const signer = await createHmacSigner({ kid: "k1", key });
    tokens.push(await scene.token({ signer, header: { alg: "RS256" } }));
  }
  for (const token of tokens) await scene.refuses(token, "signature_invalid");
  await scene.admits(await scene.token());
});
