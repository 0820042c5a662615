/**
 * `oauth-pam policy schema`
 *
 * @module
 */
import { policyJsonSchema, testsJsonSchema } from "./json_schema.ts";
import { choice, parseArguments, UsageError } from "../../arguments.ts";
import type { Command } from "../../command.ts";
import { EXIT, type ExitCode } from "../../exit_code.ts";
import type { CliIo } from "../../io.ts";

export const COMMAND: Command = {
  forms: [""],
  about: `
Prints the JSON Schema (2020-12) of policy files, or of the files of tests beside them, for editors:
put it beside the policy and begin the policy with the line

  # yaml-language-server: $schema=./schema.json
`,
  options: {
    for: {
      value: "WHAT",
      oneOf: { policy: "", tests: "what site.test.yaml holds" },
      fallback: "policy",
    },
  },
  exits: { 0: "fine" },
};

const SCHEMAS = { policy: policyJsonSchema, tests: testsJsonSchema } as const;

export async function run(
  args: readonly string[],
  io: CliIo,
): Promise<ExitCode> {
  const options = await parseArguments(args, COMMAND.options);
  const what = choice("for", options.text("for") ?? "policy", [
    "policy",
    "tests",
  ]);
  if (options.positionals.length > 0) {
    throw new UsageError("policy schema takes no argument");
  }
  io.stdout(`${JSON.stringify(SCHEMAS[what](), null, 2)}\n`);
  return EXIT.fine;
}
