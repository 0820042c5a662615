/**
 * RFC 8693 section 4: somebody acts for somebody else.
 *
 * @module
 */
// Threats: A16
import { setScene } from "../support/attack.ts";

Deno.test("login refuses a token of a delegate", async () => {
  await using scene = await setScene();
  for (
    const claims of [
      { act: { sub: "service" } },
      { act: {} },
      { act: null },
      { may_act: { sub: "service" } },
    ]
  ) {
    await scene.refuses(await scene.token({ claims }), "token_kind_unexpected");
  }
  await scene.admits(await scene.token());
  await using lenient = await setScene({
    issuerLines: ["allow_delegation: true"],
  });
  const acting = { act: { sub: "service" } };
  await lenient.admits(await lenient.token({ claims: acting }));
});
