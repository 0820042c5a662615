/**
 * RFC 8725 section 3.8: upper case is another issuer.
 *
 * @module
 */
import { setScene } from "../support/attack.ts";

Deno.test("login refuses an issuer in other letters without asking anybody", async () => {
  await using scene = await setScene();
  const { issuer, port } = scene.issuer;
  for (
    const iss of [
      issuer.toUpperCase(),
      `https://LOCALHOST:${port}`,
      `HTTPS://localhost:${port}`,
      `https://loca\u017fhost:${port}`,
    ]
  ) {
    const token = await scene.token({ claims: { iss } });
    await scene.refusesUnasked(token, "issuer_unknown");
  }
  await scene.admits(await scene.token({ claims: { iss: issuer } }));
});
