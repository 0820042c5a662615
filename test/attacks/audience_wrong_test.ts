/**
 * RFC 7519 section 4.1.3, RFC 8725 section 3.9: a token for somebody else.
 *
 * @module
 */
// Threats: A13
import { AUDIENCE, setScene } from "../support/attack.ts";

Deno.test("login refuses a token for somebody else", async () => {
  await using scene = await setScene();
  for (
    const aud of [
      "other",
      ["other"],
      [],
      ["other", "another"],
      "",
      [""],
      scene.issuer.issuer,
      "ANY",
      "*",
      "https://wlcg.cern.ch/jwt/v1/any",
    ]
  ) {
    const token = await scene.token({ claims: { aud } });
    await scene.refuses(token, "audience_mismatch");
  }
  for (const aud of [AUDIENCE, [AUDIENCE], ["other", AUDIENCE]]) {
    await scene.admits(await scene.token({ claims: { aud } }));
  }
});
