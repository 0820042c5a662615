/**
 * `pam.d.example/logrotate-audit` with the real logrotate, while logins are going on.
 *
 * Needs root: logrotate gives files to users.
 *
 * @module
 */
// Threats: H5
import assert from "node:assert/strict";
import { readLines } from "../../src/cli/audit/lines.ts";
import { cliOnDisk } from "../support/cli.ts";
import { createScene, type Scene } from "../support/login_scene.ts";
import { readExample, replaceAll, until } from "../support/pam.ts";
import { PAM_ENVIRONMENT, runProgram } from "../support/program.ts";

const NOBODY = { uid: 65534, name: "nobody", group: "nogroup" };

interface Rotation extends AsyncDisposable {
  readonly scene: Scene;
  /** What the policy names. */
  readonly audit: string;
  /** The folder of the user that sshd asks as. */
  readonly keys: string;
  logrotate(...options: readonly string[]): Promise<void>;
}

/** The example as it is written, for the folders of a site. */
async function createRotation(): Promise<Rotation> {
  const scene = await createScene();
  const { directory, cacheDirectory: cache, policyFile } = scene.site;
  const keys = `${directory}/keys`;
  for (const folder of [cache, keys]) {
    await Deno.mkdir(folder, { mode: 0o700 });
  }
  await Deno.chown(keys, NOBODY.uid, NOBODY.uid);
  // whom sshd asks as must get to its folder
  await Deno.chmod(directory, 0o755);
  const audit = `${cache}/audit.jsonl`;
  await Deno.writeTextFile(policyFile, `audit: {file: ${audit}}\n`, {
    append: true,
  });
  const config = `${directory}/logrotate.conf`;
  await Deno.writeTextFile(
    config,
    replaceAll(await readExample("logrotate-audit"), {
      "/var/cache/oauth-pam/": `${cache}/`,
      "/var/cache/oauth-pam-keys/": `${keys}/`,
      "su oauth-pam oauth-pam": `su ${NOBODY.name} ${NOBODY.group}`,
    }),
    { mode: 0o644 },
  );
  const logrotate = async (...options: readonly string[]) => {
    const { success, stderr } = await new Deno.Command("logrotate", {
      args: ["--state", `${directory}/state`, ...options, config],
      stdin: "null",
    }).output();
    const said = new TextDecoder().decode(stderr);
    assert.ok(success && said === "", said);
  };
  return {
    scene,
    audit,
    keys,
    logrotate,
    [Symbol.asyncDispose]: () => scene[Symbol.asyncDispose](),
  };
}

async function namesIn(folder: string): Promise<string[]> {
  const names = await Array.fromAsync(Deno.readDir(folder), (e) => e.name);
  return names.filter((name) => name.includes("jsonl")).sort();
}

function exists(path: string): Promise<boolean> {
  return Deno.stat(path).then(({ size }) => size > 0, () => false);
}

Deno.test("logrotate loses no record of the logins that go on meanwhile, and none comes twice", async () => {
  await using rotation = await createRotation();
  const { scene, audit } = rotation;
  const folder = scene.site.cacheDirectory;
  const LOGINS = 60;
  let left = LOGINS;
  let running = true;
  const login = async (number: number) => {
    const good = number % 3 !== 0;
    const token = await scene.token({ claims: { jti: `login-${number}` } });
    const { code, stderr } = await runProgram({
      args: ["login", scene.site.policyFile],
      env: { ...PAM_ENVIRONMENT, PAM_USER: good ? "alice" : "bob" },
      stdin: token,
    });
    assert.equal(code, good ? 0 : 10);
    // there is no syslog here: the line, and nothing of the audit file
    assert.match(stderr, /^oauth-pam: decision=.*\n$/);
  };
  const going = new Set<Promise<void>>();
  const logins = async () => {
    while (left > 0) {
      const one = login(left--);
      going.add(one);
      await one.finally(() => going.delete(one));
    }
  };
  let rotations = 0;
  const rotating = (async () => {
    while (running) {
      await until(async () => !running || await exists(audit), {
        what: "a record",
        timeoutMs: 60_000,
      });
      await rotation.logrotate("--force");
      rotations += 1;
      // the next one compresses what these may still write to: a week has room for a login
      await Promise.allSettled(going);
    }
  })();
  try {
    await Promise.all([logins(), logins(), logins(), logins()]);
  } finally {
    running = false;
    await rotating;
  }
  assert.ok(rotations >= 5, `${rotations}`);

  const names = await namesIn(folder);
  assert.ok(names.some((name) => name.endsWith(".gz")), names.join());
  const seen: string[] = [];
  for (const name of names) {
    assert.match(name, /^audit\.jsonl(?:\.[0-9]+(?:\.gz)?)?$/);
    const { mode, uid } = await Deno.stat(`${folder}/${name}`);
    assert.deepEqual([(mode ?? 0) & 0o777, uid], [0o600, Deno.uid()], name);
    for await (const line of readLines(`${folder}/${name}`)) {
      const { jti_sha256, decision, claims } = JSON.parse(line);
      assert.ok(typeof claims === "object" && decision !== undefined, line);
      seen.push(jti_sha256);
    }
  }
  assert.equal(seen.length, LOGINS);
  assert.equal(new Set(seen).size, LOGINS);

  // and whoever reads them back finds them all
  const { code, stdout } = await cliOnDisk([
    ..."audit summary --format json --policy".split(" "),
    scene.site.policyFile,
  ]);
  assert.equal(code, 0);
  const { records, unusable, allowed } = JSON.parse(stdout);
  assert.deepEqual({ records, unusable, allowed }, {
    records: LOGINS,
    unusable: [],
    allowed: LOGINS * 2 / 3,
  });
  const replayed = await cliOnDisk([
    "policy",
    "diff",
    scene.site.policyFile,
    scene.site.policyFile,
    "--format",
    "json",
    ...names.flatMap((name) => ["--replay", `${folder}/${name}`]),
  ]);
  assert.equal(JSON.parse(replayed.stdout).replay.decided, LOGINS);
});

Deno.test("logrotate takes a large audit file before its time, makes none itself, and does not mind that there is none", async () => {
  await using rotation = await createRotation();
  const { scene, audit, keys } = rotation;
  const folder = scene.site.cacheDirectory;
  await rotation.logrotate();
  assert.deepEqual(await namesIn(folder), []);
  await scene.attempt();
  await rotation.logrotate();
  assert.deepEqual(await namesIn(folder), ["audit.jsonl"]);
  // with a hole in it, which takes no room
  await Deno.truncate(audit, 101 * 1024 * 1024);
  await rotation.logrotate();
  assert.deepEqual(await namesIn(folder), ["audit.jsonl.1"]);
  assert.equal((await scene.attempt()).reason, "allowed");
  assert.deepEqual(await namesIn(folder), ["audit.jsonl", "audit.jsonl.1"]);

  // the files of whom sshd asks as stay that user's
  const own = `${keys}/audit.jsonl`;
  await Deno.writeTextFile(own, "{}\n", { mode: 0o600 });
  await Deno.chown(own, NOBODY.uid, NOBODY.uid);
  await rotation.logrotate("--force");
  await Deno.writeTextFile(own, "{}\n", { mode: 0o600 });
  await Deno.chown(own, NOBODY.uid, NOBODY.uid);
  await rotation.logrotate("--force");
  assert.deepEqual(await namesIn(keys), ["audit.jsonl.1", "audit.jsonl.2.gz"]);
  for (const name of await namesIn(keys)) {
    const { mode, uid } = await Deno.stat(`${keys}/${name}`);
    assert.deepEqual([(mode ?? 0) & 0o777, uid], [0o600, NOBODY.uid], name);
  }
});
