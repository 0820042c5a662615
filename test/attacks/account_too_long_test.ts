/**
 * Names longer than any account can be called.
 *
 * @module
 */
// Threats: E13
import assert from "node:assert/strict";
import { setScene } from "../support/attack.ts";
import { asks, setFullNames, tokenOf } from "../support/full_names.ts";

Deno.test("login refuses full names of more than 255 characters", async () => {
  await using scene = await setFullNames("sssd");
  const domain = "@corp.example";
  for (const length of [256, 257, 4096, 100_000]) {
    const plain = "a".repeat(length);
    const full = "a".repeat(length - domain.length) + domain;
    for (const name of [plain, full]) {
      // what no claim would hold is not in the token
      const token = await tokenOf(scene, name.slice(0, 300));
      await scene.refusesUnasked(token, "request_invalid", asks(name));
    }
  }
  const longest = "a".repeat(255 - domain.length) + domain;
  const { log } = await scene.admits(
    await tokenOf(scene, longest),
    asks(longest),
  );
  // whose account it was is told whole
  assert.ok(log.includes(` user=${longest} `), log);
});

Deno.test("login refuses names of more than 32 characters where accounts are plain", async () => {
  await using scene = await setScene({
    ruleLines: ["  - {claim: preferred_username}"],
  });
  const name = "a".repeat(33);
  const token = await tokenOf(scene, name);
  await scene.refusesUnasked(token, "request_invalid", asks(name));
  const short = "a".repeat(32);
  await scene.admits(await tokenOf(scene, short), asks(short));
});
