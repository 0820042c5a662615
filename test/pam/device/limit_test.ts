/**
 * Starts are counted, among processes, by source and in all.
 *
 * @module
 */
// Threats: D11
import assert from "node:assert/strict";
import {
  limitDetail,
  rememberSignIn,
  type StartSource,
  startSource,
  takePlace,
} from "../../../src/pam/device/limit.ts";
import {
  Clock,
  createDeviceScene,
  finish,
  outcome,
  start,
  withoutReference,
} from "../../support/device.ts";

const LIMITS = { starts_per_source: 2, starts_total: 3 };
const NOON = Date.UTC(2026, 0, 1, 12);

/** A request for alice at sshd, unless said otherwise, from an address or a name. */
function from(
  rhost: string | null,
  more: Partial<Parameters<typeof startSource>[0]> = {},
): StartSource {
  const request = { service: "sshd", user: "alice", ruser: null };
  return startSource({ ...request, rhost, connection: null, ...more });
}

/** Each letter is an address in a network of its own. */
const addressOf = (letter: string) => `198.51.${letter.charCodeAt(0)}.7`;

async function withCache(
  body: (
    take: (letter: string, now?: number) => Promise<boolean>,
    cacheDirectory: string,
  ) => Promise<void>,
) {
  const folder = await Deno.makeTempDir({ prefix: "oauth-pam-limit-" });
  const cacheDirectory = `${folder}/cache`;
  try {
    await body(
      (letter, now = NOON) =>
        takePlace(from(addressOf(letter)), {
          ...{ cacheDirectory, limits: LIMITS, now },
        }).then((reached) => reached === null),
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

Deno.test("takePlace() has as many places in all as the policy says, and then one for each network that had none", () =>
  withCache(async (take) => {
    for (const source of ["a", "a", "b"]) {
      assert.equal(await take(source), true);
    }
    assert.equal(await take("b"), false, "it had its share");
    for (const source of ["c", "d", "e"]) {
      assert.equal(await take(source), true, source);
      assert.equal(await take(source), false, `${source} again`);
    }
    assert.equal(await take("f"), false, "the shares are limited, too");
  }));

Deno.test("takePlace() begins anew with the next minute, and forgets the last but one", () =>
  withCache(async (take, cacheDirectory) => {
    for (const source of ["a", "a", "a", "b"]) await take(source);
    assert.equal(await take("a", NOON + 59_999), false);
    assert.equal(await take("a", NOON + 60_000), true);
    assert.equal(await take("a", NOON + 180_000), true);
    const names = [];
    for await (const { name } of Deno.readDir(`${cacheDirectory}/limits`)) {
      if (!name.startsWith(".")) names.push(name);
    }
    const window = `${(NOON + 180_000) / 60_000}.`;
    assert.deepEqual(names.filter((name) => !name.startsWith(window)), []);
  }));

Deno.test("takePlace() gives away no place twice to fifty at once", () =>
  withCache(async (take) => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => take("a")),
    );
    assert.equal(answers.filter(Boolean).length, 2);
  }));

Deno.test("startSource() counts IPv6 networks of 64, 56 and 48 bits, and mapped addresses as IPv4", () => {
  const keys = (address: string) =>
    from(address).circles.map(({ key, times }) => `${times} ${key}`);
  const common = (a: string, b: string) =>
    keys(a).filter((key) => keys(b).includes(key)).length;
  assert.equal(keys("2001:db8::1").length, 3);
  assert.equal(common("2001:db8::1", "2001:db8::ffff:0:0:2"), 3);
  assert.equal(common("2001:db8::1", "2001:db8:0:1::1"), 2);
  assert.equal(common("2001:db8::1", "2001:db8:0:100::1"), 1);
  assert.equal(common("2001:db8::1", "2001:db8:1::1"), 0);
  assert.deepEqual(from("192.0.2.7"), from("::ffff:192.0.2.7"));
  assert.equal(common("192.0.2.7", "192.0.2.8"), 0);
  assert.equal(from("192.0.2.7").network, from("192.0.2.8").network);
});

Deno.test("startSource() takes sshd's address for a name, and names never", () => {
  const connection = "192.0.2.7";
  const named = from("a.evil.example", { connection });
  assert.deepEqual(named, from("192.0.2.7"));
  assert.deepEqual(named, from("b.evil.example", { connection }));
  assert.deepEqual(from("a.evil.example"), from("b.evil.example"));
  // what PAM says is an address is believed before anything in the environment
  assert.deepEqual(
    from("192.0.2.8", { connection }),
    from("192.0.2.8"),
  );
});

Deno.test("startSource() counts local users apart, and ignores what a remote host says of them", () => {
  const local = (ruser: string) => from(null, { ruser });
  assert.notDeepEqual(local("alice"), local("bob"));
  const remote = (ruser: string) => from("192.0.2.7", { ruser });
  assert.deepEqual(remote("alice"), remote("bob"));
});

Deno.test("takePlace() gives an IPv6 customer no more for having many networks", () =>
  withCache(async (_, cacheDirectory) => {
    const limits = { starts_per_source: 2, starts_total: 1000 };
    let taken = 0;
    for (let network = 0; network < 64; network++) {
      const address = `2001:db8:0:${network.toString(16)}00::1`;
      const options = { cacheDirectory, limits, now: NOON };
      if (await takePlace(from(address), options) === null) taken++;
    }
    assert.equal(taken, 6);
  }));

Deno.test("takePlace() says which limit is in the way, and until when", () =>
  withCache(async (take, cacheDirectory) => {
    const reached = (source: StartSource, limits = LIMITS) =>
      takePlace(source, { cacheDirectory, limits, now: NOON + 20_000 });
    const until = NOON + 60_000;
    const perSource = { setting: "starts_per_source", value: 2, until };
    for (const source of ["a", "a", "b"]) await take(source);
    assert.deepEqual(await reached(from(addressOf("b"))), {
      setting: "starts_total",
      value: 3,
      whose: "service",
      until,
    });
    const local = from(null, { service: "sudo", ruser: "carol" });
    for (const [source, whose] of [[local, "user"]] as const) {
      for (let start = 0; start < 2; start++) await reached(source);
      assert.deepEqual(await reached(source), { ...perSource, whose });
    }
    const many = { starts_per_source: 2, starts_total: 1000 };
    assert.deepEqual(await reached(from(addressOf("a")), many), {
      ...perSource,
      whose: "address",
    });
    const six = (network: number) => from(`2001:db8:0:${network}::1`);
    for (const network of [1, 2, 1, 2]) await reached(six(network), many);
    assert.deepEqual(await reached(six(3), many), {
      ...perSource,
      value: 4,
      whose: "network",
    });
  }));

Deno.test("limitDetail() names the setting, whose starts they are, how many, and the time", () => {
  const until = Date.UTC(2026, 0, 1, 12, 1);
  assert.equal(
    limitDetail({
      setting: "starts_total",
      value: 60,
      whose: "service",
      until,
    }),
    "starts_total: this service has had its 60 starts a minute, until 2026-01-01T12:01:00Z",
  );
});

Deno.test("takePlace() counts every service by itself", () =>
  withCache(async (take, cacheDirectory) => {
    for (const source of ["a", "a", "b", "c", "d", "e", "f"]) {
      await take(source);
    }
    assert.equal(await take("g"), false);
    for (const service of ["sudo", "su", "login"]) {
      const source = from(null, { service, ruser: "carol" });
      const options = { cacheDirectory, limits: LIMITS, now: NOON };
      assert.equal(await takePlace(source, options), null, service);
    }
  }));

Deno.test("takePlace() keeps places for who signed in lately from there, for nobody else, and for a fortnight", () =>
  withCache(async (take, cacheDirectory) => {
    const day = 24 * 3_600_000;
    const options = { cacheDirectory, limits: LIMITS, now: NOON };
    const alice = from(addressOf("a"));
    await rememberSignIn(alice, { cacheDirectory, now: NOON - day });
    for (const source of ["a", "a", "b", "c", "d", "e", "f"]) {
      await take(source);
    }
    assert.equal(await take("a"), true, "one kept place");
    assert.equal(await take("a"), true, "another");
    assert.equal(await take("a"), false, "as many as for a source");
    const others = [
      from(addressOf("a"), { user: "bob" }),
      from(addressOf("g")),
      from(addressOf("a"), { service: "other" }),
    ];
    assert.notEqual(
      await takePlace(others[0]!, options),
      null,
      "another account",
    );
    assert.notEqual(
      await takePlace(others[1]!, options),
      null,
      "another address",
    );
    const later = NOON + 14 * day;
    await rememberSignIn(alice, { cacheDirectory, now: later });
    const names = [...Deno.readDirSync(`${cacheDirectory}/recent`)]
      .map(({ name }) => name).filter((name) => !name.startsWith("."));
    assert.equal(names.length, 1, "what is too old is forgotten");
  }));

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
      withoutReference(refused.text),
      "\nToo many sign-ins were started from your address (reference REF).\nThe next one can start in 59 seconds.\n",
    );
    const until = new Date(clock.now() + 59_000).toISOString()
      .replace(/\.\d+Z/, "Z");
    assert.match(
      refused.log,
      new RegExp(
        ` decision=deny reason=device_limit .* detail="starts_per_source: this address has had its 2 starts a minute, until ${until}"`,
      ),
    );
    const finished = await finish({ policyFile, clock, user, env });
    assert.equal(finished.reason, "device_limit");
    assert.equal(
      await outcome(["authinfo_unavail"], { policyFile, clock, user, env }),
      false,
    );
    const named = user === "alice" ? "auth_err" : "device_limit";
    assert.equal(
      await outcome([named], { policyFile, clock, user, env }),
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
