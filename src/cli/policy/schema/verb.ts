/**
 * `oauth-pam policy schema`
 *
 * @module
 */
import { policyJsonSchema, testsJsonSchema } from "./json_schema.ts";
import { choice, parseArguments, UsageError } from "../../arguments.ts";
import { EXIT, type ExitCode } from "../../exit_code.ts";
import type { CliIo } from "../../io.ts";

export const HELP = `
usage: oauth-pam policy schema [--for policy|tests]

Prints the JSON Schema (2020-12) of policy files, or of the files of tests beside them, for editors:
put it beside the policy and begin the policy with the line

  # yaml-language-server: $schema=./schema.json

  --for WHAT   policy, or tests: what site.test.yaml holds (policy)
`;

const SCHEMAS = { policy: policyJsonSchema, tests: testsJsonSchema } as const;

export async function run(
  args: readonly string[],
  io: CliIo,
): Promise<ExitCode> {
  const options = await parseArguments(args, { "for": { type: "string" } });
  if (options.positionals.length > 0) {
    throw new UsageError("policy schema takes no argument");
  }
  const what = choice("for", options.text("for") ?? "policy", [
    "policy",
    "tests",
  ]);
  io.stdout(`${JSON.stringify(SCHEMAS[what](), null, 2)}\n`);
  return EXIT.fine;
}
