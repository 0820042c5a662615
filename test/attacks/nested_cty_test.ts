/**
 * RFC 7519 section 5.2: a token inside a token.
 *
 * @module
 */
import { setScene } from "../support/attack.ts";

Deno.test("login refuses a nested token", async () => {
  await using scene = await setScene();
  const inner = await scene.token();
  for (const cty of ["JWT", "jwt", "application/jwt", "APPLICATION/JWT"]) {
    const header = { alg: "ES256", typ: "JWT", kid: "k1", cty };
    for (const payload of [inner, scene.claims()]) {
      const token = await scene.raw({ header, payload });
      await scene.refusesUnasked(token, "token_malformed");
    }
  }
  await scene.refusesUnasked(
    await scene.raw({ payload: inner }),
    "token_malformed",
  );
  await scene.admits(inner);
});
