/**
 * RFC 8725 section 3.8: an encoded letter is another letter.
 *
 * @module
 */
import { setScene } from "../support/attack.ts";

Deno.test("login refuses an issuer with encoded letters without asking anybody", async () => {
  await using scene = await setScene();
  const { issuer, port } = scene.issuer;
  for (
    const iss of [
      `https://localhos%74:${port}`,
      `https://localhost%3A${port}`,
      `${issuer}%2f`,
      `${issuer}/%2e`,
      `https:%2f%2flocalhost:${port}`,
    ]
  ) {
    const token = await scene.token({ claims: { iss } });
    await scene.refusesUnasked(token, "issuer_unknown");
  }
  await scene.admits(await scene.token({ claims: { iss: issuer } }));
});
