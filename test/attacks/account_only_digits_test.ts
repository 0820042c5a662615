/**
 * Numbers that somebody might take for a uid.
 *
 * @module
 */
// Threats: E3, F8
import assert from "node:assert/strict";
import { asks, setFullNames, tokenOf } from "../support/full_names.ts";

Deno.test("login refuses numbers where accounts are not called so", async () => {
  await using scene = await setFullNames("sssd");
  for (const name of ["0", "00", "1000", "20231234", "1e3", "0x0", "7of9"]) {
    const token = await tokenOf(scene, name);
    await scene.refusesUnasked(token, "request_invalid", asks(name));
  }
  // a domain may begin with a digit, and is none
  await scene.admits(await tokenOf(scene, "3com\\bob"), asks("3com\\bob"));
});

Deno.test("login refuses a number that the host takes for a uid", async () => {
  await using scene = await setFullNames("relaxed");
  for (
    const [name, host] of [
      ["0", "0:root"],
      ["00", "0:root"],
      ["1000", "1000:alice"],
      ["20231234", ""],
      ["020231234", "20231234:20231234"],
    ] as const
  ) {
    const token = await tokenOf(scene, name);
    await scene.refuses(token, "account_not_permitted", asks(name, host));
  }
  const zero = await tokenOf(scene, "0");
  await scene.refuses(zero, "account_protected", asks("0", "0:0"));
  const student = await tokenOf(scene, "20231234");
  const { log } = await scene.admits(student, asks("20231234"));
  assert.match(log, / user=20231234 /);
});
