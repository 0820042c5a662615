/**
 * The launchers in every shell that a host may have as its sh: the value that means a grant is one that
 * nothing else ends with, and only the program that was told it can end with it. And no standard input is
 * an empty one.
 *
 * Debian packages: bash busybox dash mksh zsh.
 *
 * @module
 */
// Threats: F1, G6
import assert from "node:assert/strict";
import { type PamHost, readExample, replaceAll } from "../support/pam.ts";
import { launch, launcherTest, SHELLS, type StandIn } from "./stand_in.ts";

const UUID = "/proc/sys/kernel/random/uuid";
const PROGRAM = "\nprogram=/usr/libexec/oauth-pam/oauth-pam";
/** From the least to the most, and where numbers turn negative. */
const SEEDS = [
  "00000000-0000",
  "7fffffff-7fff",
  "80000001-8001",
  "ffffffff-ffff",
];
const REQUEST = ["PAM_USER=root", "PAM_SERVICE=sshd", "PAM_TYPE=auth"];
const LINE = "cert-authority,restrict ssh-ed25519 AAAA";
const KEY = ["/p", "root", "AAAA", "ssh-ed25519-cert-v01@openssh.com"];
/** What the program, timeout(1), env(1) and shells end with by themselves, and values beside the grant. */
const ENDS = [
  ...[0, 1, 2, 3, 4, 7, 9, 10, 11, 25, 31, 64, 124, 126, 127, 255],
  ...["$((OAUTH_PAM_GRANT - 1))", "$((OAUTH_PAM_GRANT + 1))"],
];

/** Whether one run says yes. */
type Ask = (through: readonly string[]) => Promise<boolean>;

/** How each launcher is asked, where all randomness is `seed`. */
const LAUNCHERS: Readonly<
  Record<string, (host: PamHost, random: string) => Promise<Ask>>
> = {
  "oauth-pam-launch": async (host, random) => {
    const text = await Deno.readTextFile(host.launcher);
    await Deno.writeTextFile(
      host.launcher,
      replaceAll(text, { [UUID]: random }),
    );
    return async (through) =>
      (await launch(host, { env: REQUEST, through })).code === 0;
  },
  "oauth-pam-ssh-keys": async (host, random) => {
    const launcher = `${host.directory}/libexec/oauth-pam-ssh-keys`;
    const text = replaceAll(await readExample("oauth-pam-ssh-keys"), {
      [UUID]: random,
      [PROGRAM]: `\nprogram=${host.program}`,
    });
    await Deno.writeTextFile(launcher, text, { mode: 0o755 });
    // a key that is not ours ends with 0, too, and without a line
    return async (through) =>
      (await launch({ launcher }, { args: KEY, through })).stdout !== "";
  },
};

async function assertOnlyTheGrant(
  ask: Ask,
  { program, through }: { program: StandIn; through: readonly string[] },
): Promise<void> {
  await program.install(`echo '${LINE}'`);
  assert.equal(await ask(through), true);
  const named = (await program.facts())?.environment
    .find((entry) => entry.startsWith("OAUTH_PAM_GRANT="));
  assert.match(named ?? "", /=(3[2-9]|[45][0-9]|6[0-3])$/);
  for (const end of ENDS) {
    await program.install(`echo '${LINE}'; exit ${end}`);
    assert.equal(await ask(through), false, `exit ${end}`);
  }
}

for (const [name, launcherOf] of Object.entries(LAUNCHERS)) {
  for (const [shell, through] of Object.entries(SHELLS)) {
    launcherTest(
      `${name} of ${shell} takes one value for a grant, whatever was drawn`,
      async ({ host, program }) => {
        const random = `${host.directory}/uuid`;
        const ask = await launcherOf(host, random);
        for (const seed of SEEDS) {
          await Deno.writeTextFile(random, `${seed}-4fff-bfff-ffffffffffff\n`);
          await assertOnlyTheGrant(ask, { program, through });
        }
      },
    );
  }
}

for (const [shell, through] of Object.entries(SHELLS)) {
  launcherTest(
    `of ${shell} gives an empty standard input where it has none`,
    async ({ host, program }) => {
      const run = { env: REQUEST, through, before: "close STDIN" };
      assert.equal((await launch(host, run)).code, 0);
      assert.equal((await program.facts())?.stdin, "");
    },
    { launcher: { "limit=30": "limit=2" } },
  );
}

/** As a person can set them before "su", to what the shells themselves need: too little for a login. */
const TOO_LOW = {
  "--nofile=40:40": "ulimit -n",
  "--fsize=4096:4096": "ulimit -f",
};
/** With these a program ends early, or a host has them for everybody. */
const LOW = [
  "--cpu=9:9",
  "--as=1000000000:1000000000",
  "--data=900000000:900000000",
  "--nofile=300:300",
  "--fsize=1000000000:1000000000",
];
/** Ends the stand-in with 7 where it has other limits than those of the launcher. */
const OWN_LIMITS = `for which in n f t v d; do
  case $which:$(ulimit -S$which) in
    n:1024 | [ftvd]:unlimited) ;;
    *) exit 7 ;;
  esac
done`;

/** Whether limits can be raised here: a container may lack CAP_SYS_RESOURCE. */
async function canRaise(): Promise<boolean> {
  const { success } = await new Deno.Command("/usr/bin/prlimit", {
    args: ["--cpu=9:9", "/bin/sh", "-c", "ulimit -H -t unlimited"],
    stderr: "null",
  }).output();
  return success;
}

for (const [shell, command] of Object.entries(SHELLS)) {
  launcherTest(
    `of ${shell} gives the program limits of its own, and too low ones to nobody`,
    async ({ host, program, log }) => {
      const code = async (limits: readonly string[] = []) => {
        const through = limits.length === 0
          ? command
          : ["/usr/bin/prlimit", ...limits, ...command];
        return (await launch(host, { env: REQUEST, through })).code;
      };
      const raises = await canRaise();
      await program.install(OWN_LIMITS);
      assert.equal(await code(), 0);
      // what the person alone lowered can be raised everywhere
      for (const limit of [...Object.keys(TOO_LOW), ...LOW]) {
        assert.equal(await code([limit.replace(/:.*/, ":")]), 0, limit);
        assert.equal(await code([limit]) === 0, raises, limit);
      }
      await program.install("");
      for (const limit of LOW) assert.equal(await code([limit]), 0, limit);
      for (const [limit, told] of Object.entries(TOO_LOW)) {
        assert.equal(await code([limit]), raises ? 0 : 4, limit);
        if (!raises) await log.next((line) => line.includes(told));
      }
    },
  );
}
