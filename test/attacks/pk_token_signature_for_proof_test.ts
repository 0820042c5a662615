/**
 * Where runs of CI commit by their audience or by the proof's header, whoever sees the issuer's
 * signature could bind another key: a proof of it must stand in its place.
 *
 * @module
 */
// Threats: L2
import assert from "node:assert/strict";
import { proveInstead } from "../support/gq_signer.ts";
import { setPkScene } from "../support/pk_scene.ts";
import { signToken } from "../support/tokens.ts";

for (const commitment of ["aud", "gq"] as const) {
  Deno.test(`with the commitment ${commitment} an RS256 signature instead of a proof is refused`, async () => {
    const scene = await setPkScene({ commitment });
    const proven = await scene.token();
    const [payload = "", , , ...client] = proven.split(":");
    const claims = JSON.parse(
      new TextDecoder().decode(
        Uint8Array.fromBase64(payload, { alphabet: "base64url" }),
      ),
    );
    const [header = "", again, signature = ""] = (await signToken({
      signer: scene.signer,
      claims,
    })).split(".");
    assert.equal(again, payload);
    const signed = [payload, header, signature, ...client].join(":");
    await scene.refuses(signed, "algorithm_not_allowed");
    await scene.admits(proven);
  });
}

Deno.test("with the commitment nonce a proof instead of a signature is refused", async () => {
  const scene = await setPkScene({ alg: "RS256" });
  const token = await scene.token();
  const [payload = "", header = "", signature = "", ...client] = token.split(
    ":",
  );
  const proven = await proveInstead({
    signer: scene.signer,
    token: [header, payload, signature].join("."),
  });
  const [own = "", , proof = ""] = proven.split(".");
  await scene.refuses(
    [payload, own, proof, ...client].join(":"),
    "algorithm_not_allowed",
  );
  await scene.admits(token);
});
