/**
 * RFC 7519 section 4.1.3, RFC 8725 section 3.9: a string or a list of strings, nothing else.
 *
 * @module
 */
import { AUDIENCE, setScene } from "../support/attack.ts";

Deno.test("login refuses a token whose audience is of another type", async () => {
  await using scene = await setScene();
  for (
    const aud of [
      [AUDIENCE, 1],
      [[AUDIENCE]],
      [AUDIENCE, null],
      { 0: AUDIENCE },
      { [AUDIENCE]: true },
      1,
      true,
      false,
      0,
    ]
  ) {
    const token = await scene.token({ claims: { aud } });
    await scene.refuses(token, "token_malformed");
  }
  for (const aud of [AUDIENCE, [AUDIENCE], ["other", AUDIENCE]]) {
    await scene.admits(await scene.token({ claims: { aud } }));
  }
});
