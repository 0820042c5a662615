/**
 * Which of an agent's keys count as a certificate that serves.
 *
 * @module
 */
import assert from "node:assert/strict";
import { heldCertificates } from "../../src/client/held.ts";
import {
  type CertificateFields,
  createCertificate,
  createKey,
  createPkToken,
} from "../support/opkssh.ts";
import { createSigner, standardClaims } from "../support/tokens.ts";

const NOW = 1_767_268_800;

async function isHeld(fields: CertificateFields): Promise<boolean> {
  const key = await createKey("Ed25519");
  const pkToken = await createPkToken({
    key,
    signer: await createSigner({ alg: "ES256", kid: "k1" }),
    claims: standardClaims({
      issuer: "https://login.example.edu",
      audience: "opkssh",
      now: NOW,
    }),
  });
  const { bytes } = await createCertificate(key, pkToken, fields);
  const identity = { blob: bytes, comment: "a key" };
  return (await heldCertificates([identity], NOW)).length === 1;
}

Deno.test("heldCertificates() counts certificates that are for every account, as a server does", async () => {
  assert.equal(await isHeld({}), true);
  for (
    const principals of [
      [],
      ["alice"],
      ["alice", "opkssh-wildcard"],
      ["opkssh-wildcard", "opkssh-wildcard"],
    ]
  ) {
    assert.equal(await isHeld({ principals }), false, principals.join());
  }
});

Deno.test("heldCertificates() leaves out what another key has signed, and what has ended", async () => {
  assert.equal(await isHeld({ signWith: await createKey("Ed25519") }), false);
  assert.equal(await isHeld({ validBefore: BigInt(NOW) }), false);
  assert.equal(await isHeld({ validAfter: BigInt(NOW + 1) }), false);
  assert.equal(await isHeld({ certifies: 2 }), false);
});
