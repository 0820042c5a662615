/**
 * An issuer that hangs or fails costs one login, not all: the built program, as real processes, before a
 * real server. How much time exactly is in `deno task bench`: here, where other tests run beside it, what
 * takes two seconds is told from what takes the ten of the deadline.
 *
 * @module
 */
// Threats: F-3, F-6
import assert from "node:assert/strict";
import { answer, DISCOVERY_PATH, hang } from "../support/hostile_server.ts";
import { manyLogins, startSickScene } from "../support/sick_issuer.ts";

/** Far less than the deadline, and than half of it, for which others wait. */
const SOON_MS = 4_900;

Deno.test("logins of the built program before a sick issuer", async (t) => {
  await using scene = await startSickScene();
  const { server } = scene;
  assert.equal((await scene.login()).code, 0);
  scene.asked();

  await t.step("20 at once, expired keys, an issuer that hangs", async () => {
    await scene.expireKeys();
    server.on(DISCOVERY_PATH, hang());
    const logins = await manyLogins(20, 20, scene.login);
    for (const { code, log, milliseconds } of logins) {
      assert.equal(code, 0, log);
      assert.match(log, /expired keys served/);
      assert.ok(milliseconds < 9_000, `${milliseconds} ms`);
    }
    assert.equal(scene.asked(), 1);
  });

  await t.step("no keys: the first pays, the others do not", async () => {
    await scene.forgetAll();
    const first = await scene.login();
    assert.equal(first.code, 9);
    assert.match(
      first.log,
      /reason=issuer_unavailable .*did not answer in time/,
    );
    assert.ok(first.milliseconds > 9_000);
    for (const later of await manyLogins(6, 2, scene.login)) {
      assert.equal(later.code, 9);
      assert.match(
        later.log,
        /reason=issuer_unavailable .*did not answer in time \([0-9]+ s ago; it is asked again in [0-9]+ s\)/,
      );
      assert.ok(later.milliseconds < SOON_MS, `${later.milliseconds} ms`);
    }
    assert.equal(scene.asked(), 1);
  });

  await t.step("40 logins, an issuer that answers 500", async () => {
    await scene.forgetAll();
    server.on(DISCOVERY_PATH, answer({ status: 500 }));
    for (const { code, log } of await manyLogins(40, 8, scene.login)) {
      assert.equal(code, 9);
      assert.match(log, /reason=issuer_unavailable .*status 500/);
    }
    assert.ok(scene.asked() <= 2);
  });

  await t.step("one that is well again", async () => {
    await scene.forgetAll();
    server.on(DISCOVERY_PATH);
    assert.equal((await scene.login()).code, 0);
    assert.equal(scene.asked(), 2);
  });
});
