/**
 * RFC 8725 section 3.10: a kid is compared, never opened, looked up or executed.
 *
 * @module
 */
// Threats: A4
import assert from "node:assert/strict";
import { setScene } from "../support/attack.ts";
import { filesBelow } from "../support/files.ts";

Deno.test("login takes no kid for a path", async () => {
  await using scene = await setScene();
  const { directory } = scene.site;
  for (
    const kid of [
      "../../pwned",
      "../../../../../../dev/null",
      `${directory}/pwned`,
      `file://${directory}/pwned`,
      "..\\..\\pwned",
      "k1\u0000.json",
      "%2e%2e%2fpwned",
      "k1/../k1",
      "' OR '1'='1",
      "$(touch pwned)",
      "|touch pwned",
      "__proto__",
      "constructor",
      "K1",
      " k1",
      "",
      "k".repeat(10_000),
    ]
  ) {
    const token = await scene.token({ header: { kid } });
    await scene.refuses(token, "key_not_found");
  }
  await scene.admits(await scene.token());
  const names = [...await filesBelow(directory)].sort();
  const keys = names.filter((name) => name.startsWith("cache/jwks/"));
  assert.deepEqual(
    names.filter((name) => !keys.includes(name)),
    ["ca.pem", "policy.yaml"],
  );
  for (const name of keys) {
    assert.match(name, /^cache\/jwks\/[0-9a-f]{64}(?:\.lock|\.refetch)?$/);
  }
});

Deno.test("login refuses a kid that is no string", async () => {
  await using scene = await setScene();
  for (const kid of [1, null, ["k1"], { k1: true }, true]) {
    const token = await scene.token({ header: { kid } });
    await scene.refusesUnasked(token, "token_malformed");
  }
  const huge = await scene.token({ header: { kid: "k".repeat(1024 * 1024) } });
  await scene.refusesUnasked(huge, "token_malformed");
  await scene.admits(await scene.token());
});
