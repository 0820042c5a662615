/**
 * The policy decides how an issuer's tokens are read; a token cannot choose to be a JWT.
 *
 * @module
 */
import assert from "node:assert/strict";
import { setScene } from "../support/attack.ts";

for (
  const [kind, reason] of [
    // without a version it is SciTokens 1.0, which knows none of the other claims
    ["scitokens", "token_malformed"],
    ["wlcg", "claim_missing"],
  ] as const
) {
  Deno.test(`login refuses a plain JWT of a ${kind} issuer`, async () => {
    await using scene = await setScene({ issuerLines: [`kind: ${kind}`] });
    await scene.refuses(await scene.token(), reason);
  });
}

for (const kind of ["introspection", "globus"]) {
  Deno.test(`login verifies no JWT of a ${kind} issuer by itself`, async () => {
    await using scene = await setScene();
    const { directory, policyFile } = scene.site;
    const secret = `${directory}/secret`;
    await Deno.writeTextFile(secret, "secret", { mode: 0o600 });
    const policy = await Deno.readTextFile(policyFile);
    const lines =
      `kind: ${kind}\n    client_id: login\n    client_secret_file: ${secret}`;
    await Deno.writeTextFile(
      policyFile,
      policy.replace("algorithms: [ES256]", lines),
    );
    await scene.refuses(await scene.token(), "issuer_refused");
    assert.equal(scene.issuer.requestCount("/jwks"), 0);
  });
}
