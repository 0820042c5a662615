/**
 * A refreshed ID token of somebody else, of another client, or from before, does not speak for the
 * certificate.
 *
 * @module
 */
// Threats: L5
import assert from "node:assert/strict";
import { CLIENT_ID, ISSUER, NOW, setPkScene } from "../support/pk_scene.ts";

Deno.test("a refreshed ID token with another iss, sub or aud lengthens nothing", async () => {
  const scene = await setPkScene({
    refreshed: true,
    issuer: { audiences: [CLIENT_ID, "opkssh-2"] },
  });
  const now = NOW + 400;
  for (
    const [reason, claims] of [
      ["issuer_unknown", { iss: `${ISSUER}/` }],
      ["issuer_unknown", { iss: "https://partner.example.edu" }],
      ["key_not_bound", { sub: "mallory" }],
      ["key_not_bound", { sub: ["u1", "u2"] }],
      ["key_not_bound", { sub: undefined }],
      ["key_not_bound", { aud: "opkssh-2" }],
      ["key_not_bound", { aud: ["opkssh-2", CLIENT_ID] }],
      ["audience_mismatch", { aud: "other" }],
      ["key_not_bound", { azp: "opkssh-2" }],
      ["token_expired", { iat: NOW, nbf: NOW }],
    ] as const
  ) {
    const refreshed = await scene.laterIdToken(claims);
    await scene.refuses(await scene.token({ refreshed }), reason, { now });
  }
  const refreshed = await scene.laterIdToken();
  await scene.admits(await scene.token({ refreshed }), { now });
});

Deno.test("a refreshed ID token that is silent about what a deny rule could ask lengthens nothing", async () => {
  const scene = await setPkScene({ refreshed: true });
  const silent = await scene.laterIdToken({ groups: undefined });
  const now = NOW + 400;
  await scene.refuses(
    await scene.token({ refreshed: silent }),
    "token_expired",
    { now },
  );
  const changed = await scene.laterIdToken({ groups: ["suspended"] });
  const token = await scene.token({ refreshed: changed });
  const { claims } = await scene.admits(token, { now });
  // what the issuer says now is what is judged
  assert.deepEqual(claims.groups, ["suspended"]);
});
