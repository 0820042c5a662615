/**
 * Certificates that somebody else has signed, that are for hosts, or that restrict their session: a
 * token in one does not make it ours.
 *
 * @module
 */
// Threats: L4
import assert from "node:assert/strict";
import {
  CertificateError,
  readCertificate,
} from "../../src/ssh/certificate.ts";
import {
  type CertificateFields,
  createCertificate,
  createKey,
  extensionData,
  publicBlob,
} from "../support/opkssh.ts";
import { setPkScene } from "../support/pk_scene.ts";

Deno.test("a token in a certificate that its own key has not signed is refused", async () => {
  for (const curve of ["Ed25519", "P-256"] as const) {
    const scene = await setPkScene({ curve });
    const token = await scene.token();
    const authority = await createKey(curve);
    const other = await createKey(curve === "Ed25519" ? "P-256" : "Ed25519");
    const refused: CertificateFields[] = [
      { signWith: authority },
      { signWith: other },
      { signWith: authority, signatureKey: publicBlob(scene.key) },
      { signatureKey: publicBlob(authority) },
      { certifies: 2 },
      { critical: [["force-command", extensionData("/bin/true")]] },
      { critical: [["source-address", extensionData("192.0.2.0/24")]] },
      { validBefore: 1n },
    ];
    for (const certificate of refused) {
      await assert.rejects(
        scene.verify(token, { certificate }),
        CertificateError,
      );
      assert.equal(scene.asked.count, 0);
    }
    // without a token it is none of our business
    for (const fields of refused) {
      const { base64, type } = await createCertificate(scene.key, null, fields);
      assert.equal(readCertificate(base64, type).pkToken, null);
    }
    await scene.admits(token);
  }
});
