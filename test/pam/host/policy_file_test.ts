/**
 * Policies that cannot be used, and files beside them that cannot: nobody gets in.
 *
 * @module
 */
// Threats: A13, B8, E12, F7, F-9, F-10
import assert from "node:assert/strict";
import { createAuthority } from "../../support/certificates.ts";
import { createScene, type Scene } from "../../support/login_scene.ts";
import { PAM_ENVIRONMENT, runProgram } from "../../support/program.ts";

const NOBODY = 65534;
const LIMIT = 8 * 1024 * 1024;

/** Runs a login with a good token after `spoil`; it must end as the table says. */
async function refused(
  scene: Scene,
  expected: { reason: string; exitCode: number; log: RegExp },
): Promise<void> {
  const start = performance.now();
  const { reason, exitCode, log, stdout } = await scene.attempt();
  assert.deepEqual(
    { reason, exitCode },
    { reason: expected.reason, exitCode: expected.exitCode },
    log,
  );
  assert.match(log, expected.log);
  assert.match(log, /^oauth-pam: decision=deny [\x20-\x7e]+\n$/);
  assert.equal(stdout, "");
  assert.ok(performance.now() - start < 5000);
}

const INVALID = { reason: "policy_invalid", exitCode: 3 };

/** Each makes a good policy file one that must not be used. */
const SPOILT: Record<
  string,
  { spoil(path: string, text: string): Promise<unknown>; log: RegExp }
> = {
  "missing": { spoil: (path) => Deno.remove(path), log: /does not exist/ },
  "empty": { spoil: (path) => Deno.writeTextFile(path, ""), log: /detail=/ },
  "only comments": {
    spoil: (path) => Deno.writeTextFile(path, "# nothing\n"),
    log: /detail=/,
  },
  "cut off in the middle": {
    spoil: (path, text) => Deno.writeTextFile(path, text.slice(0, 60)),
    log: /detail=/,
  },
  "not YAML": {
    spoil: (path) => Deno.writeTextFile(path, "a: [b\n: }"),
    log: /:\d+:\d+:/,
  },
  "a list": {
    spoil: (path) => Deno.writeTextFile(path, "- version: 1\n"),
    log: /:\d+:\d+:/,
  },
  "a text": {
    spoil: (path) => Deno.writeTextFile(path, "yes"),
    log: /detail=/,
  },
  "with an unknown key": {
    spoil: (path, text) => Deno.writeTextFile(path, `${text}rulez: {}\n`),
    log: /rulez/,
  },
  "with a duplicate key": {
    spoil: (path, text) => Deno.writeTextFile(path, `${text}version: 1\n`),
    log: /:\d+:\d+:/,
  },
  "with a wrong type": {
    spoil: (path, text) =>
      Deno.writeTextFile(path, text.replace("version: 1", 'version: "1"')),
    log: /:1:\d+:/,
  },
  "of another version": {
    spoil: (path, text) =>
      Deno.writeTextFile(path, text.replace("version: 1", "version: 2")),
    log: /:1:\d+:/,
  },
  "without audiences": {
    spoil: (path, text) =>
      Deno.writeTextFile(path, text.replace(/ *audiences: .*\n/, "")),
    log: /audiences/,
  },
  "with an empty list of audiences": {
    spoil: (path, text) =>
      Deno.writeTextFile(
        path,
        text.replace(/audiences: .*/, "audiences: []"),
      ),
    log: /:\d+:\d+:/,
  },
  "with a relative CA file": {
    spoil: (path, text) =>
      Deno.writeTextFile(path, text.replace(/ca_file: .*/, "ca_file: ../ca")),
    log: /:\d+:\d+:/,
  },
  "with an anchor": {
    spoil: (path, text) =>
      Deno.writeTextFile(path, text.replace("version: 1", "version: &v 1")),
    log: /:1:\d+:/,
  },
  "two documents": {
    spoil: (path, text) => Deno.writeTextFile(path, `${text}---\n${text}`),
    log: /:\d+:\d+:/,
  },
  "not UTF-8": {
    spoil: (path) =>
      Deno.writeFile(path, new Uint8Array([0x23, 0xff, 10]), { append: true }),
    log: /is not UTF-8/,
  },
  "full of NUL": {
    spoil: (path) => Deno.writeFile(path, new Uint8Array(500)),
    log: /detail=/,
  },
  "10 MB": {
    spoil: (path) =>
      Deno.writeTextFile(path, "#".repeat(10_000_000), { append: true }),
    log: /at most 8388608 are read/,
  },
  "writable by the group": {
    spoil: (path) => Deno.chmod(path, 0o664),
    log: /chmod go-w/,
  },
  "writable by everybody": {
    spoil: (path) => Deno.chmod(path, 0o646),
    log: /chmod go-w/,
  },
  "of somebody else": {
    spoil: (path) => Deno.chown(path, NOBODY, null),
    log: /belongs to uid 65534/,
  },
  "a link": {
    spoil: async (path) => {
      await Deno.rename(path, `${path}.real`);
      await Deno.symlink(`${path}.real`, path);
    },
    log: /is a symbolic link/,
  },
  "a folder": {
    spoil: async (path) => {
      await Deno.remove(path);
      await Deno.mkdir(path);
    },
    log: /not a regular file/,
  },
  "a pipe": {
    spoil: async (path) => {
      await Deno.remove(path);
      await new Deno.Command("mkfifo", { args: [path] }).output();
    },
    log: /not a regular file/,
  },
  "below a folder that everybody may write": {
    spoil: (path) => Deno.chmod(path.replace(/\/[^/]+$/, ""), 0o777),
    log: /chmod go-w/,
  },
};

for (const [what, { spoil, log }] of Object.entries(SPOILT)) {
  Deno.test(`a policy that is ${what} lets nobody in, and nobody is asked`, async () => {
    await using scene = await createScene();
    const { policyFile, directory } = scene.site;
    await spoil(policyFile, await Deno.readTextFile(policyFile));
    // the default log socket and cache would be the machine's own: standard error it is
    await refused(scene, { ...INVALID, log });
    assert.equal(scene.server.connections, 0);
    await Deno.chmod(directory, 0o700);
  });
}

Deno.test("a policy named by a relative path, or by one with .., lets nobody in", async () => {
  await using scene = await createScene();
  const { policyFile, directory } = scene.site;
  const name = directory.split("/").at(-1);
  for (
    const path of ["policy.yaml", "", `${directory}/../${name}/policy.yaml`]
  ) {
    const { reason, exitCode } = await scene.attempt({ args: [path] });
    assert.deepEqual([reason, exitCode], ["policy_invalid", 3]);
  }
  assert.equal((await scene.attempt({ args: [policyFile] })).exitCode, 0);
});

Deno.test("login takes one policy and nothing else", async () => {
  await using scene = await createScene();
  const { policyFile } = scene.site;
  for (
    const args of [
      [],
      [policyFile, "--help"],
      [policyFile, policyFile],
      ["--", policyFile],
      ["--version", policyFile],
    ]
  ) {
    const { reason, exitCode } = await scene.attempt({ args });
    assert.deepEqual([reason, exitCode], ["request_invalid", 7]);
  }
  for (const args of [["--help"], ["--version"]]) {
    assert.equal((await scene.attempt({ args })).reason, "policy_invalid");
  }
});

Deno.test("a policy that its user may not read lets nobody in", async () => {
  await using scene = await createScene();
  await Deno.chmod(scene.site.policyFile, 0o200);
  const { code, stderr } = await runProgram({
    args: ["login", scene.site.policyFile],
    env: PAM_ENVIRONMENT,
    stdin: await scene.token(),
    before: ["setpriv", "--bounding-set=-all", "--inh-caps=-all"],
  });
  assert.equal(code, 3, stderr);
  assert.match(stderr, /reason=policy_invalid .*cannot be read/);
});

Deno.test("a policy as large as may be is read, and refused within the deadline if it is none", async () => {
  await using scene = await createScene();
  const { policyFile } = scene.site;
  const text = await Deno.readTextFile(policyFile);
  const filler = `# ${"x".repeat(77)}\n`.repeat((LIMIT - text.length) / 80 - 1);
  await Deno.writeTextFile(policyFile, text + filler);
  assert.equal((await scene.attempt()).reason, "allowed");
});

const CA_FILES: Record<
  string,
  { spoil(path: string): Promise<unknown>; log: RegExp }
> = {
  "missing": { spoil: (path) => Deno.remove(path), log: /does not exist/ },
  "empty": {
    spoil: (path) => Deno.writeTextFile(path, ""),
    log: /no PEM certificate/,
  },
  "no PEM": {
    spoil: (path) => Deno.writeTextFile(path, "certificate"),
    log: /no PEM certificate/,
  },
  "not UTF-8": {
    spoil: (path) => Deno.writeFile(path, new Uint8Array([0x30, 0x82])),
    log: /is not UTF-8/,
  },
  "writable by the group": {
    spoil: (path) => Deno.chmod(path, 0o664),
    log: /chmod go-w/,
  },
  "of somebody else": {
    spoil: (path) => Deno.chown(path, NOBODY, null),
    log: /belongs to uid/,
  },
  "a link": {
    spoil: async (path) => {
      await Deno.rename(path, `${path}.real`);
      await Deno.symlink(`${path}.real`, path);
    },
    log: /symbolic link/,
  },
};
for (const [what, { spoil, log }] of Object.entries(CA_FILES)) {
  Deno.test(`a CA file that is ${what} is a mistake in the policy, also while keys are cached`, async () => {
    await using scene = await createScene();
    assert.equal((await scene.attempt()).reason, "allowed");
    await spoil(`${scene.site.directory}/ca.pem`);
    await refused(scene, { ...INVALID, log });
  });
}

Deno.test("CA certificates that nobody can read let nobody in, in the log's words", async () => {
  await using scene = await createScene();
  const pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  await Deno.writeTextFile(`${scene.site.directory}/ca.pem`, pem);
  await refused(scene, {
    reason: "issuer_refused",
    exitCode: 3,
    log: /CA certificates or proxy cannot be used/,
  });
});

Deno.test("a CA file that is mended under its name ends at once what its mistake has cost", async () => {
  await using scene = await createScene();
  const path = `${scene.site.directory}/ca.pem`;
  const right = await Deno.readTextFile(path);
  await Deno.writeTextFile(path, (await createAuthority()).caPem);
  const expected = { reason: "issuer_unavailable", exitCode: 9 };
  await refused(scene, { ...expected, log: /certificate/ });
  // the note of it serves those who come by the same way
  await refused(scene, { ...expected, log: /it is asked again in/ });
  await Deno.writeTextFile(path, right);
  assert.equal((await scene.attempt()).reason, "allowed");
});

async function withMapFile(): Promise<{ scene: Scene; map: string }> {
  const scene = await createScene();
  const map = `${scene.site.directory}/accounts.map`;
  await Deno.writeTextFile(map, "u1 alice\n");
  const text = await Deno.readTextFile(scene.site.policyFile);
  await Deno.writeTextFile(
    scene.site.policyFile,
    text.replace(
      / {6}- \{claim: .*/,
      `      - {map_file: ${map}, keys: [sub]}`,
    ),
  );
  return { scene, map };
}

Deno.test("a map file opens the accounts it names", async () => {
  const { scene } = await withMapFile();
  await using _ = scene;
  assert.equal((await scene.attempt()).reason, "allowed");
  const bob = await scene.attempt({ user: "bob" });
  assert.deepEqual([bob.reason, bob.exitCode], ["account_not_permitted", 10]);
});

for (const [what, { spoil, log }] of Object.entries(CA_FILES)) {
  if (/PEM/.test(log.source)) continue; // a map may hold what it likes, or nothing
  Deno.test(`a map file that is ${what} lets nobody in`, async () => {
    const { scene, map } = await withMapFile();
    await using _ = scene;
    await spoil(map);
    await refused(scene, { ...INVALID, log });
  });
}
