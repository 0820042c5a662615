/**
 * RFC 7519 section 7.2: the claims are an object, and so is the header.
 *
 * @module
 */
import { setScene } from "../support/attack.ts";

Deno.test("login refuses a payload that is no object", async () => {
  await using scene = await setScene();
  const claims = JSON.stringify(scene.claims());
  for (
    const text of [
      `[${claims}]`,
      JSON.stringify(claims),
      "null",
      "true",
      "1",
      "{}{}",
      `${claims},`,
      `${claims}//`,
      `/**/${claims}`,
      `'${claims}'`,
      claims.slice(0, -1),
      "{",
      "[]",
      "",
      "{'iss':1}",
    ]
  ) {
    await scene.refusesUnasked(
      await scene.raw({ payload: text }),
      "token_malformed",
    );
    await scene.refusesUnasked(
      await scene.raw({ header: text }),
      "token_malformed",
    );
  }
  await scene.refusesUnasked(
    await scene.raw({ payload: "{}" }),
    "claim_missing",
  );
  await scene.admits(await scene.raw({ payload: ` \t\r\n${claims}\n` }));
});
