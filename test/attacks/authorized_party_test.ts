/**
 * OpenID Connect Core 1.0 section 3.1.3.7: the party that a token was issued to. Of a pasted
 * token it decides nothing by itself (SECURITY.md); a condition makes it.
 *
 * @module
 */
// Threats: A14
import { setScene } from "../support/attack.ts";

const OTHERS = { aud: ["ssh-prod", "web"], azp: "web" };

Deno.test("login admits a pasted token that another client got for this audience", async () => {
  await using scene = await setScene();
  await scene.admits(await scene.token({ claims: OTHERS }));
});

Deno.test("login refuses a pasted token of another client where a condition names the client", async () => {
  await using scene = await setScene({ ruleLines: ["when: {azp: ssh-cli}"] });
  const refused = await scene.token({ claims: OTHERS });
  await scene.refuses(refused, "account_not_permitted");
  await scene.admits(await scene.token({ claims: { azp: "ssh-cli" } }));
});
