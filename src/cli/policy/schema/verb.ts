/**
 * `oauth-pam policy schema`
 *
 * @module
 */
import { policyJsonSchema } from "./json_schema.ts";
import { parseArguments, UsageError } from "../../arguments.ts";
import type { Command } from "../../command.ts";
import { EXIT, type ExitCode } from "../../exit_code.ts";
import type { CliIo } from "../../io.ts";

export const COMMAND: Command = {
  forms: [""],
  about: `
Prints the JSON Schema (2020-12) of policy files, for editors: put it beside the policy and begin
the policy with the line

  # yaml-language-server: $schema=./schema.json
`,
  options: {},
  exits: { 0: "fine" },
};

export async function run(
  args: readonly string[],
  io: CliIo,
): Promise<ExitCode> {
  const { positionals } = await parseArguments(args, COMMAND.options);
  if (positionals.length > 0) {
    throw new UsageError("policy schema takes no argument");
  }
  io.stdout(`${JSON.stringify(policyJsonSchema(), null, 2)}\n`);
  return EXIT.fine;
}
