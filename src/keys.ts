/**
 * The part of the program that sshd asks about keys. The wrapper of a runtime build starts it by itself:
 * what a login by token needs is not read then.
 *
 * @module
 */
import { EXIT_CODES } from "./pam/exit_code.ts";
import { sshKeys } from "./pam/ssh_keys.ts";
import {
  conclude,
  io,
  notUnderPam,
  prepared,
  unexpected,
  withoutFolder,
} from "./process.ts";

/** `ssh-keys [--chain] POLICY USER KEY TYPE [CONNECTION]` */
export async function answerSshd(args: readonly string[]): Promise<never> {
  // in a PAM stack it would grant by the yes that only opens a key
  notUnderPam();
  const [, stage] = args;
  const chain = stage === "--chain";
  const result = await sshKeys(args.slice(chain ? 2 : 1), io);
  if (result === null) Deno.exit(chain ? EXIT_CODES.service_err : prepared());
  conclude(result);
}

if (import.meta.main) {
  // as in main.ts, before anything else
  Deno.exitCode = EXIT_CODES.system_err;
  try {
    await answerSshd(withoutFolder(Deno.args));
  } catch (error) {
    unexpected(error);
  }
}
