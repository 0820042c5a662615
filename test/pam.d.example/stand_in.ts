/**
 * A shell script in place of the program, which writes down what it
 * was given, and ways to start the launcher exactly as PAM modules do.
 *
 * @module
 */
import {
  createPamHost,
  type PamHost,
  type Replacements,
} from "../support/pam.ts";
import { listenSyslog, type LogSink } from "../support/syslog.ts";

const decoder = new TextDecoder();

/** Each shell that a host may have as its sh, with which a launcher is started. */
export const SHELLS: Readonly<Record<string, readonly string[]>> = {
  dash: ["/bin/dash", "-p"],
  bash: ["/bin/bash", "--posix", "-p"],
  // its numbers have 32 bits
  mksh: ["/bin/mksh", "-p"],
  zsh: ["/bin/zsh", "--emulate", "sh", "-p"],
  // knows no "-p": as /bin/sh it lets nobody in
  busybox: ["/bin/busybox", "sh"],
};

/** What one run of the stand-in saw. */
export interface Facts {
  /** `NAME=VALUE` in the order of the environment block. */
  readonly environment: readonly string[];
  readonly args: readonly string[];
  readonly stdin: string;
  /** umask, limit of core dumps, working directory. */
  readonly limits: readonly string[];
  /** The arguments of timeout(1), its parent. */
  readonly parent: readonly string[];
}

export class StandIn {
  readonly #directory: string;
  readonly #host: PamHost;

  constructor(host: PamHost) {
    this.#host = host;
    this.#directory = `${host.directory}/facts`;
  }

  /** Installs a stand-in that grants unless the shell text `end`, run after the facts are written, ends it. */
  async install(end = ""): Promise<void> {
    const facts = this.#directory;
    await Deno.mkdir(facts, { recursive: true });
    await Deno.writeTextFile(
      this.#host.program,
      `#!/bin/sh
cat /proc/$$/environ >${facts}/environment
printf '%s\\0' "$@" >${facts}/args
cat >${facts}/stdin
printf '%s\\n' "$(umask)" "$(ulimit -c)" "$PWD" >${facts}/limits
cat /proc/$PPID/cmdline >${facts}/parent
${end}
exit "$OAUTH_PAM_GRANT"
`,
      { mode: 0o755 },
    );
    await Deno.chmod(this.#host.program, 0o755);
  }

  /** The last run's facts, which are forgotten; undefined when it did not run. */
  async facts(): Promise<Facts | undefined> {
    const read = (name: string) =>
      Deno.readTextFile(`${this.#directory}/${name}`);
    const zeroes = async (name: string) =>
      (await read(name)).split("\0").slice(0, -1);
    try {
      await Deno.stat(`${this.#directory}/parent`);
    } catch {
      return undefined;
    }
    const facts = {
      environment: await zeroes("environment"),
      args: await zeroes("args"),
      stdin: await read("stdin"),
      limits: (await read("limits")).split("\n").slice(0, -1),
      parent: await zeroes("parent"),
    };
    await Deno.remove(this.#directory, { recursive: true });
    await Deno.mkdir(this.#directory);
    return facts;
  }
}

export interface Run {
  readonly args?: readonly string[];
  /** Handed over in this order, duplicates included. */
  readonly env?: readonly string[];
  readonly stdin?: string;
  /** What stands before the launcher, such as another shell. */
  readonly through?: readonly string[];
  /** Perl to run just before execve. */
  readonly before?: string;
}

export interface RunResult {
  /** 128 plus the number when ended by a signal. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

// No language's own way of starting a program gives an environment with two equal names.
const EXECVE = `
my $before = shift; my $n = shift; my @env = splice @ARGV, 0, $n;
my ($argv, $envp) = (pack("p*", @ARGV, undef), pack("p*", @env, undef));
eval $before; die $@ if $@;
syscall(SYS_EXECVE, my $path = $ARGV[0], $argv, $envp); die "execve: $!";
`.replace("SYS_EXECVE", Deno.build.arch === "aarch64" ? "221" : "59");

/** Starts the launcher with exactly this environment; this process is its parent. */
export async function launch(
  host: Pick<PamHost, "launcher">,
  { args = ["login", "/p"], env = [], stdin = "", through = [], before = "" }:
    Run = {},
): Promise<RunResult> {
  const command = [...through, host.launcher, ...args];
  const child = new Deno.Command("perl", {
    args: ["-e", EXECVE, before, `${env.length}`, ...env, ...command],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(stdin))
    .then(() => writer.close()).catch(() => {}); // refused before it read
  const { code, stdout, stderr } = await child.output();
  return {
    code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}

export interface LauncherBench {
  readonly host: PamHost;
  readonly program: StandIn;
  readonly log: LogSink;
}

/** A test with the launcher installed and a stand-in program that grants. */
export function launcherTest(
  title: string,
  body: (bench: LauncherBench) => Promise<void>,
  { launcher }: { launcher?: Replacements } = {},
): void {
  Deno.test(`launcher ${title}`, async () => {
    await using log = await listenSyslog();
    await using host = await createPamHost({
      syslogSocket: log.socket,
      ...(launcher === undefined ? {} : { launcher }),
    });
    const program = new StandIn(host);
    await program.install();
    await body({ host, program, log });
  });
}
