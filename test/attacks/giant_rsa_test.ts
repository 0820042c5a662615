/**
 * A key of 16384 bits: every signature costs the host, none costs the attacker.
 *
 * @module
 */
// Threats: I3
import assert from "node:assert/strict";
import { setScene } from "../support/attack.ts";
import { constantSignature } from "../support/tokens.ts";

Deno.test("login refuses a giant RSA key before it computes with it", async () => {
  const modulus = crypto.getRandomValues(new Uint8Array(2048));
  modulus[0]! |= 0x80;
  modulus[2047]! |= 1;
  const n = modulus.toBase64({ alphabet: "base64url", omitPadding: true });
  const giant = { kty: "RSA", kid: "big", alg: "RS256", use: "sig", n };
  await using scene = await setScene({
    alg: "RS256",
    keys: [{ ...giant, e: "AQAB" }, { ...giant, kid: "slow", e: n }],
  });
  for (const kid of ["big", "slow"]) {
    const signature = new Uint8Array(2048).fill(0x7f);
    const signer = constantSignature({ alg: "RS256", kid, signature });
    const started = performance.now();
    await scene.refuses(await scene.token({ signer }), "key_not_found");
    assert.ok(performance.now() - started < 1000, "took longer than a second");
  }
});
