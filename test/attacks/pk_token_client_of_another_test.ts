/**
 * The client's part of another PK token: its signature is for another payload, its key another
 * certificate's.
 *
 * @module
 */
// Threats: L1, L2
import { createKey } from "../support/opkssh.ts";
import { setPkScene } from "../support/pk_scene.ts";

Deno.test("a PK token with the client's part of another one is refused", async () => {
  const scene = await setPkScene();
  const mallory = await createKey("Ed25519");
  const alices = await scene.token();
  const later = await scene.token({ claims: { jti: "j2" } });
  const mallorys = await scene.token({
    key: mallory,
    claims: { sub: "mallory" },
  });
  const mixed = (one: string, other: string) =>
    [...one.split(":").slice(0, 3), ...other.split(":").slice(3)].join(":");
  await scene.refuses(mixed(alices, later), "signature_invalid");
  await scene.refuses(mixed(alices, mallorys), "signature_invalid", {
    key: mallory,
  });
  await scene.refuses(mixed(alices, mallorys), "key_not_bound");
  // whole, in a certificate of one's own
  await scene.refuses(alices, "key_not_bound", { key: mallory });
  await scene.admits(alices);
  await scene.admits(later);
});
