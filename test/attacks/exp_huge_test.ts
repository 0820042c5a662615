/**
 * Numbers that are too large to be a time, among them what some parsers make infinite.
 *
 * @module
 */
// Threats: A10
import { setScene, withMember } from "../support/attack.ts";

Deno.test("login refuses an end that no clock will see", async () => {
  await using scene = await setScene();
  const claims = scene.claims({ exp: undefined });
  for (
    const exp of [
      "1e400",
      "9e15",
      "9007199254740993",
      "99999999999999999999",
      "253402300800",
      // an issuer that writes milliseconds makes tokens that live for ever
      `${Date.now() + 300_000}`,
    ]
  ) {
    const payload = withMember(claims, `"exp":${exp}`);
    await scene.refuses(await scene.raw({ payload }), "token_malformed");
  }
  const payload = withMember(claims, `"exp":253402300799`);
  await scene.admits(await scene.raw({ payload }));
});

Deno.test("login refuses to take NaN and Infinity for JSON", async () => {
  await using scene = await setScene();
  const claims = scene.claims({ exp: undefined });
  for (const exp of ["NaN", "Infinity", "0x7fffffff", "+1", "01", "1_000"]) {
    const payload = withMember(claims, `"exp":${exp}`);
    await scene.refusesUnasked(await scene.raw({ payload }), "token_malformed");
  }
});
