/**
 * What ends when people hang up: the launcher with all that it has started, in any shell, and nothing else
 * that has come to have its number.
 *
 * @module
 */
// Threats: D4
import assert from "node:assert/strict";
import { createPamHost } from "../support/pam.ts";
import { StandIn } from "./stand_in.ts";

/**
 * The first process of a namespace in which it says who gets which number: plays sshd, whose client hangs
 * up. Where the second word is "gone", it is the PAM process that ends instead, which its user had say
 * otherwise in its environment; where it is "replaced", both, and somebody else's process is in the
 * launcher's place. Prints the signal that ended who is there.
 */
const SSHD = `
use IO::Socket::INET;
use POSIX "WNOHANG";
my ($launcher, $how, $begun) = @ARGV;
my $server = IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 1) or die $!;
my @at = ("127.0.0.1", $server->sockport);
my $client = IO::Socket::INET->new(PeerAddr => $at[0], PeerPort => $at[1]) or die $!;
my $connection = $server->accept or die $!;
$ENV{SSH_CONNECTION} = "$at[0] " . $client->sockport . " @at";
sub child { my $run = shift; my $pid = fork // die $!; return $pid if $pid; $run->(); die $! }
sub cmdline { open(my $file, "<", "/proc/$_[0]/cmdline") or return ""; <$file> // "" }
# none of those that have ended and are not reaped yet
sub running { my %but = map { $_ => 1 } @_; grep { !$but{$_} && cmdline($_) ne "" } map { m,([0-9]+)$, } glob "/proc/[0-9]*" }
sub soon {
  my $end = time + 20;
  until ($_[0]->()) {
    die map { cmdline($_) . "\\n" } running() if time > $end;
    select undef, undef, undef, 0.05;
  }
}
pipe(my $from, my $to) or die $!;
my $pam = child(sub {
  close $_ for $server, $client, $connection;
  my $own = $$;
  my $pid = child(sub {
    $ENV{OAUTH_PAM_TIED} = $own if $how eq "gone";
    exec $launcher, "device", "start", "/p";
  });
  syswrite $to, "$pid\\n";
  waitpid $pid, 0;
  print "launcher ended by ", $? & 127, "\\n";
  exit;
});
chomp(my $number = <$from>);
soon(sub { -e $begun });
my $other = 0;
if ($how ne "at once") {
  kill KILL => $pam;
  soon(sub { waitpid(-1, WNOHANG) == $number });
}
if ($how eq "replaced") {
  open(my $last, ">", "/proc/sys/kernel/ns_last_pid") or die $!;
  syswrite $last, $number - 1 or die $!;
  $other = child(sub { $< = $> = 65534; exec "sleep", "300" });
  die "$other is not $number" if $other != $number;
}
close $_ for $how eq "gone" ? () : ($client, $connection);
soon(sub { !running($$, $pam, $other) });
waitpid $pam, 0;
if ($how eq "replaced") {
  kill TERM => $other;
  waitpid $other, 0;
  print "other ended by ", $? & 127, "\\n";
}
`;

const OWN_NUMBERS = ["--pid", "--fork", "--mount-proc"];

async function hangUp(
  how: "at once" | "gone" | "replaced",
  shell = "/bin/sh",
): Promise<string> {
  if (Deno.uid() !== 0) throw new Error("this test needs root");
  await using host = await createPamHost({
    launcher: { "#!/bin/sh -p": `#!${shell} -p` },
  });
  await new StandIn(host).install("exec sleep 300");
  const begun = `${host.directory}/facts/parent`;
  const { stdout, stderr } = await new Deno.Command("unshare", {
    args: [
      ...OWN_NUMBERS,
      ...["perl", "-e", SSHD, host.launcher, how, begun],
    ],
    env: { PAM_USER: "root", PAM_SERVICE: "sshd", PAM_TYPE: "auth" },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  assert.equal(decoder.decode(stderr), "");
  return decoder.decode(stdout);
}

for (const shell of ["/bin/sh", "/bin/bash"]) {
  Deno.test(`launcher of ${shell} ends when its person hangs up, with all that it has started`, async () => {
    assert.equal(await hangUp("at once", shell), "launcher ended by 9\n");
  });
}

Deno.test("launcher ends with the PAM process, whatever that has in its environment", async () => {
  assert.equal(await hangUp("gone"), "");
});

Deno.test("launcher that is gone leaves nothing that ends another process of its number", async () => {
  assert.equal(await hangUp("replaced"), "other ended by 15\n");
});
