/**
 * RFC 7518 section 3.3, RFC 8725 section 3.5: keys that anybody could sign with.
 *
 * @module
 */
// Threats: A18
import { setScene } from "../support/attack.ts";
import { createSigner, publicJwk } from "../support/tokens.ts";

Deno.test("login refuses RSA keys that are no keys", async () => {
  await using scene = await setScene({
    alg: "RS256",
    issuerLines: ["jwks_ttl: 0s"],
  });
  const token = await scene.token();
  const good = scene.issuer.jwks.keys[0] as Record<string, string>;
  const weak = await createSigner({
    alg: "RS256",
    kid: "k1",
    modulusLength: 1024,
  });
  const small = await publicJwk(weak);
  const n = Uint8Array.fromBase64(String(small.n), { alphabet: "base64url" });
  // zeros in front make 1024 bits look like 2048
  const padded = new Uint8Array(256);
  padded.set(n, 128);
  const byWeak = await scene.token({ signer: weak });
  for (const jwk of [small, { ...small, n: base64url(padded) }]) {
    scene.issuer.jwks.keys = [jwk];
    await scene.refuses(byWeak, "key_not_found");
  }
  for (
    const change of [
      { e: "AQ" },
      { e: "AA" },
      { e: "AQAA" },
      { e: good.n },
      { n: `${good.n}=` },
      { n: [good.n] },
    ]
  ) {
    scene.issuer.jwks.keys = [{ ...good, ...change }];
    await scene.refuses(token, "key_not_found");
  }
  scene.issuer.jwks.keys = [good];
  await scene.admits(token);
});

Deno.test("login refuses a signature made for exponent 1", async () => {
  // with e = 1 the signature is the padded hash itself (RFC 8017 section 9.2): no key is needed
  await using scene = await setScene({
    alg: "RS256",
    publish: async (honest) => [await publicJwk(honest, { e: "AQ" })],
  });
  const prefix = "3031300d060960864801650304020105000420";
  const forger = {
    alg: "RS256",
    kid: "k1",
    async sign(data: Uint8Array<ArrayBuffer>) {
      const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
      const info = [...Uint8Array.fromHex(prefix), ...hash];
      const filling = new Array(256 - info.length - 3).fill(0xff);
      return new Uint8Array([0, 1, ...filling, 0, ...info]);
    },
  };
  const token = await scene.token({ signer: forger });
  await scene.refuses(token, "key_not_found");
});

function base64url(bytes: Uint8Array): string {
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}
