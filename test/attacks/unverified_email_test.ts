/**
 * OpenID Connect Core 1.0 section 5.7: an address that anybody could have typed.
 *
 * @module
 */
// Threats: E8
import { setScene } from "../support/attack.ts";

Deno.test("login refuses an address that the issuer has not verified, where the rule asks for it", async () => {
  await using scene = await setScene({
    ruleLines: ["when: {email_verified: true}"],
  });
  for (const email_verified of [false, undefined, null, 1, "true", [true]]) {
    const token = await scene.token({ claims: { email_verified } });
    await scene.refuses(token, "account_not_permitted");
  }
  await scene.admits(await scene.token({ claims: { email_verified: true } }));
});
