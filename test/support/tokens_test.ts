/**
 * The tokens of the tests are signed as they say, and say what they are told to.
 *
 * @module
 */
import assert from "node:assert/strict";
import * as jose from "@panva/jose";
import {
  constantSignature,
  createHmacSigner,
  createSigner,
  encodeSegment,
  manyKeys,
  publicJwk,
  signRaw,
  signToken,
  standardClaims,
} from "./tokens.ts";

const issuer = "https://login.example.edu";
const audience = "ssh-prod";
const claims = () => standardClaims({ issuer, audience });
const decode = (segment: string | undefined) =>
  Uint8Array.fromBase64(segment ?? "", { alphabet: "base64url" });

for (
  const alg of [
    ...["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
    ...["ES256", "ES384", "ES512", "EdDSA"],
  ]
) {
  Deno.test(`jose verifies what a ${alg} signer signed`, async () => {
    const signer = await createSigner({ alg, kid: "k1" });
    const jwk = await publicJwk(signer);
    const token = await signToken({ signer, claims: claims() });
    const { payload, protectedHeader } = await jose.jwtVerify(
      token,
      jose.createLocalJWKSet({ keys: [jwk as jose.JWK] }),
      { issuer, audience },
    );
    assert.equal(payload.sub, "u1");
    assert.deepEqual(protectedHeader, { alg, typ: "JWT", kid: "k1" });
    assert.ok(!("d" in jwk), "no private member in the public key");
  });
}

Deno.test("createSigner() makes the 1024-bit key that jose refuses", async () => {
  const signer = await createSigner({ alg: "RS256", modulusLength: 1024 });
  const token = await signToken({ signer, claims: claims() });
  assert.equal(decode(token.split(".")[2]).length, 128);
  await assert.rejects(
    jose.jwtVerify(token, signer.publicKey!),
    /modulusLength/,
  );
});

Deno.test("createSigner() refuses algorithms that have no key pair", async () => {
  for (const alg of ["none", "HS256", "RS1", "ES256K", ""]) {
    await assert.rejects(createSigner({ alg }), TypeError);
  }
});

Deno.test("jose verifies an HMAC signer's token, also with an empty key", async () => {
  const key = "-----BEGIN PUBLIC KEY-----";
  const token = await signToken({
    signer: await createHmacSigner({ key }),
    claims: claims(),
  });
  await jose.jwtVerify(token, new TextEncoder().encode(key));
  const signer = await createHmacSigner({ key: "" });
  const same = await createHmacSigner({ key: new Uint8Array(5) });
  const data = new Uint8Array(3);
  assert.deepEqual(await signer.sign(data), await same.sign(data));
});

Deno.test("signRaw() signs exactly the given bytes", async () => {
  const signer = await createSigner({ alg: "ES256" });
  const headerJson = '{"alg":"ES256", "alg":"none"}\n';
  const payload = new Uint8Array([0x7b, 0xff, 0xfe, 0x00, 0x7d]);
  const token = await signRaw({ headerJson, payload, signer });
  const [header, body, signature] = token.split(".");
  assert.equal(new TextDecoder().decode(decode(header)), headerJson);
  assert.deepEqual(decode(body), payload);
  assert.ok(
    await crypto.subtle.verify(
      { name: "ECDSA", hash: "SHA-256" },
      signer.publicKey!,
      decode(signature),
      new TextEncoder().encode(`${header}.${body}`),
    ),
  );
});

Deno.test("signToken() leaves out what is undefined and overrides the header", async () => {
  const signer = constantSignature({
    alg: "none",
    signature: new Uint8Array(0),
  });
  const header = { typ: undefined, crit: ["b64"] };
  const token = await signToken({ signer, header, claims: { sub: "u1" } });
  assert.equal(
    token,
    `${encodeSegment('{"alg":"none","crit":["b64"]}')}.${
      encodeSegment('{"sub":"u1"}')
    }.`,
  );
});

Deno.test("publicJwk() takes members in and out", async () => {
  const signer = await createSigner({ alg: "EdDSA", kid: "k1" });
  const jwk = await publicJwk(signer, { kid: undefined, use: "enc" });
  assert.deepEqual(Object.keys(jwk).sort(), ["alg", "crv", "kty", "use", "x"]);
  assert.equal(jwk.use, "enc");
  await assert.rejects(
    publicJwk(await createHmacSigner({ key: "x" })),
    TypeError,
  );
});

Deno.test("standardClaims() takes claims in and out and keeps to the given time", () => {
  const made = standardClaims({
    issuer,
    audience: [audience, "other"],
    now: 1_767_268_800,
    jti: undefined,
    exp: "soon",
  });
  assert.deepEqual(made, {
    iss: issuer,
    aud: [audience, "other"],
    sub: "u1",
    iat: 1_767_268_800,
    exp: "soon",
    auth_time: 1_767_268_740,
    amr: ["pwd", "otp", "mfa"],
    email: "alice@example.edu",
    email_verified: true,
    groups: ["staff"],
    preferred_username: "alice",
  });
});

Deno.test("manyKeys() makes 100,000 different kids", () => {
  const { keys } = manyKeys();
  assert.equal(new Set(keys.map((key) => Reflect.get(key, "kid"))).size, 1e5);
});
