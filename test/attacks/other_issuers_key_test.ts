/**
 * RFC 8725 section 3.8: a key speaks for the issuer that published it, and no other.
 *
 * @module
 */
// Threats: E10
import assert from "node:assert/strict";
import { setScene } from "../support/attack.ts";

Deno.test("login refuses one issuer's token under another's name", async () => {
  await using partner = await setScene();
  await using scene = await setScene({
    partner: partner.issuer.issuer,
    ruleLines: ["issuers: [campus]"],
  });
  const campus = scene.issuer.issuer;
  // same kid, so that only the key itself tells them apart
  for (const extra of [{}, { azp: campus, aud: ["ssh-prod", campus] }]) {
    const forged = await partner.token({ claims: { iss: campus, ...extra } });
    await scene.refuses(forged, "signature_invalid");
  }
  const reverse = await scene.token({ claims: { iss: partner.issuer.issuer } });
  // the partner cannot be reached; what was typed chose it, so that this is not an outage of ours
  const far = await scene.login(reverse);
  assert.deepEqual([far.reason, far.exitCode], ["issuer_unavailable", 7]);
  await scene.admits(await scene.token());
});
