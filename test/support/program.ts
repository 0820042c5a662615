/**
 * The program as a process of its own: bundled as for a release, run by the Deno that runs
 * the tests, in an environment that holds nothing but what the test puts there.
 *
 * @module
 */

import { bundleFiles } from "../../src/build/bundle.ts";
import { bundleOnce } from "./bundle_once.ts";
import { buildEnvironment as environment } from "./built_program.ts";

let bundled: Promise<string> | undefined;

/** The path of the program as it is built, but for any policy; made once for all tests of a file. */
export function bundledProgram(): Promise<string> {
  return bundled ??= (async () => {
    const folder = ownFolder("bundle");
    const program = `${folder}/program.js`;
    const files = bundleFiles(program, await bundleOnce({ environment }));
    for (const [path, text] of files) {
      await Deno.writeTextFile(path, text);
    }
    return program;
  })();
}

export interface ProgramOptions {
  readonly args: readonly string[];
  /** The whole environment of the program, but for what Deno itself needs. */
  readonly env?: Readonly<Record<string, string>>;
  /** Written to standard input, which is closed then. Default: nothing, `/dev/null`. */
  readonly stdin?: string | Uint8Array;
  /** The same, but standard input stays open for as long as the program runs. */
  readonly leaveOpen?: string;
  /** A command and its arguments that runs the program, such as `sh -c 'exec "$@"' sh`. */
  readonly before?: readonly string[];
  /** Default: {@link bundledProgram}. */
  readonly program?: string;
  /** Called when the process runs. */
  readonly whileRunning?: (child: Deno.ChildProcess) => Promise<void>;
}

export interface ProgramResult {
  /** As a shell would say it: 128 and more for a signal. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly milliseconds: number;
}

/** What pam_exec and the launcher would say about alice, who comes through sshd. */
export const PAM_ENVIRONMENT: Readonly<Record<string, string>> = {
  PAM_TYPE: "auth",
  PAM_SERVICE: "sshd",
  PAM_USER: "alice",
  PAM_RHOST: "192.0.2.7",
};

/** Runs the program to its end. */
export async function runProgram(
  options: ProgramOptions,
): Promise<ProgramResult> {
  const program = options.program ?? await bundledProgram();
  const [command = "", ...args] = [
    ...(options.before ?? []),
    ...[Deno.execPath(), "run", "--quiet", "--no-lock", "--no-config"],
    ...["--unstable-net", "-A", program, ...options.args],
  ];
  const content = options.leaveOpen ?? options.stdin;
  const start = performance.now();
  const child = new Deno.Command(command, {
    args,
    clearEnv: true,
    env: { PATH: "/usr/bin:/bin", ...denoEnvironment(), ...options.env },
    stdin: content === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const output = child.output();
  const writer = content === undefined ? null : child.stdin.getWriter();
  const written = writer?.write(
    typeof content === "string"
      ? new TextEncoder().encode(content)
      : content ?? new Uint8Array(),
  ).catch(() => {}); // a program that has read enough closes its end
  const close = () => written?.then(() => writer?.close()).catch(() => {});
  if (options.leaveOpen === undefined) await close();
  await options.whileRunning?.(child);
  const { code, stdout, stderr } = await output;
  const milliseconds = performance.now() - start;
  if (options.leaveOpen !== undefined) await close();
  const decoder = new TextDecoder();
  return {
    code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
    milliseconds,
  };
}

let cache: string | undefined;

/** As in the wrapper of a build: a folder for the code cache, without which a start takes twice as long. */
function denoEnvironment(): Record<string, string> {
  cache ??= ownFolder("cache");
  return { DENO_DIR: cache, DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" };
}

/** A folder that ends with the tests of a file. */
function ownFolder(what: string): string {
  const folder = Deno.makeTempDirSync({ prefix: `oauth-pam-${what}-` });
  globalThis.addEventListener("unload", () => {
    Deno.removeSync(folder, { recursive: true });
  });
  return folder;
}
