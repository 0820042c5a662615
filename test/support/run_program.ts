/**
 * Runs a program with nothing but the given environment.
 *
 * @module
 */

export interface RunOptions {
  readonly args: readonly string[];
  readonly stdin?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
}

export interface RunResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. */
export async function runProgram(
  program: string,
  options: RunOptions,
): Promise<RunResult> {
  const child = new Deno.Command(program, {
    args: [...options.args],
    clearEnv: true,
    env: { ...options.env },
    cwd: "/",
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const { stdin = "" } = options;
  const writer = child.stdin.getWriter();
  const bytes = typeof stdin === "string"
    ? new TextEncoder().encode(stdin)
    : stdin;
  await writer.write(bytes)
    .then(() => writer.close())
    .catch(() => {}); // a program that refuses early does not read
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return {
    code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}
