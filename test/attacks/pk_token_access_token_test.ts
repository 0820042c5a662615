/**
 * Access tokens go to services that may use them: one stands for an ID token only where the policy
 * lists its type.
 *
 * @module
 */
// Threats: A14, L2
import { setPkScene } from "../support/pk_scene.ts";

Deno.test("an access token in the place of an ID token is refused unless types says so", async () => {
  const types = ["at+jwt", "AT+JWT", "application/at+jwt"];
  const scene = await setPkScene();
  for (const typ of types) {
    const token = await scene.token({ header: { typ } });
    await scene.refuses(token, "type_not_allowed");
  }
  await scene.admits(await scene.token());
  const both = await setPkScene({ issuer: { types: ["JWT", "at+jwt"] } });
  for (const typ of types) {
    await both.admits(await both.token({ header: { typ } }));
  }
});

Deno.test("an ID token that is bound to a key is refused where it is not the commitment", async () => {
  const scene = await setPkScene({
    issuer: { types: ["JWT", "dpop+id_token"], allow_confirmation: true },
  });
  const header = { typ: "dpop+id_token" };
  await scene.refuses(await scene.token({ header }), "type_not_allowed");
  await scene.admits(await scene.token());
  // and one that is not bound, where it is
  const bound = await setPkScene({ commitment: "cnf" });
  for (const typ of ["JWT", undefined, "at+jwt"]) {
    const token = await bound.token({ header: { typ } });
    await bound.refuses(token, "type_not_allowed");
  }
  await bound.admits(await bound.token());
});
