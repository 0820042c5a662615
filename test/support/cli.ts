/**
 * Runs a verb in process, with files and standard input of the test's own.
 *
 * @module
 */
import { runCli } from "../../src/cli/cli.ts";
import { type CliIo, processIo } from "../../src/cli/io.ts";

export interface CliOptions {
  /** Paths that can be read; everything else does not exist. */
  readonly files?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly now?: number;
}

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** What was written, by path. */
  readonly written: Readonly<Record<string, string>>;
}

/** The ending and the output of `oauth-pam ARGS`. */
export async function cli(
  args: readonly string[],
  options: CliOptions = {},
): Promise<CliResult> {
  const encoder = new TextEncoder();
  const files = options.files ?? {};
  const output = { stdout: "", stderr: "" };
  const written: Record<string, string> = {};
  const io = {
    stdout: (text: string) => output.stdout += text,
    stderr: (text: string) => output.stderr += text,
    readStdin: () => Promise.resolve(encoder.encode(options.stdin ?? "")),
    readFile: (path: string) => {
      const text = files[path];
      return text === undefined
        ? Promise.reject(new Deno.errors.NotFound(path))
        : Promise.resolve(encoder.encode(text));
    },
    readLines: async function* (path: string) {
      const text = files[path];
      if (text === undefined) throw new Deno.errors.NotFound(path);
      yield* await Promise.resolve(text.split("\n"));
    },
    writeFile: (path: string, text: string) => {
      written[path] = text;
      return Promise.resolve();
    },
    replaceFile: (path: string, text: string) => {
      written[path] = text;
      return Promise.resolve();
    },
    // the files lie in one folder; those with a folder in their path are not found by looking there
    listFolder: (folder: string) =>
      Promise.resolve(
        folder === "."
          ? Object.keys(files).filter((path) => !path.includes("/"))
          : [],
      ),
    now: () => options.now ?? Date.UTC(2026, 0, 1, 12),
    color: false,
    interactive: false,
  };
  const code = await runCli(args, io as unknown as CliIo);
  return { code, ...output, written };
}

/** The same with the real files. */
export async function cliOnDisk(
  args: readonly string[],
): Promise<Omit<CliResult, "written">> {
  const output = { stdout: "", stderr: "" };
  const code = await runCli(args, {
    ...processIo(),
    stdout: (text) => output.stdout += text,
    stderr: (text) => output.stderr += text,
    color: false,
    interactive: false,
  });
  return { code, ...output };
}
