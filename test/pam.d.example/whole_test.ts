/**
 * The launcher and pam_script's wrapper, cut short anywhere, let nobody in.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createPamHost } from "../support/pam.ts";
import { StandIn } from "./stand_in.ts";

/**
 * Cuts the file at every byte from the end down to the number given, runs what is left in each of
 * the ways given, and prints the cut and the way wherever that ended with 0.
 */
const CUT = `
use Fcntl; my ($file, $from, $to, @ways) = @ARGV; my $length = -s $file;
open my $null, "+<", "/dev/null" or die; open STDOUT_SAVED, ">&", \\*STDOUT;
for my $cut (reverse $from .. ($to < $length ? $to : $length)) {
  truncate $file, $cut or die $!;
  for my $way (@ways) {
    my $pid = fork // die;
    if (!$pid) {
      open STDIN, "<&", $null; open STDOUT, ">&", $null; open STDERR, ">&", $null;
      exec split(" ", $way), $file, "login", "/p"; exit 126;
    }
    waitpid $pid, 0;
    print "$cut by $way\\n" if $? == 0;
  }
}
print "done\\n";
`;

async function zeroes(
  file: string,
  { from, to = Infinity, ways }: {
    from: number;
    to?: number;
    ways: readonly string[];
  },
): Promise<string> {
  const { stdout, stderr } = await new Deno.Command("perl", {
    args: ["-e", CUT, file, `${from}`, `${Math.min(to, 1e9)}`, ...ways],
    clearEnv: true,
    env: {
      PATH: "/usr/bin:/bin",
      PAM_USER: "root",
      PAM_TYPE: "auth",
      PAM_SERVICE: "sshd",
      PAM_AUTHTOK: "junk",
    },
  }).output();
  assert.equal(new TextDecoder().decode(stderr), "");
  return new TextDecoder().decode(stdout);
}

const FILES = [
  ["oauth-pam-launch", (host: { launcher: string }) => host.launcher],
  [
    "pam_script_auth",
    (host: { scripts: string }) => `${host.scripts}/pam_script_auth`,
  ],
] as const;

for (const [what, file] of FILES) {
  for (const shell of ["/bin/dash -p", "/bin/bash -p"]) {
    Deno.test(`${what} cut at every byte never ends with 0 (${shell} as /bin/sh)`, async () => {
      await using host = await createPamHost();
      await new StandIn(host).install();
      const path = file(host);
      const { size } = await Deno.stat(path);
      // the last cut leaves all but the brace that ends it: a newline more or less is not a cut
      const found = await zeroes(path, {
        from: "#!/bin/sh -p\n{".length,
        to: size - 2,
        ways: [shell],
      });
      assert.equal(found, "done\n");
    });
  }

  Deno.test(`${what} cut at every byte of its first lines and of its last never ends with 0 by env and timeout`, async () => {
    await using host = await createPamHost();
    await new StandIn(host).install();
    const path = file(host);
    const { size } = await Deno.stat(path);
    const ways = ["/usr/bin/env", "/usr/bin/timeout 9"];
    const last = await zeroes(path, { from: size - 200, to: size - 2, ways });
    const first = await zeroes(path, {
      from: "#!/bin/sh -p\n{".length,
      to: 200,
      ways,
    });
    assert.deepEqual([first, last], ["done\n", "done\n"]);
  });
}

/**
 * Cut inside its first line a shell script is a comment, which any shell ends with 0. The lines of
 * the recommended stacks see that: the first of them must not succeed.
 */
for (
  const stack of [
    "sshd-device-sign-in",
    "sshd-device-sign-in-with-fallback",
    "sudo-device-step-up",
    "su-device-sign-in",
    "login-device-sign-in",
  ]
) {
  Deno.test(`${stack} lets nobody in by a launcher that is cut inside its first line`, async () => {
    await using host = await createPamHost();
    await host.installStack(stack, {
      service: "x",
      change: (text) =>
        text.replace(/^auth\s+sufficient pam_rootok\.so$/m, "")
          .replace("delay=3000000", "delay=0"),
    });
    const text = await Deno.readTextFile(host.launcher);
    for (let cut = 0; cut <= "#!/bin/sh -p\n".length; cut++) {
      await Deno.writeTextFile(host.launcher, text.slice(0, cut));
      const { ok } = await host.authenticate({
        service: "x",
        user: "nobody",
        password: "anything",
      });
      assert.equal(ok, false, `cut after ${cut} bytes`);
    }
  });
}
