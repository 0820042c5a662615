/**
 * Ed25519 keys of small order: a signature that needs no key fits every message.
 *
 * @module
 */
import { setScene } from "../support/attack.ts";
import { constantSignature, encodeSegment } from "../support/tokens.ts";

const SMALL_ORDER = [
  `01${"00".repeat(31)}`,
  "00".repeat(32),
  `ec${"ff".repeat(30)}7f`,
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  `ed${"ff".repeat(30)}7f`,
  `ee${"ff".repeat(30)}7f`,
];

Deno.test("login refuses Ed25519 keys under which everything verifies", async () => {
  await using scene = await setScene({
    alg: "EdDSA",
    issuerLines: ["jwks_ttl: 0s"],
  });
  const good = scene.issuer.jwks.keys[0]!;
  const signature = Uint8Array.fromHex(`01${"00".repeat(63)}`);
  const signer = constantSignature({ alg: "EdDSA", kid: "k1", signature });
  for (const hex of SMALL_ORDER) {
    const x = Uint8Array.fromHex(hex);
    for (const sign of [0, 0x80]) {
      x[31]! |= sign;
      scene.issuer.jwks.keys = [{ ...good, x: encodeSegment(x) }];
      const token = await scene.token({ signer });
      await scene.refuses(token, "key_not_found");
    }
  }
  scene.issuer.jwks.keys = [good];
  await scene.refuses(await scene.token({ signer }), "signature_invalid");
  await scene.admits(await scene.token());
});
