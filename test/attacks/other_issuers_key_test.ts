/** @module RFC 8725 section 3.8: a key speaks for the issuer that published it, and no other. */
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
  await scene.refuses(reverse, "issuer_unavailable");
  await scene.admits(await scene.token());
});
