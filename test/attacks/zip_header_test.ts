/**
 * "zip" belongs to encrypted tokens (RFC 7516 section 4.1.3); some libraries unpack it.
 *
 * @module
 */
import { setScene } from "../support/attack.ts";

Deno.test("login refuses a compressed payload and the header that says so", async () => {
  await using scene = await setScene();
  const packed = await new Response(
    new Blob([JSON.stringify(scene.claims())]).stream()
      .pipeThrough(new CompressionStream("deflate-raw")),
  ).bytes();
  const header = { alg: "ES256", typ: "JWT", kid: "k1", zip: "DEF" };
  for (
    const token of [
      await scene.raw({ header, payload: packed }),
      await scene.raw({ header }),
      await scene.raw({ payload: packed }),
    ]
  ) await scene.refusesUnasked(token, "token_malformed");
  await scene.admits(await scene.token());
});
