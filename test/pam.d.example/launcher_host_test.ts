/**
 * The launcher on a host that lacks what every host has, and started by a process that hands it odd things:
 * it grants as ever, or refuses, and never ends with 0 by itself.
 *
 * Debian packages: bash busybox dash mksh mount util-linux (unshare) zsh.
 *
 * @module
 */
// Threats: F-8, G6, G18, H6
import assert from "node:assert/strict";
import { OWN_MOUNTS, withMounts } from "../support/mounts.ts";
import {
  launch,
  type LauncherBench,
  launcherTest,
  SHELLS,
} from "./stand_in.ts";

const REQUEST = ["PAM_SERVICE=sshd", "PAM_TYPE=auth"];

interface Odd {
  readonly through?: readonly string[];
  readonly before?: string;
  readonly user?: string;
}

/** How the launcher ends with a program that grants, and with one that refuses. */
async function ends(
  { host, program }: LauncherBench,
  { user = "root", ...odd }: Odd,
): Promise<[number, number]> {
  const run = { env: [...REQUEST, `PAM_USER=${user}`], ...odd };
  await program.install("");
  const { code: granting } = await launch(host, run);
  await program.install("exit 7");
  const { code: refusing } = await launch(host, run);
  return [granting, refusing];
}

/** Tools of the host that the launcher runs, and how it ends without each. */
const TOOLS: readonly [string, readonly [number, number], Odd?][] = [
  ["env", [4, 4]],
  ["timeout", [4, 4]],
  ["head", [4, 4]],
  ["getent", [4, 4]],
  ["id", [4, 4], { user: "4711" }],
  // without these nobody is kept out: what is lost is a line of the log, or who hung up
  ["logger", [0, 7]],
  ["tr", [0, 7]],
  ["grep", [0, 7]],
  ["setpriv", [0, 7]],
];

launcherTest(
  "refuses, or grants as ever, where a tool of the host is missing",
  async (bench) => {
    for (const [tool, expected, odd = {}] of TOOLS) {
      const path = await Deno.realPath(`/usr/bin/${tool}`);
      // what is no program cannot be run
      const without = withMounts([], { [path]: bench.host.policy });
      const through = ["/usr/bin/env", "PATH=/usr/bin:/bin", ...without];
      assert.deepEqual(await ends(bench, { ...odd, through }), expected, tool);
    }
  },
);

launcherTest(
  "takes nothing for a grant that tools end with by themselves",
  async (bench) => {
    for (const tool of ["env", "timeout"]) {
      const through = [
        ...["/usr/bin/env", "PATH=/usr/bin:/bin"],
        ...withMounts([], { [`/usr/bin/${tool}`]: "/usr/bin/true" }),
      ];
      assert.deepEqual(await ends(bench, { through }), [4, 4], tool);
    }
  },
);

launcherTest(
  "refuses where /proc is not mounted, and says so",
  async (bench) => {
    const script = 'mount -t tmpfs none /proc && exec "$@"';
    const through = [...OWN_MOUNTS, "/bin/sh", "-c", script, "sh"];
    assert.deepEqual(await ends(bench, { through }), [4, 4]);
    await bench.log.next((line) => line.includes("is /proc mounted?"));
  },
);

for (const [shell, through] of Object.entries(SHELLS)) {
  launcherTest(
    `of ${shell} ends as ever where the PAM process ignores signals or hands over no files`,
    async (bench) => {
      const ignored = ["CHLD", "PIPE", "HUP", "TERM", "ALRM"]
        .map((name) => `$SIG{${name}} = 'IGNORE';`);
      const closed = [1, 2, 4, 7].map((which) =>
        "use POSIX;" + [0, 1, 2].filter((file) => which >> file & 1)
          .map((file) => `POSIX::close(${file});`).join("")
      );
      for (const before of [ignored.join(" "), ...closed, "umask 0777"]) {
        assert.deepEqual(
          await ends(bench, { through, before }),
          [0, 7],
          before,
        );
      }
    },
  );
}
