/** @module Starts are counted, among processes, by source and in all. */
import assert from "node:assert/strict";
import { startSource, takePlace } from "../../src/pam/device_limit.ts";
import {
  Clock,
  createDeviceScene,
  finish,
  outcome,
  start,
} from "../support/device.ts";

const LIMITS = { starts_per_source: 2, starts_total: 3 };
const NOON = Date.UTC(2026, 0, 1, 12);

async function withCache(
  body: (
    take: (source: string, now?: number) => Promise<boolean>,
    cacheDirectory: string,
  ) => Promise<void>,
) {
  const folder = await Deno.makeTempDir({ prefix: "oauth-pam-limit-" });
  const cacheDirectory = `${folder}/cache`;
  try {
    await body(
      (source, now = NOON) =>
        takePlace(source, { cacheDirectory, limits: LIMITS, now }),
      cacheDirectory,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("takePlace() has as many places for a source as the policy says", () =>
  withCache(async (take) => {
    assert.deepEqual([await take("a"), await take("a"), await take("a")], [
      true,
      true,
      false,
    ]);
    assert.equal(await take("b"), true);
  }));

Deno.test("takePlace() has as many places in all as the policy says", () =>
  withCache(async (take) => {
    for (const source of ["a", "b", "c"]) {
      assert.equal(await take(source), true);
    }
    assert.equal(await take("d"), false);
  }));

Deno.test("takePlace() begins anew with the next minute, and forgets the last but one", () =>
  withCache(async (take, cacheDirectory) => {
    for (const source of ["a", "a", "a", "b"]) await take(source);
    assert.equal(await take("a", NOON + 59_999), false);
    assert.equal(await take("a", NOON + 60_000), true);
    assert.equal(await take("a", NOON + 180_000), true);
    const names = [];
    for await (const { name } of Deno.readDir(`${cacheDirectory}/device`)) {
      names.push(name);
    }
    const window = `limit.${(NOON + 180_000) / 60_000}.`;
    assert.deepEqual(names.filter((name) => !name.startsWith(window)), []);
  }));

Deno.test("takePlace() gives away no place twice to fifty at once", () =>
  withCache(async (take) => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => take(`s${index}`)),
    );
    assert.equal(answers.filter(Boolean).length, 3);
  }));

Deno.test("startSource() counts an IPv6 network of 64 bits, and mapped addresses as IPv4, as one", () => {
  const same = (a: string, b: string) =>
    startSource(a, null) === startSource(b, null);
  assert.equal(same("2001:db8::1", "2001:db8::ffff:0:0:2"), true);
  assert.equal(same("2001:db8::1", "2001:db8:0:1::1"), false);
  assert.equal(same("192.0.2.7", "::ffff:192.0.2.7"), true);
  assert.equal(same("192.0.2.7", "192.0.2.8"), false);
});

Deno.test("startSource() counts local users apart, and ignores what a remote host says of them", () => {
  assert.notEqual(startSource("host", "alice"), startSource("host", "bob"));
  assert.notEqual(startSource(null, "alice"), startSource(null, "bob"));
  assert.equal(
    startSource("192.0.2.7", "alice"),
    startSource("192.0.2.7", "bob"),
  );
});

Deno.test("device start refuses beyond the limit, without a request, and says to try again", async () => {
  await using scene = await createDeviceScene({
    device: "starts_per_source: 2",
  });
  const { policyFile } = scene.site;
  const clock = new Clock();
  clock.advance(60_000 - clock.now() % 60_000 + 1000); // not across the end of a minute
  await start({ policyFile, clock });
  await start({ policyFile, clock });
  scene.server.requests.length = 0;
  for (const user of ["alice", "nosuchuser"]) {
    const env = { OAUTH_PAM_ACCOUNT: user === "alice" ? "1000:alice" : "" };
    const refused = await start({ policyFile, clock, user, env });
    assert.deepEqual([refused.reason, refused.exitCode], ["device_limit", 7]);
    assert.equal(
      refused.text,
      "\nToo many people are signing in. Try again in a minute.\n",
    );
    assert.match(refused.log, / decision=deny reason=device_limit /);
    const finished = await finish({ policyFile, clock, user, env });
    assert.equal(finished.reason, "device_limit");
    assert.equal(
      await outcome(["authinfo_unavail"], { policyFile, clock, user, env }),
      false,
    );
    assert.equal(
      await outcome(["auth_err"], { policyFile, clock, user, env }),
      true,
    );
  }
  assert.deepEqual(scene.server.requests, []);
  assert.equal(
    (await start({ policyFile, clock, env: { PAM_RHOST: "192.0.2.8" } }))
      .reason,
    null,
  );
});
