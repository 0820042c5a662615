/**
 * `oauth-pam outcome`: what a stack may learn about the attempt before.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  Clock,
  createDeviceScene,
  type DeviceScene,
  finish,
  outcome,
  start,
} from "../support/device.ts";
import { answer, hang } from "../support/hostile_server.ts";
import { onFullDisk } from "../support/full_disk.ts";
import { forgetFailures } from "../support/login.ts";
import { until } from "../support/pam.ts";
import {
  PAM_ENVIRONMENT,
  type ProgramOptions,
  runProgram,
} from "../support/program.ts";

const ENV = { OAUTH_PAM_CONVERSATION: "4711-815" };
const ALL = [
  "authinfo_unavail",
  "auth_err",
  "user_unknown",
  "maxtries",
  "service_err",
  "system_err",
];

function test(
  title: string,
  body: (scene: DeviceScene) => Promise<void>,
): void {
  Deno.test(`outcome ${title}`, {
    sanitizeOps: true,
    sanitizeResources: true,
  }, async () => {
    await using scene = await createDeviceScene({
      device: "starts_per_source: 100",
    });
    await body(scene);
  });
}

test("tells a refused token, an unknown user and an unreachable issuer apart", async (scene) => {
  const { policyFile } = scene.site;
  const bob = await scene.token({ claims: { email: "bob@example.edu" } });
  const expired = await scene.token({ claims: { exp: 1_000_000_000 } });
  const good = await scene.token();
  for (
    const [token, expected, breakdown] of [
      [expired, "auth_err", false],
      [bob, "user_unknown", false],
      [good, "authinfo_unavail", true],
    ] as const
  ) {
    await Deno.remove(`${scene.site.cacheDirectory}/jwks`, { recursive: true })
      .catch(() => {});
    scene.server.on("/jwks", breakdown ? answer({ status: 500 }) : undefined);
    await scene.attempt({ token, env: ENV });
    for (const name of ALL) {
      if (name !== expected) {
        assert.equal(await outcome([name], { policyFile }), false, name);
      }
    }
    assert.equal(await outcome(["maxtries", expected], { policyFile }), true);
  }
});

test("says service_err where the issuer refuses us, and never authinfo_unavail", async (scene) => {
  const { policyFile } = scene.site;
  for (
    const [error, expected] of [
      ["unauthorized_client", "service_err"],
      ["invalid_request", "service_err"],
      ["invalid_scope", "service_err"],
      ["slow_down", "service_err"],
      ["access_denied", "service_err"],
      ["server_error", "authinfo_unavail"],
    ] as const
  ) {
    scene.server.on(
      "/device_authorization",
      answer({ status: 400, body: { error } }),
    );
    await start({ policyFile });
    await finish({ policyFile, typed: "hunter2" });
    for (const name of ALL.filter((name) => name !== expected)) {
      assert.equal(await outcome([name], { policyFile }), false, error);
    }
    assert.equal(await outcome([expected], { policyFile }), true, error);
  }
});

test("says auth_err where what was typed met an issuer that is down", async (scene) => {
  const { policyFile } = scene.site;
  await start({ policyFile });
  scene.server.on("/jwks", answer({ status: 503 }));
  const result = await finish({ policyFile, typed: await scene.token() });
  assert.deepEqual([result.reason, result.exitCode], ["issuer_unavailable", 7]);
  assert.equal(await outcome(["authinfo_unavail"], { policyFile }), false);
  assert.equal(await outcome(["auth_err"], { policyFile }), true);
});

test("says yes once", async (scene) => {
  const { policyFile } = scene.site;
  await scene.attempt({ token: "x", env: ENV });
  assert.equal(await outcome(["auth_err"], { policyFile }), true);
  assert.equal(await outcome(["auth_err"], { policyFile }), false);
});

test("says yes to exactly one of twenty that ask at once", async (scene) => {
  const { policyFile } = scene.site;
  await scene.attempt({ token: "x", env: ENV });
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => outcome(["auth_err"], { policyFile })),
  );
  assert.equal(answers.filter(Boolean).length, 1);
});

test("never knows of a success, and a success makes it forget", async (scene) => {
  const { policyFile } = scene.site;
  await scene.attempt({ token: "x", env: ENV });
  assert.equal((await scene.attempt({ env: ENV })).reason, "allowed");
  assert.equal(await outcome(ALL, { policyFile }), false);
  assert.equal(await outcome(["success"], { policyFile }), false);
});

/** How an attempt can end without a word of it: what each does to the program that begins it. */
const UNTOLD: readonly [
  string,
  (scene: DeviceScene) => Partial<ProgramOptions>,
][] = [
  ["finds the disk full", () => ({
    before: onFullDisk(),
    stdin: "x",
  })],
  ["is killed", (scene) => ({
    whileRunning: async (child) => {
      await until(() => scene.server.requestCount("/jwks") > 1, {
        what: "the request for keys",
      });
      child.kill("SIGKILL");
    },
  })],
];

for (const [what, how] of UNTOLD) {
  test(`does not answer for an earlier attempt where the last one ${what}`, async (scene) => {
    const { policyFile, cacheDirectory } = scene.site;
    scene.server.on("/jwks", answer({ status: 503 }));
    const first = await scene.attempt({ env: ENV });
    assert.equal(first.reason, "issuer_unavailable");
    await forgetFailures(cacheDirectory);
    scene.server.on("/jwks", hang());
    const { code } = await runProgram({
      args: ["login", policyFile],
      env: { ...PAM_ENVIRONMENT, ...ENV },
      stdin: await scene.token(),
      ...how(scene),
    });
    assert.notEqual(code, 0);
    assert.equal(await outcome(["authinfo_unavail"], { policyFile }), false);
  });
}

test("forgets after two minutes", async (scene) => {
  const { policyFile } = scene.site;
  await scene.attempt({ token: "x", env: ENV });
  const clock = new Clock();
  clock.advance(120_001);
  assert.equal(await outcome(["auth_err"], { policyFile, clock }), false);
  clock.advance(-240_002);
  assert.equal(await outcome(["auth_err"], { policyFile, clock }), false);
});

test("knows only of its own conversation, account and service", async (scene) => {
  const { policyFile } = scene.site;
  await scene.attempt({ token: "x", env: ENV });
  for (
    const options of [
      { env: { OAUTH_PAM_CONVERSATION: "4711-816" } },
      { env: { OAUTH_PAM_CONVERSATION: undefined } },
      { env: { PAM_SERVICE: "sudo" } },
      { env: { PAM_TYPE: "account" } },
      { user: "bob" },
    ]
  ) {
    assert.equal(
      await outcome(["auth_err"], { policyFile, ...options }),
      false,
    );
  }
  assert.equal(await outcome(["auth_err"], { policyFile }), true);
});

test("says no to no name, an unknown name and a missing policy", async (scene) => {
  const { policyFile } = scene.site;
  await scene.attempt({ token: "x", env: ENV });
  for (
    const names of [[], ["auth_er"], ["auth_err", "7"], ["auth_err", ""], [
      "AUTH_ERR",
    ]]
  ) {
    assert.equal(await outcome(names, { policyFile }), false, String(names));
  }
  assert.equal(
    await outcome(["auth_err"], { policyFile: `${policyFile}.missing` }),
    false,
  );
  assert.equal(await outcome(["auth_err"], { policyFile }), true);
});

test("knows of a device sign-in that could not be started, and of one that was refused", async (scene) => {
  const { policyFile } = scene.site;
  scene.server.on("/device_authorization", answer({ status: 503 }));
  await start({ policyFile });
  assert.equal(await outcome(["authinfo_unavail"], { policyFile }), true);
  await finish({ policyFile });
  assert.equal(await outcome(["authinfo_unavail"], { policyFile }), true);
  scene.answerStart();
  await start({ policyFile });
  assert.equal(await outcome(ALL, { policyFile }), false);
  scene.answerPolls("access_denied");
  await finish({ policyFile });
  assert.equal(await outcome(["authinfo_unavail"], { policyFile }), false);
  assert.equal(await outcome(["auth_err"], { policyFile }), true);
});

test("leaves no files of earlier conversations", async (scene) => {
  const clock = new Clock();
  const attempt = (id: string) =>
    scene.attempt({
      token: "x",
      now: clock.now,
      env: { OAUTH_PAM_CONVERSATION: id },
    });
  for (const id of ["1-1", "1-2", "1-3"]) await attempt(id);
  clock.advance(600_000);
  await attempt("1-4");
  const names = [];
  for await (
    const { name } of Deno.readDir(`${scene.site.cacheDirectory}/outcome`)
  ) names.push(name);
  // and what says that this minute has been swept
  const entries = names.filter((name) => !name.startsWith("."));
  assert.deepEqual([entries.length, names.length], [1, 2], names.join());
});

test("is not known without a conversation", async (scene) => {
  await scene.attempt({ token: "x" });
  await assert.rejects(
    Deno.stat(`${scene.site.cacheDirectory}/outcome`),
    Deno.errors.NotFound,
  );
});
