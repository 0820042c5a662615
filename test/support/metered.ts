/**
 * Runs a program to its end and says what it cost: time from outside, and peak memory.
 *
 * @module
 */

export const PYTHON = "/usr/bin/python3";

// Starts a program and prints what it cost. Deno cannot ask for a child's peak memory, and a
// process that is started anew each time keeps its own size out of the answer.
const METER = `import os, sys, time
started = time.perf_counter()
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(child, 0)
elapsed = time.perf_counter() - started
print("\\n", os.waitstatus_to_exitcode(status), elapsed * 1e3, usage.ru_maxrss * 1024 / 1e6, (usage.ru_utime + usage.ru_stime) * 1e3, file=sys.stderr)
`;

export interface Metered {
  /** Negative for a signal. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** From before the process is made until it is gone. */
  readonly milliseconds: number;
  /** Of processors, by the program and its children, in milliseconds. */
  readonly processorMs: number;
  /** Largest resident set, in units of 10^6 bytes. */
  readonly megabytes: number;
}

/** Does not search for the program: its whole path comes first. */
export async function runMetered(
  command: readonly string[],
  { env, stdin }: {
    /** All of it. */
    readonly env: Readonly<Record<string, string>>;
    readonly stdin: string | Uint8Array;
  },
): Promise<Metered> {
  const child = new Deno.Command(PYTHON, {
    args: ["-I", "-S", "-c", METER, ...command],
    clearEnv: true,
    env: { ...env },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  const bytes = typeof stdin === "string"
    ? new TextEncoder().encode(stdin)
    : stdin;
  await writer.write(bytes).then(() => writer.close())
    .catch(() => {}); // a program that refuses early does not read
  const { stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  const printed = decoder.decode(stderr);
  const end = printed.trimEnd().lastIndexOf("\n");
  const [code, milliseconds, megabytes, processorMs] = printed.slice(end)
    .trim().split(" ").map(Number);
  return {
    code: code ?? NaN,
    stdout: decoder.decode(stdout),
    stderr: printed.slice(0, Math.max(0, end)).trimEnd(),
    milliseconds: milliseconds ?? NaN,
    megabytes: megabytes ?? NaN,
    processorMs: processorMs ?? NaN,
  };
}
