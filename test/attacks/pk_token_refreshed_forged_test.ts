/**
 * A refreshed ID token lengthens a certificate's life only where the issuer has signed it.
 *
 * @module
 */
// Threats: L5
import { NOW, setPkScene } from "../support/pk_scene.ts";
import { createSigner, encodeSegment } from "../support/tokens.ts";

Deno.test("a refreshed ID token whose signature does not verify lengthens nothing", async () => {
  const scene = await setPkScene({ refreshed: true });
  const now = NOW + 400;
  const good = await scene.laterIdToken();
  const [header = "", payload = "", signature = ""] = good.split(".");
  const impostor = await createSigner({ alg: "ES256", kid: "k1" });
  const stranger = await createSigner({ alg: "ES256", kid: "k2" });
  const [, changed = ""] = (await scene.laterIdToken({ exp: NOW + 9999 }))
    .split(".");
  for (
    const [reason, refreshed] of [
      ["signature_invalid", await scene.laterIdToken({}, { signer: impostor })],
      ["key_not_found", await scene.laterIdToken({}, { signer: stranger })],
      ["signature_invalid", `${header}.${changed}.${signature}`],
      ["signature_invalid", `${header}.${payload}.`],
      [
        "algorithm_not_allowed",
        `${encodeSegment({ alg: "none" })}.${payload}.`,
      ],
      [
        "type_not_allowed",
        await scene.laterIdToken({}, {
          header: { typ: "at+jwt" },
        }),
      ],
    ] as const
  ) {
    const token = await scene.token({ refreshed });
    await scene.refuses(token, reason, { now });
    // while the ID token itself serves, nobody asks the other
    await scene.admits(token, { now: NOW + 300 });
  }
  await scene.admits(await scene.token({ refreshed: good }), { now });
});
