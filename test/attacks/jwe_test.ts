/**
 * RFC 7516: an encrypted token is refused unread, however much work it asks for.
 *
 * @module
 */
// Threats: A6
import assert from "node:assert/strict";
import { setScene } from "../support/attack.ts";
import { encodeSegment } from "../support/tokens.ts";

Deno.test("login refuses encrypted tokens without any work", async () => {
  await using scene = await setScene();
  const bomb = await new Response(
    new Blob([new Uint8Array(8 * 1024 * 1024)]).stream()
      .pipeThrough(new CompressionStream("deflate-raw")),
  ).bytes();
  for (
    const header of [
      { alg: "dir", enc: "A128CBC-HS256", zip: "DEF" },
      { alg: "PBES2-HS256+A128KW", enc: "A128GCM", p2c: 2147483647, p2s: "AA" },
      { alg: "RSA1_5", enc: "A128GCM" },
      { alg: "ECDH-ES", enc: "A128GCM", epk: { kty: "EC", crv: "P-256" } },
      { alg: "ES256", kid: "k1" },
    ]
  ) {
    const segments = [header, "key", "iv", bomb, "tag"].map(encodeSegment);
    const started = performance.now();
    await scene.refusesUnasked(segments.join("."), "token_kind_unexpected");
    assert.ok(performance.now() - started < 1000, "took longer than a second");
  }
  await scene.admits(await scene.token());
});
