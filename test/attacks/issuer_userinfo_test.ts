/**
 * RFC 8725 section 3.8: what stands before an "@" is not a host.
 *
 * @module
 */
import { setScene } from "../support/attack.ts";

Deno.test("login refuses an issuer with user information without asking anybody", async () => {
  await using scene = await setScene();
  const { issuer, port } = scene.issuer;
  for (
    const iss of [
      `${issuer}@evil.example.org`,
      `https://user@localhost:${port}`,
      `https://localhost:${port}:x@evil.example.org/`,
    ]
  ) {
    const token = await scene.token({ claims: { iss } });
    await scene.refusesUnasked(token, "issuer_unknown");
  }
  await scene.admits(await scene.token({ claims: { iss: issuer } }));
});
