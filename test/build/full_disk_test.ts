/**
 * Built programs behind the launcher while the disk of the cache and of compiled code is full, wherever in a
 * login that begins, or read-only: a token that admits once never does twice, and all else costs speed.
 *
 * Debian packages: mount, util-linux (unshare).
 *
 * @module
 */
// Threats: A17, F-5
import assert from "node:assert/strict";
import {
  BUILD_KINDS,
  type BuildKind,
  buildProgram,
} from "../support/built_program.ts";
import { createScene, type Scene } from "../support/login_scene.ts";
import { OWN_MOUNTS } from "../support/mounts.ts";
import { createPamHost, type PamHost } from "../support/pam.ts";
import { ordinaryAccount } from "../support/sshd.ts";
import { listenSyslog, type LogSink } from "../support/syslog.ts";
import { launch } from "../pam.d.example/stand_in.ts";

interface Bench {
  readonly scene: Scene;
  readonly host: PamHost;
  readonly log: LogSink;
  readonly user: string;
  /** Cache and compiled code are below it, and nothing else. */
  readonly disk: string;
}

async function withBench(
  { kind, once }: { kind: BuildKind; once: boolean },
  body: (bench: Bench) => Promise<void>,
): Promise<void> {
  await using account = await ordinaryAccount();
  await using scene = await createScene({
    issuerLines: [`one_time: ${once}`],
  });
  await using log = await listenSyslog();
  await using host = await createPamHost({ syslogSocket: log.socket });
  const { policyFile, cacheDirectory, directory } = scene.site;
  const disk = `${directory}/disk`;
  await Deno.mkdir(disk);
  const text = await Deno.readTextFile(policyFile);
  await Deno.writeTextFile(
    policyFile,
    text.replaceAll(cacheDirectory, `${disk}/cache`)
      .replaceAll(`${directory}/log\n`, `${log.socket}\n`),
  );
  await buildProgram({ policy: policyFile, output: host.program, kind });
  await body({ scene, host, log, user: account.name, disk });
}

/** The disk as it is mounted, and what is done before the logins; $disk is where. */
const DISKS: Readonly<Record<string, { options: string; before?: string }>> = {
  "without room": {
    options: "size=64k",
    before: "dd if=/dev/zero of=$disk/fill bs=4k 2>/dev/null",
  },
  // each ends at another point of what Deno keeps
  ...Object.fromEntries([40, 400].map((size) => [
    `of ${size} KiB`,
    { options: `size=${size}k` },
  ])),
  "without room for a name": { options: "nr_inodes=3" },
  "that is read-only": {
    options: "size=4m",
    before: "mount -o remount,ro $disk",
  },
};
/** Nothing can be created: no token is known to be spent. */
const FORGETFUL = ["without room for a name", "that is read-only"];

/** How logins end with what is in these files, one after the other on one such disk, and what they leave. */
async function logins(
  { host, scene, user, disk }: Bench,
  { options, before = ":" }: { options: string; before?: string },
  typed: readonly string[],
): Promise<{ codes: number[]; litter: string[] }> {
  const files = typed.map((_, index) => `${host.directory}/typed-${index}`);
  for (const [index, text] of typed.entries()) {
    await Deno.writeTextFile(files[index] ?? "", text, { mode: 0o600 });
  }
  const script = `disk=${disk}
mount -t tmpfs -o mode=0755,${options} none $disk && mkdir -m 0700 $disk/cache || exit
${before}
for file in ${files.join(" ")}; do "$@" <"$file" >&2; echo "$?"; done
find $disk -name '.new-*' ! -size 0`;
  const { stdout, stderr } = await launch(host, {
    args: ["login", scene.site.policyFile],
    env: [
      ...["PATH=/usr/sbin:/usr/bin:/sbin:/bin", `PAM_USER=${user}`],
      ...["PAM_TYPE=auth", "PAM_SERVICE=sshd"],
    ],
    through: [...OWN_MOUNTS, "/bin/sh", "-c", script, "sh"],
  });
  assert.equal(stderr, "");
  const lines = stdout.trim().split("\n");
  return {
    codes: lines.splice(0, typed.length).map(Number),
    litter: lines,
  };
}

for (const kind of BUILD_KINDS) {
  // of a token that may come again, both are the same code
  for (const once of kind === "runtime" ? [false, true] : [true]) {
    const what = once ? "a token that admits once" : "a token";
    Deno.test(`${what} on a disk that is full or read-only gets nobody in twice, and in where it may (${kind})`, () =>
      withBench({ kind, once }, async (bench) => {
        const { scene, user, log } = bench;
        const claims = { email: `${user}@example.edu`, jti: "" };
        let seen = 0;
        for (const [name, disk] of Object.entries(DISKS)) {
          claims.jti = name;
          const good = await scene.token({ claims });
          const late = await scene.token({
            claims: { ...claims, exp: 1, iat: 0 },
          });
          const { codes, litter } = await logins(bench, disk, [
            ...[good, good, late],
          ]);
          const admitted = once
            ? FORGETFUL.includes(name) ? [4, 4] : [0, 7]
            : [0, 0];
          assert.deepEqual(codes, [...admitted, 7], name);
          assert.deepEqual(litter, [], name);
          // one line each, whoever had to write it
          const records = (await log.lines()).filter((line) =>
            line.includes("decision=")
          );
          assert.equal(records.length - seen, codes.length, name);
          seen = records.length;
        }
      }));
  }
}
