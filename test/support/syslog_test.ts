/**
 * Whoever asks a sink for its lines gets all that were sent before: a test that says "no such line"
 * must not mean "not read yet".
 *
 * Debian packages: perl, rsyslog.
 *
 * @module
 */
import assert from "node:assert/strict";
import { listenSyslog, type LogSink, startRsyslogd } from "./syslog.ts";

// Sends lines and prints how many, at most as many as given; `block` waits for room in the queue.
const SENDER = `
use Socket; use IO::Handle;
my ($path, $most, $block) = @ARGV;
socket(my $s, AF_UNIX, SOCK_DGRAM, 0) or die $!; $s->blocking($block);
my $n = 0;
$n++ while $n < $most && defined send($s, "<38>test: n=$n", 0, pack_sockaddr_un($path));
print $n;
`;

/** Does not let this process read anything meanwhile. */
function sendAtOnce(
  { socket }: LogSink,
  { most, block }: { most: number; block: boolean },
): number {
  const { stdout, success } = new Deno.Command("perl", {
    args: ["-e", SENDER, socket, String(most), block ? "1" : "0"],
    stderr: "inherit",
  }).outputSync();
  assert.ok(success);
  return Number(new TextDecoder().decode(stdout));
}

const numbers = (lines: readonly string[]) =>
  lines.map((line) => Number(/n=(\d+)$/.exec(line)?.[1]));
const upTo = (count: number) => Array.from({ length: count }, (_, n) => n);

Deno.test("lines() has what was sent before it was asked for, and nothing else", async () => {
  await using sink = await listenSyslog();
  assert.deepEqual(await sink.lines(), []);
  assert.equal(sendAtOnce(sink, { most: 3, block: false }), 3);
  assert.deepEqual(numbers(await sink.lines()), [0, 1, 2]);
});

Deno.test("lines() has all of a queue that was full", async () => {
  await using sink = await listenSyslog();
  const most = 100_000;
  const sent = sendAtOnce(sink, { most, block: false });
  assert.ok(sent > 3 && sent < most, `${sent}`);
  assert.deepEqual(numbers(await sink.lines()), upTo(sent));
});

Deno.test("lines() can be asked for by several at once", async () => {
  await using sink = await listenSyslog();
  sendAtOnce(sink, { most: 5, block: false });
  const answers = await Promise.all(upTo(30).map(() => sink.lines()));
  for (const lines of answers) assert.deepEqual(numbers(lines), upTo(5));
});

Deno.test("lines() of a real rsyslogd has what was sent before it was asked for", async () => {
  await using sink = await startRsyslogd();
  assert.deepEqual(await sink.lines(), []);
  assert.equal(sendAtOnce(sink, { most: 500, block: true }), 500);
  assert.deepEqual(numbers(await sink.lines()), upTo(500));
});
