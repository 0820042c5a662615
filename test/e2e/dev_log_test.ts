/**
 * The built program reaches a syslog socket below /dev, where the real one is, although the runtime
 * guards that folder.
 *
 * @module
 */
import assert from "node:assert/strict";
import { BUILD_KINDS, buildProgram } from "../support/built_program.ts";
import { createAuthority } from "../support/certificates.ts";
import { createSite } from "../support/login.ts";
import { until } from "../support/pam.ts";
import { runProgram } from "../support/run_program.ts";

/** Deno cannot listen below /dev with limited permissions; Perl is on every Debian. */
const LISTENER = `
use IO::Socket::UNIX; use Socket;
my $socket = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $ARGV[0]) or die;
$| = 1; print "ready\\n";
while (defined $socket->recv(my $line, 4096)) { print "$line\\n" }
`;

for (const kind of BUILD_KINDS) {
  Deno.test(`the line of a login arrives at a socket below /dev (${kind})`, async () => {
    const socket = `/dev/oauth-pam-test-${crypto.randomUUID()}`;
    const listener = new Deno.Command("perl", {
      args: ["-e", LISTENER, socket],
      stdout: "piped",
    }).spawn();
    let heard = "";
    const decoder = new TextDecoder();
    const hearing = (async () => {
      for await (const chunk of listener.stdout) heard += decoder.decode(chunk);
    })();
    const authority = await createAuthority();
    await using site = await createSite({
      issuer: "https://login.example.edu",
      caPem: authority.caPem,
    });
    try {
      const text = await Deno.readTextFile(site.policyFile);
      const changed = text.replace(/socket: .*/, `socket: ${socket}`);
      await Deno.writeTextFile(site.policyFile, changed);
      const program = `${site.directory}/oauth-pam`;
      await buildProgram({ policy: site.policyFile, output: program, kind });
      if (kind === "compiled") {
        // a step of the installation, see README
        await Deno.mkdir(site.cacheDirectory, { mode: 0o700 });
        await Deno.symlink(socket, `${site.cacheDirectory}/syslog`);
      }
      await until(() => heard.includes("ready"), { what: "the listener" });
      for (const round of [1, 2]) {
        const { code, stderr } = await runProgram(program, {
          args: ["login", site.policyFile],
          env: { PAM_TYPE: "auth", PAM_USER: "alice", PAM_SERVICE: "sshd" },
          stdin: "x",
        });
        assert.equal(code, 7);
        assert.equal(stderr, "", "nothing is left for standard error");
        await until(
          () => heard.split("reason=token_malformed").length > round,
          {
            what: "the line",
          },
        );
      }
    } finally {
      listener.kill("SIGTERM");
      await listener.status;
      await hearing;
      await new Deno.Command("rm", { args: ["-f", socket] }).output();
    }
  });
}
