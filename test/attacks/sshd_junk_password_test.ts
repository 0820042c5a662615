/**
 * What sshd types for an account that may not log in: no token, and no reason to ask.
 *
 * @module
 */
// Threats: G11
import assert from "node:assert/strict";
import { setScene } from "../support/attack.ts";

const JUNK = "\b\n\r\x7fINCORRECT";

Deno.test("login recognises sshd's junk at every length", async () => {
  await using scene = await setScene();
  for (const length of [1, 2, 3, 4, 5, 12, 13, 14, 100, 511, 512, 660, 1023]) {
    const typed = JUNK.repeat(80).slice(0, length);
    for (const handed of [typed, `${typed}\0`]) {
      const { log } = await scene.refusesUnasked(handed, "token_malformed");
      assert.match(log, /sshd hides what was typed/);
    }
  }
  await scene.admits(await scene.token());
});
