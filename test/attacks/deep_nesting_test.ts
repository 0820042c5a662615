/**
 * Depth that costs a recursive reader its stack.
 *
 * @module
 */
// Threats: I4
import { setScene, withMember } from "../support/attack.ts";

Deno.test("login refuses a token that is nested without end", async () => {
  await using scene = await setScene();
  const claims = scene.claims();
  const lists = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
  const objects = (depth: number) =>
    '{"a":'.repeat(depth) + "1" + "}".repeat(depth);
  for (const nested of [lists(5000), lists(32), objects(1500), objects(32)]) {
    const payload = withMember(claims, `"x":${nested}`);
    await scene.refusesUnasked(await scene.raw({ payload }), "token_malformed");
    const header = `{"alg":"ES256","kid":"k1","x":${nested}}`;
    await scene.refusesUnasked(await scene.raw({ header }), "token_malformed");
  }
  for (const nested of [lists(31), objects(31)]) {
    const payload = withMember(claims, `"x":${nested}`);
    await scene.admits(await scene.raw({ payload }));
  }
});
