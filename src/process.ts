/**
 * What the entry points share: how the process reads its environment, writes, and ends. They and this
 * file alone touch the arguments, the environment and the exit code.
 *
 * @module
 */
import type { LoginResult } from "./pam/attempt.ts";
import { EXIT_CODES, grantCode, IGNORE, pamCode } from "./pam/exit_code.ts";
import type { PamIo } from "./pam/io.ts";

const encoder = new TextEncoder();

/** What the wrapper of a runtime build puts first: its folder of parsed policies. */
const PARSED = "--parsed=";
const [first] = Deno.args;
const parsed = first?.startsWith(PARSED) ? first.slice(PARSED.length) : null;

/** The words of the command line without the wrapper's own. */
export function withoutFolder(words: readonly string[]): readonly string[] {
  return parsed === null ? words : words.slice(1);
}

export const io: PamIo = {
  env: (name) => Deno.env.get(name),
  now: () => Date.now(),
  stdin: Deno.stdin,
  stdout: (text) => write(Deno.stdout, text),
  stderr,
  parsed,
};

export function write(
  stream: { writeSync(bytes: Uint8Array): number },
  text: string,
): void {
  let bytes = encoder.encode(text);
  try {
    while (bytes.length > 0) bytes = bytes.subarray(stream.writeSync(bytes));
  } catch {
    // nobody listens
  }
}

/** Not synchronous: where a full pipe blocks it, the login must still end in time. */
async function stderr(text: string): Promise<void> {
  let bytes = encoder.encode(text);
  try {
    while (bytes.length > 0) {
      bytes = bytes.subarray(await Deno.stderr.write(bytes));
    }
  } catch {
    // nobody listens
  }
}

/** What ends the program where it says yes. */
export function yes(): number {
  return grantCode(io.env("OAUTH_PAM_GRANT")) ?? EXIT_CODES.system_err;
}

/**
 * What ends `device start` when there is a code to enter, and `ssh-keys` for a key that is not ours to
 * judge: under the launcher neither a yes nor a no, so that it lets nobody in.
 */
export function prepared(): number {
  return io.env("OAUTH_PAM_GRANT") === undefined ? EXIT_CODES.success : IGNORE;
}

/** PAM runs this program: only a grant may end it with 0. */
export function underPam(): boolean {
  try {
    return io.env("PAM_TYPE") !== undefined || io.env("PAM_USER") !== undefined;
  } catch {
    return true;
  }
}

/** Ends the program as an attempt has ended. */
export function conclude(result: LoginResult): never {
  // the one place that grants
  if (result.reason === "allowed") {
    if (result.line !== undefined) io.stdout(`${result.line}\n`);
    Deno.exit(yes());
  }
  Deno.exit(EXIT_CODES[pamCode(result.reason, result)]);
}

/** Ends the program after a defect. */
export function unexpected(error: unknown): never {
  const name = error instanceof Error ? error.name : typeof error;
  write(Deno.stderr, `oauth-pam: unexpected ${name}\n`);
  Deno.exit(EXIT_CODES.system_err);
}

/** Ends the program where PAM runs a verb that is not for it. */
export function notUnderPam(): void {
  if (!underPam()) return;
  write(
    Deno.stderr,
    "oauth-pam: this is not a way to log in: see pam.d.example/\n",
  );
  Deno.exit(EXIT_CODES.system_err);
}
