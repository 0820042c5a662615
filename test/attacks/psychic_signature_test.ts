/**
 * CVE-2022-21449: the ECDSA signature of zeros that some verifiers take for every message.
 *
 * @module
 */
import { setScene } from "../support/attack.ts";
import { constantSignature } from "../support/tokens.ts";

const ORDER =
  "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

Deno.test("login refuses signatures of zeros, ones and the group's order", async () => {
  await using scene = await setScene();
  const zero = "00".repeat(32);
  const one = `${"00".repeat(31)}01`;
  for (
    const hex of [
      zero + zero,
      one + zero,
      zero + one,
      one + one,
      ORDER + ORDER,
      zero + ORDER,
      "ff".repeat(64),
      "",
      zero,
      "00".repeat(65),
    ]
  ) {
    const signature = Uint8Array.fromHex(hex);
    const signer = constantSignature({ alg: "ES256", kid: "k1", signature });
    await scene.refuses(await scene.token({ signer }), "signature_invalid");
  }
  await scene.admits(await scene.token());
});
