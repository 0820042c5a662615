/**
 * Whoever gets to see a PK token with a proof puts another commitment into the proof's header, or takes
 * the proof for another payload: the proof covers both.
 *
 * @module
 */
// Threats: L2
import assert from "node:assert/strict";
import { createKey } from "../support/opkssh.ts";
import { GQ_AUDIENCE, setPkScene } from "../support/pk_scene.ts";
import { encodeSegment } from "../support/tokens.ts";

Deno.test("a proof whose header names another key than it was made for is refused", async () => {
  const scene = await setPkScene({ commitment: "gq" });
  const mallory = await createKey("Ed25519");
  const alices = await scene.token();
  const [payload = "", header = "", proof = ""] = alices.split(":");
  const own = JSON.parse(
    new TextDecoder().decode(
      Uint8Array.fromBase64(header, { alphabet: "base64url" }),
    ),
  );
  // mallory has a client's part that commits to a key of hers, for alice's payload
  let commitment: unknown;
  const mallorys = await scene.token({
    key: mallory,
    commit: (made) => commitment = made,
  });
  const [same = "", , , ...client] = mallorys.split(":");
  assert.equal(same, payload);
  const rebound = encodeSegment({ ...own, cic: commitment });
  await scene.refuses(
    [payload, rebound, proof, ...client].join(":"),
    "signature_invalid",
    { key: mallory },
  );
  // as it was made it names alice's key
  await scene.refuses(
    [payload, header, proof, ...client].join(":"),
    "key_not_bound",
    { key: mallory },
  );
  await scene.admits(alices);
});

Deno.test("a token that was not made to be bound by its holder is refused", async () => {
  const scene = await setPkScene({
    commitment: "gq",
    issuer: { audiences: ["vault", GQ_AUDIENCE] },
  });
  // vault, which gets it, proves to know its signature
  for (const aud of ["vault", ["vault", GQ_AUDIENCE], [GQ_AUDIENCE, "vault"]]) {
    const token = await scene.token({ claims: { aud } });
    await scene.refuses(token, "key_not_bound");
  }
  await scene.admits(await scene.token());
});
