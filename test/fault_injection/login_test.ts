/**
 * Fault injection at every await of the login path never ends in exit code 0.
 *
 * Each run is a real process with a good token, which without a fault is admitted. Bundling
 * `src/` with its awaits made breakable: instrument.ts. What may fail and still admit: harmless.ts.
 *
 * @module
 */
// Threats: F1, G5, H6
import assert from "node:assert/strict";
import { availableParallelism } from "node:os";
import { createGlobusScene } from "../support/globus_site.ts";
import { createDeviceScene } from "../support/device.ts";
import { listenSyslog } from "../support/syslog.ts";
import {
  type Fault,
  HARMLESS,
  harmless,
  HARMLESS_WITH_ONE_TIME,
} from "./harmless.ts";
import { type Await, instrument, nameOf } from "./instrument.ts";
import {
  answerEverything,
  keptKeys,
  type Run,
  run,
  type Scenario,
  SCENARIOS,
  type World,
} from "./scenarios.ts";

/** Awaits that a good login must have met, or this test does not test what it says. */
const MUST_BE_MET = [
  "src/main.ts module: main(Deno.args)",
  "src/main.ts attempt: login(",
  "src/pam/login.ts attemptLogin: beginAttempt(",
  "src/pam/attempt.ts beginAttempt: forgetOutcome(",
  "src/pam/attempt.ts loadAttemptPolicy: loadPolicy(",
  "src/pam/login.ts attemptLogin: readAuthtok(",
  "src/pam/host/authtok.ts read: stdin.read(",
  "src/pam/host/policy_file.ts read: readTrustedFile(",
  "src/pam/host/issuer_access.ts openIssuer: loadCaCerts(",
  "src/issuer/http.ts requestJson: fetch(",
  "src/issuer/http.ts readBytes: for await",
  "src/issuer/jwks_cache.ts signingKeys: ",
  "src/issuer/jwks_cache.ts refetchedKeys: fetchKeys(",
  "src/files/state_directory.ts lock: file.lock(",
  "src/issuer/jwks_cache.ts readEntry: source.cache.read(",
  "src/files/state_directory.ts write: createFolders(",
  "src/files/state_directory.ts list: for await",
  "src/token/jwt.ts checkSignature: compactVerify(",
  "src/pam/judgement.ts judge: decide(",
  "src/pam/judgement.ts decide: loadMapFiles(",
  "src/pam/judgement.ts judge: spendToken(",
  "src/pam/replay.ts spendToken: spent.create(",
  "src/main.ts attempt: deviceFinish(",
  "src/pam/login.ts attemptLogin: converse(",
  "src/pam/oauth_ssh.ts carryOut: conversation.present(",
  "src/pam/device/finish.ts finish: takeSignIn(",
  "src/pam/device/finish.ts finish: poll(",
  "src/pam/device/finish.ts finish: judge(",
  "src/token/device_flow.ts pollForTokens: options.poll(",
  "src/token/device_flow.ts requestTokensOnce: ",
  "src/token/introspection.ts introspect: ",
  "src/token/globus.ts ",
  "src/token/scitokens.ts ",
  "src/token/wlcg.ts ",
  "src/token/userinfo.ts ",
  "src/pam/judgement.ts judge: presented.complete(",
  "src/main.ts attempt: answerSshd(",
  "src/keys.ts answerSshd: sshKeys(",
  "src/pam/ssh_keys.ts answer: strictly(",
  "src/pam/ssh_keys.ts answer: proved(",
  "src/pam/ssh_keys.ts answer: decide(",
  "src/pam/ssh_keys.ts proved: verifyPkToken(",
  "src/ssh/certificate.ts requireSelfSigned: ",
  "src/token/pk_token.ts verifyPkToken: clientHeader(",
  "src/token/pk_token.ts verifyPkToken: signedClaims(",
  "src/token/pk_token.ts verifyPkToken: pkCommitment(",
  "src/pam/attempt.ts recordAttempt: writeRecord(",
  "src/pam/log/syslog.ts sendToSyslog: ",
  "src/pam/log/audit.ts appendAudit: file.write(",
];

/** Those that differ from "cold" by what is in the cache alone. */
const CACHES: readonly Scenario[] = ["warm", "one_time", "rotated"];

interface Job {
  readonly place: Await;
  readonly scenario: Scenario;
  readonly fault: Fault;
}

/** Runs all jobs, some at a time, and returns what was wrong with them. */
async function complaints(
  world: World,
  jobs: readonly Job[],
  judge: (job: Job, run: Run) => string | null,
): Promise<string[]> {
  const waiting = [...jobs];
  const found: string[] = [];
  const lane = async () => {
    for (let job = waiting.shift(); job; job = waiting.shift()) {
      const { place, scenario, fault } = job;
      const done = await run(world, scenario, {
        FAULT: `${place.id}:${fault}`,
        // what never settles is waited for
        ...(fault === "never" ? { FAULT_HASTE: "1" } : {}),
      });
      // who speaks the oauth-ssh protocol is answered in it, and sshd with a line or with nothing
      const silent = done.stdout === "" || scenario === "envelope" ||
        (scenario === "certificate" && done.code === 0);
      const wrong = silent ? judge(job, done) : "spoke to the user";
      if (wrong !== null) {
        const where = `${nameOf(place)} [${scenario}, ${fault}]`;
        found.push(`${where}: ${wrong} (exit ${done.code})\n${done.log}`);
      }
    }
  };
  await Promise.all(
    Array.from({ length: 2 * availableParallelism() + 2 }, lane),
  );
  return found;
}

function judgeFault({ place, fault }: Job, { code, log }: Run): string | null {
  const exception = harmless(place, fault);
  if (code !== 0) {
    if (fault === "never") return null; // whatever the log says, nobody got in
    if (/decision=allow|"decision":"allow"/.test(log)) {
      return "the log says allowed, the exit code does not";
    }
    return exception === undefined
      ? null
      : "listed as harmless, and keeps a good token out";
  }
  if (exception === undefined) return "ended in exit code 0";
  if (exception.costs === "log") return null;
  return /decision=allow reason=allowed/.test(log) ? null : "no log line";
}

Deno.test("fault injection at every await of the login path never ends in exit code 0", async (t) => {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  await using scene = await createDeviceScene();
  answerEverything(scene);
  await using globus = await createGlobusScene();
  await using sink = await listenSyslog();
  const awaits = await instrument(folder);
  const world: World = {
    scene,
    globus,
    sink,
    program: `${folder}/program.js`,
    entry: await keptKeys(scene),
  };
  const met = new Map<Await, Scenario[]>();

  await t.step(
    "without a fault a good login is admitted, by every way, through the awaits that matter",
    async () => {
      for (const scenario of SCENARIOS) {
        const report = `${folder}/${scenario}`;
        const { code, log } = await run(world, scenario, {
          FAULT_REPORT: report,
        });
        assert.equal(code, 0, log);
        assert.match(log, /decision=allow reason=allowed/);
        const lines = (await Deno.readTextFile(report)).trim().split("\n");
        for (const id of new Set(lines)) {
          const place = awaits[Number(id)]!;
          met.set(place, [...(met.get(place) ?? []), scenario]);
        }
      }
      const names = [...met.keys()].map(nameOf);
      const missed = MUST_BE_MET.filter((listed) =>
        !names.some((name) => name.startsWith(listed))
      );
      assert.deepEqual(missed, []);
      assert.ok(met.size >= 100, `only ${met.size} awaits were met`);
    },
  );

  for (const fault of ["throw", "reject", "undefined", "never"] as const) {
    await t.step(
      `an await that fails by "${fault}" refuses, or is listed with the reason why not`,
      async () => {
        const jobs = [...met].map(([place, [scenario]]) => ({
          place,
          scenario: scenario!,
          fault,
        }));
        assert.deepEqual(await complaints(world, jobs, judgeFault), []);
      },
    );
  }

  await t.step(
    "what resolves to nothing refuses on the way of every kind of token",
    async () => {
      const jobs = [...met].flatMap(([place, scenarios]) =>
        scenarios.slice(1).filter((each) => !CACHES.includes(each)).map((
          scenario,
        ) => ({ place, scenario, fault: "undefined" as const }))
      );
      assert.ok(jobs.length >= 300, `only ${jobs.length}`);
      // what costs one way something else may keep people out on another
      const found = await complaints(
        world,
        jobs,
        (job, run) => run.code === 0 ? judgeFault(job, run) : null,
      );
      assert.deepEqual(found, []);
    },
  );

  await t.step(
    "with a one-time token everything refuses that could forget that it was spent",
    async () => {
      const jobs = [...met].filter(([{ file }, scenarios]) =>
        /state_directory|replay/.test(file) && scenarios.includes("one_time")
      ).map(([place]) => ({
        place,
        scenario: "one_time" as const,
        fault: "throw" as const,
      }));
      assert.ok(jobs.length >= 12, `only ${jobs.length}`);
      const found = await complaints(world, jobs, ({ place }, { code }) => {
        const forgets = HARMLESS_WITH_ONE_TIME.some((listed) =>
          nameOf(place).startsWith(listed)
        );
        return forgets || code !== 0 ? null : "ended in exit code 0";
      });
      assert.deepEqual(found, []);
    },
  );

  await t.step("every exception in the list is met by a login", () => {
    const names = [...met.keys()].map(nameOf);
    const unmet = HARMLESS.flatMap((entry) => entry.awaits).filter((listed) =>
      !names.some((name) => name.startsWith(listed))
    );
    assert.deepEqual(unmet, []);
  });

  await Deno.remove(folder, { recursive: true });
});
