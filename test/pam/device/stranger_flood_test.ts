/**
 * A stranger who asks for codes as fast as they can, from everywhere they can, keeps nobody out; and
 * what they leave behind makes nobody's login slow.
 *
 * @module
 */
import assert from "node:assert/strict";
import { assertAlike } from "../../support/timing.ts";
import { sha256Hex } from "../../../src/files/state_directory.ts";
import {
  Clock,
  createDeviceScene,
  type DeviceScene,
  finish,
  outcome,
  start,
} from "../../support/device.ts";

const STARTS = 600;
const DAY = 24 * 3_600_000;

/** 40 IPv4 addresses of many providers, and a /48 as a tunnel broker gives it away: 50 networks. */
const ATTACKERS = [
  ...Array.from({ length: 40 }, (_, index) => `198.${index}.100.7`),
  ...Array.from({ length: 10 }, (_, index) => `2001:db8:bad:${index}00::1`),
];
const SHARED_ADDRESS = ATTACKERS[0] ?? "";

interface Person {
  readonly service?: string;
  readonly rhost?: string;
  readonly user?: string;
  readonly ruser?: string;
}

let conversations = 0;

/** One start in a conversation of its own. */
async function begin(
  scene: DeviceScene,
  clock: Clock,
  { service = "sshd", rhost, user = "alice", ruser }: Person,
) {
  const options = {
    policyFile: scene.site.policyFile,
    clock,
    user,
    env: {
      PAM_SERVICE: service,
      PAM_RHOST: rhost,
      PAM_RUSER: ruser,
      OAUTH_PAM_CONVERSATION: `${1000 + conversations++}-1`,
    },
  };
  return { options, started: await start(options) };
}

/** Somewhere in the middle of a minute of the clock. */
function afternoon(): Clock {
  const clock = new Clock();
  clock.advance(60_000 - clock.now() % 60_000 + 1_000);
  return clock;
}

async function flood(scene: DeviceScene, clock: Clock): Promise<number> {
  let started = 0;
  for (let round = 0; round < STARTS / ATTACKERS.length; round++) {
    const results = await Promise.all(
      ATTACKERS.map((rhost, index) =>
        begin(scene, clock, {
          rhost,
          // who shares an address need not know who else does
          user: index % 2 === 1 ? "alice" : `nobody${index}`,
        })
      ),
    );
    started += results.filter(({ started }) => started.reason === null).length;
    clock.advance(1_000);
  }
  return started;
}

Deno.test(`${STARTS} starts in a minute from 50 networks of one attacker keep out neither a colleague from elsewhere, nor one from a shared address who signed in yesterday, nor a local sudo`, async () => {
  await using scene = await createDeviceScene();
  const clock = afternoon();
  const yesterday = new Clock();
  yesterday.advance(clock.now() - yesterday.now() - DAY);
  const iat = Math.floor(yesterday.now() / 1000);
  const claims = { iat, nbf: iat, exp: iat + 600 };
  scene.answerPolls(await scene.tokens({ claims }));
  const shared = { rhost: SHARED_ADDRESS };
  const earlier = await begin(scene, yesterday, shared);
  const done = await finish({ ...earlier.options });
  assert.equal(done.reason, "allowed", done.log);
  scene.answerPolls(await scene.tokens());

  const minute = Math.floor(clock.now() / 60_000);
  const started = await flood(scene, clock);
  assert.ok(started >= 60 && started <= 120, `${started} were started`);
  const late = await begin(scene, clock, { rhost: ATTACKERS[7] ?? "" });
  assert.equal(late.started.reason, "device_limit", "the flood is on");
  assert.equal(
    Math.floor(clock.now() / 60_000),
    minute,
    "still the same minute",
  );

  for (
    const [who, person] of [
      ["a colleague from elsewhere", { rhost: "203.0.113.9" }],
      ["one behind the attacker's own address", shared],
      ["sudo on the host", { service: "sudo", ruser: "alice" }],
    ] as const
  ) {
    const { options, started } = await begin(scene, clock, person);
    assert.equal(started.reason, null, `${who}: ${started.log}`);
    assert.match(started.text, /^ {2}2\. Enter /m);
    const finished = await finish({ ...options });
    assert.equal(finished.reason, "allowed", `${who}: ${finished.log}`);
  }
});

Deno.test("a limit can be asked for by its name, and is a refusal by any other", async () => {
  await using scene = await createDeviceScene({
    device: "starts_per_source: 1",
  });
  const clock = afternoon();
  const rhost = "192.0.2.7";
  await begin(scene, clock, { rhost });
  const { options, started } = await begin(scene, clock, { rhost });
  assert.equal(started.reason, "device_limit");
  const { policyFile } = options;
  for (const name of ["authinfo_unavail", "service_err", "system_err"]) {
    assert.equal(await outcome([name], { ...options, policyFile }), false);
  }
  assert.equal(await outcome(["device_limit"], options), true);
  assert.equal(await outcome(["device_limit"], options), false, "once");
});

/** Fills the folders that attempts leave something in. */
async function fill(scene: DeviceScene, clock: Clock, count: number) {
  const { cacheDirectory } = scene.site;
  const span = Math.floor(clock.now() / 300_000);
  const minute = Math.floor(clock.now() / 60_000);
  for (const folder of ["outcome", "device", "limits", "recent", "replay"]) {
    await Deno.mkdir(`${cacheDirectory}/${folder}`, {
      recursive: true,
      mode: 0o700,
    });
    const hash = (index: number) =>
      index.toString(16).padStart(8, "0").repeat(8);
    const service = (await sha256Hex("sshd")).slice(0, 16);
    for (let index = 0; index < count; index++) {
      const name = folder === "limits"
        ? `${minute}.${service}.c-${hash(index).slice(0, 32)}.0`
        : `${hash(index)}.${span}`;
      Deno.writeTextFileSync(`${cacheDirectory}/${folder}/${name}`, "{}", {
        mode: 0o600,
      });
    }
  }
}

Deno.test("refusals and starts cost the same with 10 and with 10,000 entries in the state directories", async () => {
  const device = "starts_per_source: 1000, starts_total: 1000";
  await using few = await createDeviceScene({ device });
  await using many = await createDeviceScene({ device });
  const clock = afternoon();
  await fill(few, clock, 10);
  await fill(many, clock, 10_000);
  const actions = {
    login: (scene: DeviceScene) =>
      scene.attempt({
        token: "x",
        now: clock.now,
        env: { OAUTH_PAM_CONVERSATION: `${1000 + conversations++}-1` },
      }),
    start: (scene: DeviceScene) => begin(scene, clock, { rhost: "192.0.2.7" }),
  };
  const scenes = Object.entries({ "with 10": few, "with 10,000": many });
  for (const run of Object.values(actions)) {
    // the first of a minute sweeps
    for (const scene of [few, many]) await run(scene);
    const measure = async () => {
      const times = Object.fromEntries(
        scenes.map(([name]) => [name, [] as number[]]),
      );
      for (let index = 0; index < 15; index++) {
        for (const [name, scene] of scenes) {
          const before = performance.now();
          await run(scene);
          times[name]?.push(performance.now() - before);
        }
      }
      return times;
    };
    // reading ten thousand names takes longer than this
    await assertAlike(measure, { besides: 10 });
  }
});

Deno.test("what killed writers left behind is swept, and no more than a thousand entries at once", async () => {
  await using scene = await createDeviceScene();
  const clock = afternoon();
  const folder = `${scene.site.cacheDirectory}/outcome`;
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  const litter = `${folder}/.new-${crypto.randomUUID()}`;
  const fresh = `${folder}/.new-${crypto.randomUUID()}`;
  for (const path of [litter, fresh]) await Deno.writeTextFile(path, "");
  await Deno.utime(litter, new Date(), new Date(Date.now() - 120_000));
  for (let index = 0; index < 2500; index++) {
    const name = `${await sha256Hex(`${index}`)}.1`;
    Deno.writeTextFileSync(`${folder}/${name}`, "", { mode: 0o600 });
  }
  const attempt = async () => {
    await scene.attempt({
      token: "x",
      now: clock.now,
      env: { OAUTH_PAM_CONVERSATION: `${1000 + conversations++}-1` },
    });
    return [...Deno.readDirSync(folder)].length;
  };
  const names = () => [...Deno.readDirSync(folder)].map(({ name }) => name);
  const first = await attempt();
  assert.ok(first >= 1500 && first < 1700, `${first} are left`);
  assert.ok(await attempt() >= first, "once a minute");
  for (let minute = 0; minute < 3; minute++) {
    clock.advance(60_000);
    await attempt();
  }
  assert.ok(!names().includes(litter.split("/").at(-1) ?? ""));
  assert.ok(names().includes(fresh.split("/").at(-1) ?? ""));
  assert.ok(names().length < 10, `${names().length} are left`);
});
