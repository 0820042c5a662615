/**
 * The launcher as a process: time, messages, its rights, a broken program.
 *
 * @module
 */
// Threats: D4, F10, G12, G18
import { readProc } from "../support/proc.ts";
import assert from "node:assert/strict";
import { createPamHost, until } from "../support/pam.ts";
import { startRsyslogd } from "../support/syslog.ts";
import {
  launch,
  type LauncherBench,
  launcherTest,
  StandIn,
} from "./stand_in.ts";

/** A test whose launcher allows two seconds instead of 30. */
function test(
  title: string,
  body: (bench: LauncherBench) => Promise<void>,
): void {
  const launcher = { "limit=30\n": "limit=2\n", "-k 2": "-k 0.2" };
  launcherTest(title, body, { launcher });
}

const REQUEST = ["PAM_USER=root", "PAM_SERVICE=sshd", "PAM_TYPE=auth"];
/** Neither running nor waiting to be. */
const ended = async (pid: string) => {
  const stat = await readProc(Number(pid), "stat").catch(() => "");
  return stat === "" || stat.includes(") Z ");
};
const HANGING: readonly [string, string][] = [
  ["a hanging program", ""],
  ["a program that ignores SIGTERM", "trap '' TERM"],
];
for (const [what, trap] of HANGING) {
  test(`kills ${what} and its children when the time is over`, async ({ host, program, log }) => {
    const pids = `${host.directory}/pids`;
    await program.install(
      `${trap}\nsleep 300 & echo $$ $! >${pids}\nwhile :; do sleep 300; done`,
    );
    const result = await launch(host, { env: REQUEST });
    assert.deepEqual(result, { code: 4, stdout: "", stderr: "" });
    await log.next((line) => line.includes("killed after 2 s"));
    for (const pid of (await Deno.readTextFile(pids)).trim().split(" ")) {
      await until(() => ended(pid), { what: `the end of process ${pid}` });
    }
  });
}

test("gives login 30 seconds and device 120", async ({ program }) => {
  await using host = await createPamHost();
  program = new StandIn(host);
  await program.install();
  for (
    const [verb, limit] of [["login", "30"], ["device", "120"], ["x", "30"]]
  ) {
    const args = [verb ?? "", "/p"];
    assert.equal((await launch(host, { args, env: REQUEST })).code, 0);
    const facts = await program.facts();
    assert.deepEqual(facts?.parent, [
      ...["timeout", "-k", "2", limit, host.program, ...args],
    ]);
  }
});

test("passes on standard output and sends standard error to syslog only", async ({ host, program, log }) => {
  await program.install("echo one sentence; echo oops: detail >&2; exit 9");
  const result = await launch(host, { env: REQUEST });
  assert.deepEqual(result, { code: 9, stdout: "one sentence\n", stderr: "" });
  // facility auth (4), severity warning (4)
  const line = await log.next((line) => line.includes("oops"));
  assert.match(line, /^<36>.* oauth-pam: oops: detail\n?$/);
});

test("logs nothing and starts no logger when standard error is empty", async ({ host, program, log }) => {
  await program.install("exit 7");
  assert.equal((await launch(host, { env: REQUEST })).code, 7);
  assert.deepEqual(await log.lines(), []);
});

test("logs at most 2000 bytes of standard error, without control characters", async ({ host, program, log }) => {
  await program.install(
    `printf '\\033[2Jred \\302\\205' >&2; head -c 100000 /dev/zero | tr '\\0' x >&2; echo END >&2; exit 7`,
  );
  assert.equal((await launch(host, { env: REQUEST })).code, 7);
  const x = (line: string) => line.replace(/^.*? oauth-pam: /, "");
  await log.next((line) => line.includes("?[2Jred ??xxx"));
  const text = (await log.lines()).map(x).join("");
  assert(text.length <= 2100 && text.length >= 1900, `${text.length}`);
  assert(!text.includes("END"));
});

test("leaves a line in a real rsyslogd's file", async ({ program }) => {
  await using daemon = await startRsyslogd();
  await using host = await createPamHost({ syslogSocket: daemon.socket });
  program = new StandIn(host);
  await program.install("echo oops >&2; exit 7");
  assert.equal((await launch(host, { env: REQUEST })).code, 7);
  await daemon.next((line) => line === "auth.warning oauth-pam: oops");
});

// Binds a datagram socket, sends to it until its queue is full, and never reads.
const STUCK = `
use Socket; use IO::Handle;
my $to = pack_sockaddr_un($ARGV[0]);
socket(my $s, AF_UNIX, SOCK_DGRAM, 0) or die $!; bind($s, $to) or die $!;
socket(my $c, AF_UNIX, SOCK_DGRAM, 0) or die $!; $c->blocking(0);
1 while defined send($c, "x", 0, $to);
print "full\\n"; STDOUT->flush; <STDIN>;
`;
test("does not wait for a syslog daemon that is stuck", async () => {
  const directory = await Deno.makeTempDir();
  const syslogSocket = `${directory}/stuck`;
  const launcher = { "-k 1 3": "-k 0.1 0.3" };
  await using host = await createPamHost({ syslogSocket, launcher });
  await new StandIn(host).install("echo oops >&2; exit 7");
  const stuck = new Deno.Command("perl", {
    args: ["-e", STUCK, syslogSocket],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const reader = stuck.stdout.getReader();
  const { value } = await reader.read();
  assert.equal(new TextDecoder().decode(value), "full\n");
  assert.equal((await launch(host, { env: REQUEST })).code, 7);
  await stuck.stdin.close();
  await reader.cancel();
  await stuck.status;
  await Deno.remove(directory, { recursive: true });
});

const MISSING: readonly [string, (program: string) => Promise<void>][] = [
  ["is missing", (program) => Deno.remove(program)],
  ["is not executable", (program) => Deno.chmod(program, 0o644)],
  ["is a folder", async (program) => {
    await Deno.remove(program);
    await Deno.mkdir(program);
  }],
  ["is an empty file", (program) => Deno.writeTextFile(program, "")],
  [
    "is full of zeroes",
    (program) => Deno.truncate(program).then(() => Deno.truncate(program, 1e6)),
  ],
  ["is a text", (program) => Deno.writeTextFile(program, "exit 0\n")],
];
for (const [what, make] of MISSING) {
  test(`refuses with 4 when the program ${what}`, async ({ host, log }) => {
    await make(host.program);
    assert.equal((await launch(host, { env: REQUEST })).code, 4);
    await log.next((line) =>
      line.includes("ended with status 126") || line.includes("is no program")
    );
  });
}
for (const path of ["", "oauth-pam", "A=/usr/bin/true", "/tmp/a=b"]) {
  test(`refuses with 4 when the program's path is "${path}"`, async ({ host, log }) => {
    const text = await Deno.readTextFile(host.launcher);
    await Deno.writeTextFile(
      host.launcher,
      text.replace(/^program=.*$/m, `program='${path}'`),
    );
    assert.equal((await launch(host, { env: REQUEST })).code, 4);
    await log.next((line) => line.includes("path"));
  });
}

test("refuses to run for a caller whose real and effective uid differ, as su's do", async ({ host, program, log }) => {
  if (Deno.uid() !== 0) throw new Error("this test needs root");
  const run = { env: REQUEST, before: "$< = 65534; $< == 65534 or die" };
  await Deno.chmod(host.directory, 0o755);
  assert.equal((await launch(host, run)).code, 4);
  assert.equal(await program.facts(), undefined);
  await log.next((line) => line.includes("seteuid"));
});

test("refuses what the program refuses for a caller that ignores SIGCHLD or blocks signals", async ({ host, program }) => {
  await program.install("exit 7");
  const ignoring = "$SIG{CHLD} = 'IGNORE'";
  const blocking = "use POSIX; my $all = POSIX::SigSet->new(1 .. 31);" +
    "sigprocmask(SIG_BLOCK, $all)";
  for (const before of [ignoring, blocking]) {
    assert.equal((await launch(host, { env: REQUEST, before })).code, 7);
  }
  await program.install("while :; do sleep 300; done");
  const run = { env: REQUEST, before: blocking };
  assert.equal((await launch(host, run)).code, 4);
});

test("refuses with closed standard streams unless the program grants", async ({ host, program }) => {
  await program.install("exit 7");
  for (const close of ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"]) {
    const through = ["/bin/sh", "-c", `"$@" ${close}; exit $?`, "sh"];
    const { code } = await launch(host, { env: REQUEST, through });
    assert.notEqual(code, 0, close);
  }
});
