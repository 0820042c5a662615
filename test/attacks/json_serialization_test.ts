/**
 * RFC 7515 section 7.2: a login takes the compact serialization only.
 *
 * @module
 */
// Threats: A7
import { setScene } from "../support/attack.ts";

Deno.test("login refuses the JSON serializations of a good token", async () => {
  await using scene = await setScene();
  const token = await scene.token();
  const [header, payload, signature] = token.split(".");
  for (
    const value of [
      { payload, protected: header, signature },
      { payload, signatures: [{ protected: header, signature }] },
      { payload, header: { alg: "ES256", kid: "k1" }, signature },
      [token],
      { access_token: token },
    ]
  ) {
    await scene.refusesUnasked(JSON.stringify(value), "token_malformed");
  }
  for (const parts of [[header], [header, payload], [token, signature]]) {
    await scene.refusesUnasked(parts.join("."), "token_malformed");
  }
  await scene.admits(token);
});
