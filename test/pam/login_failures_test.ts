/**
 * What the world can do to a login: each ends in its reason and exit code within the
 * deadline, with one log line, nothing granted to anybody and nothing lost that was kept.
 *
 * @module
 */
// Threats: B4, B5, B6, B13, F6, F10, F-1, F-2, F-3, F-5, G11, H3
import assert from "node:assert/strict";
import { sha256Hex } from "../../src/files/state_directory.ts";
import {
  answer,
  type Behaviour,
  DISCOVERY_PATH,
  drip,
  endless,
  garbage,
  gzipBomb,
  hang,
  html,
  json,
  redirect,
  reset,
  startConnectionTrap,
} from "../support/hostile_server.ts";
import { FAILURE_SPARED } from "../../src/issuer/failures.ts";
import { forgetFailures } from "../support/login.ts";
import { createScene, type Scene } from "../support/login_scene.ts";
import { onFullDisk } from "../support/full_disk.ts";
import { PAM_ENVIRONMENT, runProgram } from "../support/program.ts";
import { assertAlike } from "../support/timing.ts";
import {
  createSigner,
  manyKeys,
  signToken,
  standardClaims,
} from "../support/tokens.ts";

/** For an issuer that lets one wait. */
const HASTY = { issuerMs: 400, totalMs: 3000 };
/** For one that answers, on a machine that does other work as well. */
const PATIENT = { issuerMs: 2000, totalMs: 3000 };
/** In which any login has failed. */
const IN_TIME_MS = 2400;
const LINE = /^oauth-pam: decision=deny [\x20-\x7e]{1,990}\n$/;

interface Failure {
  readonly behaviour: Behaviour;
  readonly log: RegExp;
  /** It cannot be reached; otherwise it has answered, and refused us or said nothing of use. */
  readonly outage?: boolean;
  /** It is waited for until the deadline. */
  readonly silent?: boolean;
}

const FAILURES: Record<string, Failure> = {
  "says 500": {
    behaviour: answer({ status: 500 }),
    log: /status 500/,
    outage: true,
  },
  "says 404": { behaviour: answer({ status: 404 }), log: /status 404/ },
  "says 204": { behaviour: answer({ status: 204 }), log: /status 204/ },
  "says 206": {
    behaviour: answer({ status: 206, body: { keys: [] } }),
    log: /status 206/,
  },
  "hangs": {
    behaviour: hang(),
    log: /did not answer in time/,
    outage: true,
    silent: true,
  },
  "drips": {
    behaviour: drip("x".repeat(1000), { interval: 20 }),
    log: /did not answer in time/,
    outage: true,
    silent: true,
  },
  "cuts the connection": {
    behaviour: reset(),
    log: /cannot be reached/,
    outage: true,
  },
  "shows a captive portal": { behaviour: html(), log: /content type .*text/ },
  "sends garbage": { behaviour: garbage(), log: /did not answer with JSON/ },
  "sends nothing": { behaviour: answer(), log: /did not answer with JSON/ },
  "sends null": { behaviour: json(null), log: /detail=/ },
  "sends a list": { behaviour: json([]), log: /detail=/ },
  "sends without end": { behaviour: endless(), log: /more than 1048576 bytes/ },
  "sends a gzip bomb": {
    behaviour: gzipBomb(),
    log: /more than 1048576 bytes/,
  },
  "sends a hundred thousand keys": {
    behaviour: json(manyKeys()),
    log: /more than 1048576 bytes/,
  },
};

/** A failed login with a good token; what it says, and that it ended in time. */
async function fails(
  scene: Scene,
  expected: {
    reason: string;
    exitCode: number;
    log: RegExp;
    silent?: boolean | undefined;
  },
): Promise<void> {
  const start = performance.now();
  const timeouts = expected.silent ? HASTY : PATIENT;
  const { reason, exitCode, log, stdout } = await scene.attempt({ timeouts });
  assert.deepEqual(
    { reason, exitCode },
    { reason: expected.reason, exitCode: expected.exitCode },
    log,
  );
  assert.match(log, LINE);
  assert.match(log, expected.log);
  assert.ok(!log.includes("eyJ"));
  assert.equal(stdout, "");
  assert.ok(performance.now() - start < IN_TIME_MS);
}

const UNAVAILABLE = { reason: "issuer_unavailable", exitCode: 9 };
const REFUSED = { reason: "issuer_refused", exitCode: 3 };

for (
  const [what, { behaviour, log, outage, silent }] of Object.entries(FAILURES)
) {
  for (const path of [DISCOVERY_PATH, "/jwks"]) {
    Deno.test(`an issuer that ${what} at ${path} lets nobody in, and all in again afterwards`, async () => {
      await using scene = await createScene();
      scene.server.on(path, behaviour);
      await fails(scene, { ...(outage ? UNAVAILABLE : REFUSED), log, silent });
      scene.server.on(path);
      const now = () => Date.now() + FAILURE_SPARED * 1000;
      assert.equal((await scene.attempt({ now })).reason, "allowed");
    });
  }
}

Deno.test("an issuer that fails in any way does not touch the keys that are kept", async () => {
  await using scene = await createScene({ issuerLines: ["jwks_ttl: 1h"] });
  assert.equal((await scene.attempt()).reason, "allowed");
  const entry = `${scene.site.cacheDirectory}/jwks/${await sha256Hex(
    scene.server.issuer,
  )}`;
  const kept = await Deno.readFile(entry);
  const token = await scene.token({ claims: { exp: Date.now() } });
  const later = () => Date.now() + 3_601_000;
  for (const { behaviour, outage, silent } of Object.values(FAILURES)) {
    scene.server.on("/jwks", behaviour);
    const timeouts = silent ? HASTY : PATIENT;
    const { reason } = await scene.attempt({ token, now: later, timeouts });
    assert.equal(reason, (outage ? UNAVAILABLE : REFUSED).reason);
    assert.deepEqual(await Deno.readFile(entry), kept);
    await forgetFailures(scene.site.cacheDirectory);
  }
  assert.equal((await scene.attempt()).reason, "allowed");
});

for (const status of [301, 302, 303, 307, 308] as const) {
  Deno.test(`an issuer that redirects with ${status} lets nobody in and leads nobody away`, async () => {
    await using trap = startConnectionTrap();
    await using scene = await createScene();
    for (const path of [DISCOVERY_PATH, "/jwks"]) {
      scene.server.on(path, redirect(trap.url, { status }));
      await fails(scene, { ...REFUSED, log: new RegExp(`status ${status}`) });
      scene.server.on(path);
      await forgetFailures(scene.site.cacheDirectory);
    }
    assert.equal(trap.connections, 0);
  });
}

Deno.test("an issuer that is down lets nobody in at once, and says why", async () => {
  await using scene = await createScene();
  await scene.server.close();
  await fails(scene, { ...UNAVAILABLE, log: /refused/i });
});

Deno.test("an issuer behind a certificate that nobody knows lets nobody in, and says why", async () => {
  await using scene = await createScene();
  await using other = await createScene();
  await Deno.writeTextFile(`${scene.site.directory}/ca.pem`, other.caPem);
  await fails(scene, { ...UNAVAILABLE, log: /UnknownIssuer/ });
  assert.equal(scene.server.requests.length, 0);
});

Deno.test("a login that goes on for too long is given up, whatever it waits for", async () => {
  await using scene = await createScene();
  const start = performance.now();
  const { reason, exitCode, log } = await scene.attempt({
    stdin: { read: () => new Promise(() => {}) },
    timeouts: { totalMs: 100 },
  });
  assert.deepEqual([reason, exitCode], ["internal_error", 4]);
  assert.match(log, /gave up after 100 ms/);
  assert.ok(performance.now() - start < 2000);
});

/** Each does something to a cache directory that is in use; a good token must still get in. */
const CACHES: Record<
  string,
  (cache: string, keys: string) => Promise<unknown>
> = {
  "missing": (cache) => Deno.remove(cache, { recursive: true }),
  "a file": async (cache) => {
    await Deno.remove(cache, { recursive: true });
    await Deno.writeTextFile(cache, "");
  },
  "linked": async (cache) => {
    await Deno.rename(cache, `${cache}-real`);
    await Deno.symlink(`${cache}-real`, cache);
  },
  "a dangling link": async (cache) => {
    await Deno.remove(cache, { recursive: true });
    await Deno.symlink(`${cache}-nowhere`, cache);
  },
  "writable by others": (cache) => Deno.chmod(cache, 0o777),
  "of somebody else": (cache) => Deno.chown(cache, 65534, null),
  "without its folder": (cache) =>
    Deno.remove(`${cache}/jwks`, { recursive: true }),
  "with a linked entry": async (_, keys) => {
    await Deno.rename(keys, `${keys}-x`);
    await Deno.symlink(`${keys}-x`, keys);
  },
  "with a pipe for an entry": async (_, keys) => {
    await Deno.remove(keys);
    await new Deno.Command("mkfifo", { args: [keys] }).output();
  },
  "with an empty entry": (_, keys) => Deno.truncate(keys, 0),
  "with half an entry": (_, keys) => Deno.truncate(keys, 50),
};
for (const [what, spoil] of Object.entries(CACHES)) {
  Deno.test(`a cache that is ${what} costs a fetch, not the login, and a forgery stays one`, async () => {
    await using scene = await createScene();
    await using forger = await createScene();
    assert.equal((await scene.attempt()).reason, "allowed");
    const cache = scene.site.cacheDirectory;
    const keys = `${cache}/jwks/${await sha256Hex(scene.server.issuer)}`;
    await spoil(cache, keys);
    const forged = await forger.token({
      claims: { iss: scene.server.issuer },
    });
    const { reason } = await scene.attempt({ token: forged });
    assert.equal(reason, "signature_invalid");
    assert.equal((await scene.attempt()).reason, "allowed");
    assert.ok(scene.server.requestCount("/jwks") >= 2);
  });
}

Deno.test("keys that somebody else put into the cache verify nothing", async () => {
  await using scene = await createScene();
  await using forger = await createScene();
  await scene.attempt();
  const jwks = `${scene.site.cacheDirectory}/jwks`;
  const keys = `${jwks}/${await sha256Hex(scene.server.issuer)}`;
  const text = await Deno.readTextFile(keys);
  const evil = JSON.stringify({
    ...JSON.parse(text),
    keys: forger.server.jwks.keys,
  });
  const forged = await forger.token({ claims: { iss: scene.server.issuer } });
  const plant = async (mode: number, uid: number) => {
    await Deno.remove(keys);
    await Deno.writeTextFile(keys, evil, { mode });
    await Deno.chmod(keys, mode);
    await Deno.chown(keys, uid, null);
  };
  for (
    const put of [
      () => plant(0o600, 65534),
      () => plant(0o620, 0),
      () => plant(0o604, 0),
      async () => {
        await plant(0o600, 0);
        await Deno.link(keys, `${scene.site.directory}/handle`);
      },
    ]
  ) {
    await put();
    const { reason } = await scene.attempt({ token: forged });
    assert.equal(reason, "signature_invalid");
    assert.equal((await scene.attempt()).reason, "allowed");
  }
});

const WITHOUT_CAPABILITIES = [
  ...["setpriv", "--bounding-set=-all", "--inh-caps=-all"],
];

for (
  const [what, { before, lock }] of Object.entries({
    "read-only": { before: WITHOUT_CAPABILITIES, lock: 0o500 },
    "on a full disk": { before: onFullDisk(), lock: 0o700 },
  })
) {
  Deno.test(`a cache ${what} costs speed, and a bad token is refused as ever`, async () => {
    await using scene = await createScene();
    const cache = scene.site.cacheDirectory;
    await Deno.mkdir(cache, { mode: 0o700 });
    await Deno.chmod(cache, lock);
    const run = async (token: string) => {
      const { code, stdout, stderr } = await runProgram({
        args: ["login", scene.site.policyFile],
        env: PAM_ENVIRONMENT,
        stdin: token,
        before,
      });
      assert.equal(stdout, "");
      assert.equal(stderr.split("\n").length, 2, stderr);
      return code;
    };
    assert.equal(await run(await scene.token()), 0);
    assert.equal(await run(await scene.token()), 0);
    const expired = await scene.token({ claims: { exp: 1, iat: 0 } });
    assert.equal(await run(expired), 7);
    assert.equal(scene.server.requestCount("/jwks"), 3);
    // nothing that is half written is believed when the disk has room again
    await Deno.chmod(cache, 0o700);
    assert.equal((await scene.attempt()).reason, "allowed");
    assert.equal(scene.server.requestCount("/jwks"), 4);
  });
}

Deno.test("a one-time token on a full or read-only disk is refused", async () => {
  await using scene = await createScene({ issuerLines: ["one_time: true"] });
  const cache = scene.site.cacheDirectory;
  await Deno.mkdir(cache, { mode: 0o700 });
  await Deno.chmod(cache, 0o500);
  const { code, stderr } = await runProgram({
    args: ["login", scene.site.policyFile],
    env: PAM_ENVIRONMENT,
    stdin: await scene.token(),
    before: WITHOUT_CAPABILITIES,
  });
  assert.equal(code, 4);
  assert.match(stderr, /reason=internal_error .*cannot create/);
  await Deno.chmod(cache, 0o700);
});

Deno.test("whoever is asked for, a token with a bad signature costs the same and says the same", async () => {
  await using scene = await createScene();
  const forger = await createSigner({ alg: "ES256", kid: "k1" });
  const forged = await signToken({
    signer: forger,
    claims: standardClaims({
      issuer: scene.server.issuer,
      audience: "ssh-prod",
    }),
  });
  await scene.attempt(); // fetches the keys
  await scene.attempt({ token: forged }); // and once for a newer one
  const before = scene.server.connections;
  const accounts = { alice: "1000:alice", nobody: "", root: "0:root" };
  await assertAlike(async () => {
    const times: Record<string, number[]> = {};
    const attempts = Object.entries(accounts).map(([user, account]) => ({
      ...{ name: user, user, token: forged },
      env: { OAUTH_PAM_ACCOUNT: account },
    }));
    for (let round = 0; round < 60; round++) {
      for (const { name, ...options } of attempts) {
        const begun = performance.now();
        const { reason, exitCode, stdout } = await scene.attempt(options);
        (times[name] ??= []).push(performance.now() - begun);
        assert.deepEqual([reason, exitCode, stdout], [
          "signature_invalid",
          7,
          "",
        ]);
      }
    }
    assert.equal(scene.server.connections, before);
    return times;
  });
});

Deno.test("what sshd types for an account that there is not takes as long as any other nonsense", async () => {
  await using scene = await createScene();
  const typed = { "junk": "\b\n\r\x7fINCORR", "nonsense": "x.y.z" };
  await assertAlike(async () => {
    const times: Record<string, number[]> = {};
    for (let round = 0; round < 60; round++) {
      for (const [name, token] of Object.entries(typed)) {
        const begun = performance.now();
        assert.equal(
          (await scene.attempt({ token })).reason,
          "token_malformed",
        );
        (times[name] ??= []).push(performance.now() - begun);
      }
    }
    return times;
  });
});

Deno.test("a user who is asked for in vain and a bad token cost the same requests and say the same", async () => {
  await using scene = await createScene();
  const output = [];
  for (const user of ["alice", "nobody-like-that", "root"]) {
    const { stdout, exitCode } = await scene.attempt({ user, token: "x.y.z" });
    output.push([stdout, exitCode]);
  }
  assert.deepEqual(output, [["", 7], ["", 7], ["", 7]]);
  assert.equal(scene.server.connections, 0);
});
