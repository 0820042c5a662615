/**
 * RFC 7515 section 5.2: what was signed is what is believed.
 *
 * @module
 */
import { setScene, withSegment } from "../support/attack.ts";
import { encodeSegment } from "../support/tokens.ts";

for (const alg of ["ES256", "RS256", "EdDSA"]) {
  Deno.test(`login refuses a changed ${alg} token`, async () => {
    await using scene = await setScene({ alg });
    const token = await scene.token();
    const [header, payload, signature] = token.split(".");
    const other = (await scene.token({ claims: { email: "bob@example.edu" } }))
      .split(".");
    const flipped = Uint8Array.fromBase64(signature!, {
      alphabet: "base64url",
    });
    flipped[flipped.length - 1]! ^= 1;
    for (
      const changed of [
        withSegment(token, 1, scene.claims({ email: "root@example.edu" })),
        withSegment(token, 1, `${JSON.stringify(scene.claims())} `),
        withSegment(token, 0, { kid: "k1", alg, typ: "JWT" }),
        withSegment(token, 0, { alg, kid: "k1" }),
        withSegment(token, 2, flipped),
        `${header}.${payload}.`,
        `${header}.${payload}.${encodeSegment(flipped.subarray(1))}`,
        `${header}.${other[1]}.${signature}`,
        `${header}.${payload}.${other[2]}`,
      ]
    ) await scene.refuses(changed, "signature_invalid");
    await scene.admits(token);
  });
}
