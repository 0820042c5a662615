/**
 * RFC 7519 section 4.1.3, RFC 8725 section 3.9: audiences are compared whole.
 *
 * @module
 */
import { AUDIENCE, setScene } from "../support/attack.ts";

Deno.test("login refuses a token whose audience merely contains ours", async () => {
  await using scene = await setScene();
  for (
    const aud of [
      `${AUDIENCE}-evil`,
      `evil-${AUDIENCE}`,
      AUDIENCE.slice(0, -1),
      AUDIENCE.toUpperCase(),
      `${AUDIENCE} `,
      `other ${AUDIENCE}`,
      `${AUDIENCE},other`,
      `${AUDIENCE}/`,
      `${AUDIENCE}\u0000`,
      [`x${AUDIENCE}`, `${AUDIENCE}x`],
    ]
  ) {
    const token = await scene.token({ claims: { aud } });
    await scene.refuses(token, "audience_mismatch");
  }
  for (const aud of [AUDIENCE, [AUDIENCE], ["other", AUDIENCE]]) {
    await scene.admits(await scene.token({ claims: { aud } }));
  }
});
