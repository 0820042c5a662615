/**
 * RFC 8725 section 3.8: another port, or the same one written out, is another issuer.
 *
 * @module
 */
import { setScene } from "../support/attack.ts";

Deno.test("login refuses an issuer with another port without asking anybody", async () => {
  await using scene = await setScene();
  const { issuer, port } = scene.issuer;
  for (
    const iss of [
      "https://localhost",
      "https://localhost:443",
      `https://localhost:0${port}`,
      `${issuer}0`,
      `https://localhost:1`,
    ]
  ) {
    const token = await scene.token({ claims: { iss } });
    await scene.refusesUnasked(token, "issuer_unknown");
  }
  await scene.admits(await scene.token({ claims: { iss: issuer } }));
});
