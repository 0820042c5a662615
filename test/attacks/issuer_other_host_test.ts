/**
 * RFC 8725 section 3.8: prefixes, suffixes and look-alikes are other issuers.
 *
 * @module
 */
// Threats: A12, B11
import { setScene } from "../support/attack.ts";

Deno.test("login refuses an issuer that merely looks alike without asking anybody", async () => {
  await using scene = await setScene();
  const { issuer, port } = scene.issuer;
  for (
    const iss of [
      "https://localhost.evil.example.org",
      `https://evil.example.org/${issuer}`,
      `http://localhost:${port}`,
      `https://127.0.0.1:${port}`,
      `https://l\u043ecalhost:${port}`,
      `https://localhost.:${port}`,
      scene.trap.url,
      `http://localhost:${scene.trap.port}`,
      "campus",
      "",
    ]
  ) {
    const token = await scene.token({ claims: { iss } });
    await scene.refusesUnasked(token, "issuer_unknown");
  }
  await scene.admits(await scene.token({ claims: { iss: issuer } }));
});
