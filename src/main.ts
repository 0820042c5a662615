/**
 * The program.
 *
 * @module
 */
import { EXIT_CODES, IGNORE } from "./pam/exit_code.ts";
import type { LoginResult } from "./pam/attempt.ts";
import { login } from "./pam/login.ts";
import {
  conclude,
  io,
  notUnderPam,
  prepared,
  underPam,
  unexpected,
  withoutFolder,
  yes,
} from "./process.ts";

// Whatever happens from here on: an event loop that runs dry would otherwise end with 0, which
// pam_exec takes for a grant.
Deno.exitCode = EXIT_CODES.system_err;

/** The verbs that can grant; `null` for all others. */
async function attempt(args: readonly string[]): Promise<LoginResult | null> {
  const [verb, stage] = args;
  if (verb === "login") return await login(args.slice(1), io);
  if (verb === "ssh-keys") {
    const { answerSshd } = await import("./keys.ts");
    return await answerSshd(args);
  }
  if (verb === "device" && stage === "finish") {
    const { deviceFinish } = await import("./pam/device/finish.ts");
    return await deviceFinish(args.slice(2), io);
  }
  return null;
}

/** The other verbs for PAM stacks and the wrapper. They prepare or report, and stand where they cannot grant. */
async function assistance(args: readonly string[]): Promise<number | null> {
  if (args[0] === "tidy-cache") {
    const { tidyCache } = await import("./pam/code_cache.ts");
    await tidyCache(args.slice(1));
    return IGNORE;
  }
  if (!/^(?:device|outcome|parse-ahead)$/.test(`${args[0]}`)) return null;
  const { assist } = await import("./pam/assist.ts");
  const hostname = () => Deno.hostname();
  return await assist(args, { ...io, hostname }, { prepared, yes });
}

async function main(words: readonly string[]): Promise<never> {
  const args = withoutFolder(words);
  // by hand: what a verb for PAM is for, and a no
  const asks = /^-(h|-help)$/.test(`${args.at(-1)}`) && !underPam();
  if (!asks) {
    const result = await attempt(args);
    if (result !== null) conclude(result);
    const code = await assistance(args);
    if (code !== null) Deno.exit(code);
    notUnderPam();
  }
  const { runCli } = await import("./cli/cli.ts");
  const { processIo } = await import("./cli/io.ts");
  Deno.exit(await runCli(args, processIo({ env: io.env })));
}

try {
  await main(Deno.args);
} catch (error) {
  unexpected(error);
}
