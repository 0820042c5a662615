/**
 * RFC 7800: a token that is bound to a key is nothing in other hands.
 *
 * @module
 */
// Threats: A16
import { setScene } from "../support/attack.ts";

Deno.test("login refuses a token that is bound to a key", async () => {
  await using scene = await setScene();
  for (
    const claims of [
      { cnf: { jkt: "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" } },
      { cnf: { "x5t#S256": "AA" } },
      { cnf: {} },
      { cnf: null },
    ]
  ) {
    await scene.refuses(await scene.token({ claims }), "token_kind_unexpected");
  }
  await scene.admits(await scene.token());
  await using lenient = await setScene({
    issuerLines: ["allow_confirmation: true"],
  });
  const bound = { cnf: { jkt: "AA" } };
  await lenient.admits(await lenient.token({ claims: bound }));
  const both = { ...bound, act: { sub: "service" } };
  await lenient.refuses(
    await lenient.token({ claims: both }),
    "token_kind_unexpected",
  );
});
