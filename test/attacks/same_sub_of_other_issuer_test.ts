/**
 * RFC 8725 section 3.8: a name means what its own issuer means by it.
 *
 * @module
 */
// Threats: E10
import { setScene } from "../support/attack.ts";
import { json } from "../support/hostile_server.ts";
import { DISCOVERY_PATH } from "../support/hostile_server.ts";

Deno.test("login refuses the partner's alice where only campus maps her", async () => {
  await using scene = await setScene({
    partner: "PARTNER",
    ruleLines: ["issuers: [campus]"],
  });
  const path = `${scene.issuer.issuer}/partner`;
  scene.issuer.on(
    `/partner${DISCOVERY_PATH}`,
    json({ issuer: path, jwks_uri: `${scene.issuer.issuer}/jwks` }),
  );
  const policy = await Deno.readTextFile(scene.site.policyFile);
  await Deno.writeTextFile(
    scene.site.policyFile,
    policy.replace("PARTNER", path),
  );
  const token = await scene.token({ claims: { iss: path } });
  await scene.refuses(token, "account_not_permitted");
  await scene.admits(await scene.token());
});
