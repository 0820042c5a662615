/**
 * RFC 7519 section 4.1.3, RFC 8725 section 3.9: a token for nobody is not for us.
 *
 * @module
 */
import { AUDIENCE, setScene } from "../support/attack.ts";

Deno.test("login refuses a token without an audience", async () => {
  await using scene = await setScene();
  for (
    const aud of [
      undefined,
      null,
    ]
  ) {
    const token = await scene.token({ claims: { aud } });
    await scene.refuses(token, "claim_missing");
  }
  for (const aud of [AUDIENCE, [AUDIENCE], ["other", AUDIENCE]]) {
    await scene.admits(await scene.token({ claims: { aud } }));
  }
});
