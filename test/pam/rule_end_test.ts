/**
 * A rule that ends, at a login: the last second admits, the next one does not.
 *
 * @module
 */
import assert from "node:assert/strict";
import { instantText } from "../../src/policy/instant.ts";
import { createScene } from "../support/login_scene.ts";

/** In a minute, while the tokens of the scene are good on both sides of it. */
const END = Math.floor(Date.now() / 1000) + 60;

const TIMES: readonly [string, number, "allow" | "deny"][] = [
  ["a second before", END * 1000 - 1000, "allow"],
  ["a millisecond before", END * 1000 - 1, "allow"],
  ["at", END * 1000, "deny"],
  ["an hour after", END * 1000 + 3_600_000, "deny"],
];

Deno.test("a login is admitted until the instant in not_after and refused from then on", async () => {
  await using scene = await createScene({
    ruleLines: [`not_after: ${instantText(END)}`],
  });
  const token = await scene.token({ claims: { exp: END + 7200 } });
  for (const [when, now, decision] of TIMES) {
    const { reason, exitCode, log } = await scene.attempt({
      token,
      now: () => now,
    });
    assert.deepEqual(
      [reason, exitCode],
      decision === "allow" ? ["allowed", 0] : ["account_not_permitted", 10],
      when,
    );
    assert.match(log, new RegExp(`decision=${decision} reason=${reason} `));
  }
});

Deno.test("whom a deny rule keeps out gets in from the instant in its not_after on", async () => {
  await using scene = await createScene({
    ruleLines: [],
    lines: [],
  });
  const text = await Deno.readTextFile(scene.site.policyFile);
  await Deno.writeTextFile(
    scene.site.policyFile,
    text.replace(
      "rules:\n",
      `rules:\n  out: {effect: deny, not_after: "${instantText(END)}"}\n`,
    ),
  );
  const token = await scene.token({ claims: { exp: END + 7200 } });
  for (const [when, now, decision] of TIMES) {
    const { reason } = await scene.attempt({ token, now: () => now });
    assert.equal(
      reason,
      decision === "allow" ? "denied_by_rule" : "allowed",
      when,
    );
  }
});
