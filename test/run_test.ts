/**
 * `deno task test` on machines that lack what the tests use.
 *
 * @module
 */
import assert from "node:assert/strict";

const RUN = new URL("run.ts", import.meta.url).pathname;
const SMALL = new URL("policy/duration_test.ts", import.meta.url).pathname;

/** Runs one small test file where these commands are all there is. */
async function runWith(commands: Readonly<Record<string, string>>) {
  const folder = await Deno.makeTempDir();
  for (const [name, script] of Object.entries(commands)) {
    await Deno.writeTextFile(`${folder}/${name}`, `#!/bin/sh\n${script}\n`, {
      mode: 0o755,
    });
  }
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", RUN, SMALL],
    env: { PATH: folder, LOG: `${folder}/log`, DENORT_BIN: "" },
    stdin: "null",
  }).output();
  const log = await Deno.readTextFile(`${folder}/log`).catch(() => "");
  await Deno.remove(folder, { recursive: true });
  const text = new TextDecoder();
  return { code, out: text.decode(stdout), err: text.decode(stderr), log };
}

const ALL_BUT_TWO =
  'shift 2; for name; do case $name in strace | pamtester) ;; *) echo "$name installed" ;; esac; done';

Deno.test("deno task test installs as root on Debian what is missing, and no more", async () => {
  assert.equal(Deno.uid(), 0);
  const { code, out, err, log } = await runWith({
    "dpkg-query": ALL_BUT_TWO,
    "apt-get": 'echo "$*" >>"$LOG"',
  });
  assert.equal(code, 0, err);
  assert.match(out, /\d+ passed/);
  const [update, install = ""] = log.trim().split("\n");
  assert.equal(update, "update -qq");
  assert.match(install, /^install -y .*path-exclude=\S+ pamtester strace$/);
  // the stand-in has installed nothing
  assert.match(
    err,
    /packages are missing.*\n {2}pamtester \(pamtester\)\n {2}strace \(strace\)\n.*\n {2}apt-get install --no-install-recommends pamtester strace\n/,
  );
});

Deno.test("deno task test says in one message what it uses where there is no dpkg, and runs", async () => {
  const { code, out, err } = await runWith({});
  assert.equal(code, 0, err);
  assert.match(out, /\d+ passed/);
  assert.match(err, /^This is not Debian.*\n {2}libpam-wrapper \(/m);
});

Deno.test("deno task test installs nothing where nothing is missing", async () => {
  const { code, err, log } = await runWith({
    "dpkg-query": 'shift 2; for name; do echo "$name installed"; done',
    "apt-get": 'echo "$*" >>"$LOG"',
  });
  assert.equal(code, 0, err);
  assert.equal(log, "");
  assert.doesNotMatch(err, /missing|Debian/);
});
