/**
 * RFC 8259 section 8.2: half a surrogate pair, which every reader repairs in its own way.
 *
 * @module
 */
// Threats: A9
import { setScene, withMember } from "../support/attack.ts";

Deno.test("login refuses a string that is not Unicode, wherever it is", async () => {
  await using scene = await setScene();
  const { jti: _jti, ...claims } = scene.claims();
  for (
    const member of [
      '"jti":"\\ud800"',
      '"jti":"\\uDEAD"',
      '"jti":"\\udead\\ud83d"',
      '"jti":"\\ud83d\\ud83d\\ude00"',
      '"\\ud800":1',
      '"x":{"y":["a","\\\\\\ud800"]}',
    ]
  ) {
    const token = await scene.raw({ payload: withMember(claims, member) });
    await scene.refusesUnasked(token, "token_malformed");
  }
  const header = '{"alg":"ES256","typ":"JWT","kid":"k1","x":"\\udc00"}';
  await scene.refusesUnasked(await scene.raw({ header }), "token_malformed");
  const fine = '"jti":"\\ud83d\\ude00 \\\\ud800 \\u0000 \\ufffe"';
  await scene.admits(await scene.raw({ payload: withMember(claims, fine) }));
});
