/**
 * pam_exec hands over 511 bytes (Linux-PAM 1.3: 512) and says nothing about it.
 *
 * @module
 */
// Threats: F3, G10
import assert from "node:assert/strict";
import { setScene, tokenOfLength } from "../support/attack.ts";

for (const alg of ["RS256", "PS256", "ES256", "EdDSA"]) {
  Deno.test(`login names pam_exec where it has cut a ${alg} token`, async () => {
    await using scene = await setScene({ alg });
    const whole = await tokenOfLength(scene, 900);
    for (const length of [511, 512]) {
      const cut = whole.slice(0, length);
      for (const handed of [cut, `${cut}\0`, `${cut}\n`]) {
        const { log } = await scene.refusesUnasked(handed, "token_truncated");
        assert.match(log, new RegExp(`${length} bytes.*pam_exec`));
      }
    }
    for (const length of [300, 510, 513]) {
      await scene.refuses(whole.slice(0, length), "token_malformed");
    }
    await scene.admits(whole);
  });
}

Deno.test("login does not call a whole token truncated", async () => {
  const claims = { amr: undefined, groups: undefined, jti: undefined };
  for (const alg of ["ES256", "EdDSA"]) {
    await using scene = await setScene({ alg });
    for (const length of [510, 511, 512, 513]) {
      const token = await tokenOfLength(scene, length, { claims });
      await scene.admits(token);
      await scene.admits(`${token}\0`);
      const expired = await tokenOfLength(scene, length, {
        claims: { ...claims, iat: 1_000_000_000, exp: 1_000_000_300 },
      });
      await scene.refuses(expired, "token_expired");
    }
    // whole, and wrong in another way: that is the reason to give
    const header = { alg: "none" };
    const token = await tokenOfLength(scene, 511, { claims, header });
    await scene.refuses(token, "algorithm_not_allowed");
  }
});

Deno.test("login calls opaque text of pam_exec's length truncated", async () => {
  await using scene = await setScene();
  const opaque = crypto.getRandomValues(new Uint8Array(512)).toHex();
  for (const length of [511, 512]) {
    await scene.refusesUnasked(opaque.slice(0, length), "token_truncated");
  }
  for (const length of [40, 510, 513, 1023]) {
    await scene.refusesUnasked(opaque.slice(0, length), "token_malformed");
  }
});
