/**
 * RFC 7797: a payload that is signed as it stands.
 *
 * @module
 */
// Threats: A5
import { setScene } from "../support/attack.ts";
import { encodeSegment } from "../support/tokens.ts";

Deno.test("login refuses b64, with and without crit", async () => {
  await using scene = await setScene();
  for (
    const extra of [
      { b64: false },
      { b64: false, crit: ["b64"] },
      { b64: true },
      { b64: null },
    ]
  ) {
    const token = await scene.token({ header: extra });
    await scene.refusesUnasked(token, "token_malformed");
  }
  const header = encodeSegment({ alg: "ES256", kid: "k1", b64: false });
  const payload = JSON.stringify(scene.claims());
  const input = new TextEncoder().encode(`${header}.${payload}`);
  const signature = encodeSegment(await scene.signer.sign(input));
  const detached = [
    `${header}.${payload}.${signature}`,
    `${header}..${signature}`,
  ];
  for (const token of detached) {
    await scene.refusesUnasked(token, "token_malformed");
  }
  await scene.admits(await scene.token());
});
