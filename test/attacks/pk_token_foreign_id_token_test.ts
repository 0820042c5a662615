/**
 * Whoever holds somebody else's ID token can make a client's part of their own for it; the ID token
 * does not commit to it.
 *
 * @module
 */
// Threats: L2
import { createKey, type SshKey } from "../support/opkssh.ts";
import { type PkScene, setPkScene } from "../support/pk_scene.ts";
import { encodeSegment } from "../support/tokens.ts";

for (const commitment of ["nonce", "aud", "gq", "cnf"] as const) {
  Deno.test(`an ID token of alice in a PK token of mallory's key is refused, with the commitment ${commitment}`, async () => {
    const scene = await setPkScene({ commitment });
    const mallory = await createKey("Ed25519");
    const alices = await scene.token();
    const [payload = "", header = "", signature = ""] = alices.split(":");
    const own = await clientPart(scene, mallory, payload);
    await scene.refuses(
      [payload, header, signature, ...own].join(":"),
      "key_not_bound",
      { key: mallory },
    );
    await scene.admits(alices);
  });
}

/** Header and signature of a client with this key, for any payload. */
async function clientPart(
  scene: PkScene,
  key: SshKey,
  payload: string,
): Promise<string[]> {
  const [, , , header = ""] = (await scene.token({ key })).split(":");
  const bytes = new TextEncoder().encode(`${header}.${payload}`);
  return [header, encodeSegment(await key.sign(bytes))];
}
