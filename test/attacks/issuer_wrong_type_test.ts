/**
 * RFC 7519 section 4.1.1: an issuer is one string.
 *
 * @module
 */
import { setScene } from "../support/attack.ts";

Deno.test("login refuses an issuer that is absent or no string", async () => {
  await using scene = await setScene();
  const { issuer } = scene.issuer;
  for (const iss of [undefined, null]) {
    const token = await scene.token({ claims: { iss } });
    await scene.refusesUnasked(token, "claim_missing");
  }
  for (const iss of [[issuer], { issuer }, 1, true, { toString: issuer }]) {
    const token = await scene.token({ claims: { iss } });
    await scene.refusesUnasked(token, "token_malformed");
  }
  await scene.admits(await scene.token());
});
