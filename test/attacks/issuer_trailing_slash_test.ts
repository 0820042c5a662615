/**
 * RFC 8725 section 3.8: a slash more is another issuer.
 *
 * @module
 */
// Threats: A12
import { setScene } from "../support/attack.ts";

Deno.test("login refuses an issuer with a trailing slash without asking anybody", async () => {
  await using scene = await setScene();
  const { issuer } = scene.issuer;
  for (
    const iss of [
      `${issuer}/`,
      `${issuer}//`,
      `${issuer}/.`,
      `${issuer}?`,
      `${issuer}#`,
      ` ${issuer}`,
      `${issuer}\n`,
    ]
  ) {
    const token = await scene.token({ claims: { iss } });
    await scene.refusesUnasked(token, "issuer_unknown");
  }
  await scene.admits(await scene.token({ claims: { iss: issuer } }));
});
