/**
 * The program. The only file that touches the arguments, the environment and the exit code.
 *
 * @module
 */
import { EXIT_CODES, IGNORE, pamCode } from "./pam/exit_code.ts";
import type { LoginResult } from "./pam/attempt.ts";
import type { PamIo } from "./pam/io.ts";
import { login } from "./pam/login.ts";

// Whatever happens from here on: an event loop that runs dry would otherwise end with 0, which
// pam_exec takes for a grant.
Deno.exitCode = EXIT_CODES.system_err;

const encoder = new TextEncoder();

const io: PamIo = {
  env: (name) => Deno.env.get(name),
  now: () => Date.now(),
  stdin: Deno.stdin,
  stdout: (text) => write(Deno.stdout, text),
  stderr,
};

function write(
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

/**
 * What ends the program where it says yes: 0, or under the launcher the value that it named for this
 * run, because too much ends with 0 by accident. Anything that is not such a value is a refusal.
 */
function yes(): number {
  const named = io.env("OAUTH_PAM_GRANT");
  if (named === undefined) return EXIT_CODES.success;
  return /^(?:3[2-9]|[45][0-9]|6[0-3])$/.test(named)
    ? Number(named)
    : EXIT_CODES.system_err;
}

/**
 * What ends `device start` when there is a code to enter, and `ssh-keys` for a key that is not ours to
 * judge: under the launcher neither a yes nor a no, so that it lets nobody in.
 */
function prepared(): number {
  return io.env("OAUTH_PAM_GRANT") === undefined ? EXIT_CODES.success : IGNORE;
}

/** PAM runs this program: only a grant may end it with 0. */
function underPam(): boolean {
  try {
    return io.env("PAM_TYPE") !== undefined || io.env("PAM_USER") !== undefined;
  } catch {
    return true;
  }
}

/** The verbs that can grant; `null` for all others. */
async function attempt(args: readonly string[]): Promise<LoginResult | null> {
  const [verb, stage] = args;
  if (verb === "login") return await login(args.slice(1), io);
  // for sshd: in a PAM stack it would grant by the yes that only opens a key
  if (verb === "ssh-keys" && !underPam()) {
    const { sshKeys } = await import("./pam/ssh_keys.ts");
    const chain = stage === "--chain";
    return await sshKeys(args.slice(chain ? 2 : 1), io) ??
      Deno.exit(chain ? EXIT_CODES.service_err : prepared());
  }
  if (verb === "device" && stage === "finish") {
    const { deviceFinish } = await import("./pam/device/finish.ts");
    return await deviceFinish(args.slice(2), io);
  }
  return null;
}

/** The other verbs for PAM stacks. They prepare or report, and stand where they cannot grant. */
async function assist(args: readonly string[]): Promise<number | null> {
  const [verb, stage] = args;
  if (verb === "device" && stage === "start") {
    const { deviceStart } = await import("./pam/device/start.ts");
    const hostname = () => Deno.hostname();
    const failure = await deviceStart(args.slice(2), { ...io, hostname });
    return failure === null ? prepared() : EXIT_CODES[pamCode(failure)];
  }
  if (verb === "outcome") {
    const { runOutcome } = await import("./pam/outcome.ts");
    const found = await runOutcome(args.slice(1), io);
    return found ? yes() : EXIT_CODES.auth_err;
  }
  return null;
}

async function main(args: readonly string[]): Promise<never> {
  const result = await attempt(args);
  if (result !== null) {
    // the one place that grants
    if (result.reason === "allowed") {
      if (result.line !== undefined) io.stdout(`${result.line}\n`);
      Deno.exit(yes());
    }
    Deno.exit(EXIT_CODES[pamCode(result.reason, result)]);
  }
  const code = await assist(args);
  if (code !== null) Deno.exit(code);
  if (underPam()) {
    write(
      Deno.stderr,
      "oauth-pam: this is not a way to log in: see pam.d.example/\n",
    );
    Deno.exit(EXIT_CODES.system_err);
  }
  const { runCli } = await import("./cli/cli.ts");
  const { processIo } = await import("./cli/io.ts");
  Deno.exit(await runCli(args, processIo({ env: io.env })));
}

try {
  await main(Deno.args);
} catch (error) {
  const name = error instanceof Error ? error.name : typeof error;
  write(Deno.stderr, `oauth-pam: unexpected ${name}\n`);
  Deno.exit(EXIT_CODES.system_err);
}
