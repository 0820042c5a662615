/**
 * RFC 8725 section 3.7: a token is UTF-8, whole, and without a byte order mark.
 *
 * @module
 */
// Threats: A9
import { setScene } from "../support/attack.ts";

const HEADER = { alg: "ES256", typ: "JWT", kid: "k1" };

Deno.test("login refuses header and payload that are not plain UTF-8", async () => {
  await using scene = await setScene();
  const encoder = new TextEncoder();
  const around = (json: string, bytes: readonly number[]) => {
    const [before = "", after = ""] = json.split("HERE");
    return new Uint8Array([
      ...encoder.encode(before),
      ...bytes,
      ...encoder.encode(after),
    ]);
  };
  const claims = JSON.stringify(scene.claims({ note: "HERE" }));
  const header = JSON.stringify({ ...HEADER, note: "HERE" });
  for (
    const bytes of [
      [0xff],
      [0xc0, 0xaf],
      [0xed, 0xa0, 0x80],
      [0xf4, 0x90, 0x80, 0x80],
      [0xe2, 0x82],
      [0x80],
    ]
  ) {
    for (
      const token of [
        await scene.raw({ payload: around(claims, bytes) }),
        await scene.raw({ header: around(header, bytes) }),
      ]
    ) await scene.refusesUnasked(token, "token_malformed");
  }
  const utf16 = new Uint8Array(
    new Uint16Array(
      Array.from(claims, (char) => char.charCodeAt(0)),
    ).buffer,
  );
  for (const payload of [`\ufeff${claims}`, utf16, `${claims}\0`, ""]) {
    await scene.refusesUnasked(await scene.raw({ payload }), "token_malformed");
  }
  const marked = `\ufeff${JSON.stringify(HEADER)}`;
  await scene.refusesUnasked(
    await scene.raw({ header: marked }),
    "token_malformed",
  );
  await scene.admits(
    await scene.raw({ payload: around(claims, [0xc3, 0xa9]) }),
  );
});
