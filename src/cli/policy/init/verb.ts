/**
 * `oauth-pam policy init`
 *
 * @module
 */
import { POLICY_REFERENCE } from "../../documents.ts";
import {
  InitError,
  initialPolicy,
  type InitParameters,
  pamLine,
} from "./convert.ts";
import {
  type Arguments,
  choice,
  parseArguments,
  UsageError,
} from "../../arguments.ts";
import type { Command } from "../../command.ts";
import {
  PROVIDER_NAMES,
  PROVIDER_STARTS,
  type ProviderName,
} from "./providers.ts";
import { EXIT, type ExitCode } from "../../exit_code.ts";
import type { CliIo } from "../../io.ts";

export const COMMAND: Command = {
  forms: [
    "--provider NAME [--output FILE]",
    "--issuer URL --aud AUDIENCE [--login-field CLAIM] [--cache-ttl SECONDS] [--algorithm ALG]",
    "issuer=URL aud=AUDIENCE [login_field=…] [cache_ttl=…] [algorithm=…]",
  ],
  about: `
Prints a policy to start from: for a provider, or with the parameters of pam-oauth-py, as options or
as they stand on its PAM line.
`,
  options: {
    "provider": {
      value: "NAME",
      says: "the provider whose policy it is",
      oneOf: PROVIDER_NAMES,
    },
    "output": {
      value: "FILE",
      says:
        "write it there, with its tests in the .test.yaml beside it; neither may exist",
    },
    "issuer": { value: "URL", says: "the issuer; must use https" },
    "aud": {
      value: "AUDIENCE",
      says: 'what the token\'s "aud" must contain',
    },
    "audience": { value: "AUDIENCE", alias: "aud" },
    "login-field": {
      value: "CLAIM",
      says: "the claim that names the account",
      fallback: "sub",
    },
    "cache-ttl": {
      value: "SECONDS",
      says: "how long the issuer's keys are cached, 0: not at all",
      fallback: "3600",
    },
    "algorithm": {
      value: "ALG",
      says: "the signature algorithm, nothing symmetric",
      fallback: "RS256",
    },
  },
  exits: { 0: "fine", 3: "a file cannot be written" },
};

export async function run(
  args: readonly string[],
  io: CliIo,
): Promise<ExitCode> {
  const options = await parseArguments(args, COMMAND.options);
  const provider = options.text("provider");
  if (provider !== undefined) {
    const name = choice("provider", provider, PROVIDER_NAMES);
    return await startFor(name, options, io);
  }
  if (options.text("output") !== undefined) {
    throw new UsageError("--output goes with --provider");
  }
  const line = usage(() => pamLine(options.positionals));
  const parameters: InitParameters = {
    issuer: options.text("issuer") ?? line.get("issuer"),
    aud: options.text("aud") ?? options.text("audience") ?? line.get("aud"),
    login_field: options.text("login-field") ?? line.get("login_field"),
    cache_ttl: options.text("cache-ttl") ?? line.get("cache_ttl"),
    algorithm: options.text("algorithm") ?? line.get("algorithm"),
  };
  io.stdout(usage(() => initialPolicy(parameters)));
  return EXIT.fine;
}

/** What is wrong with the parameters is wrong with the command. */
function usage<Value>(convert: () => Value): Value {
  try {
    return convert();
  } catch (error) {
    if (error instanceof InitError) throw new UsageError(error.message);
    throw error;
  }
}

/** The shipped policy for a provider, and its tests where there is a file to put them beside. */
async function startFor(
  name: ProviderName,
  options: Arguments,
  io: CliIo,
): Promise<ExitCode> {
  const others = ["issuer", "aud", "audience", "login-field", "cache-ttl"];
  const other = [...others, "algorithm"].find((option) =>
    options.text(option) !== undefined
  );
  if (other !== undefined || options.positionals.length > 0) {
    throw new UsageError(
      `--provider goes without ${
        other === undefined ? "parameters" : `--${other}`
      }: write your own values into what it prints`,
    );
  }
  const { policy, tests, section } = PROVIDER_STARTS[name];
  const output = options.text("output");
  if (output === undefined) {
    io.stdout(policy);
    return EXIT.fine;
  }
  const match = /^(.+)\.ya?ml$/.exec(output);
  if (match?.[1] === undefined || /\.test\.ya?ml$/.test(output)) {
    throw new UsageError(
      '--output names a policy, such as "policy.yaml": it ends in ".yaml"',
    );
  }
  const files = [[output, policy], [`${match[1]}.test.yaml`, tests]] as const;
  for (const [path] of files) {
    if (!await exists(path, io)) continue;
    io.stderr(`oauth-pam: ${JSON.stringify(path)} exists: name another file\n`);
    return EXIT.unanswered;
  }
  for (const [path, text] of files) {
    try {
      await io.writeFile(path, text);
    } catch (error) {
      if (error instanceof Deno.errors.NotCapable) throw error;
      io.stderr(`oauth-pam: ${JSON.stringify(path)} cannot be written\n`);
      return EXIT.unanswered;
    }
  }
  io.stdout(
    `wrote ${files[0][0]} and ${
      files[1][0]
    }: write your own values in place of the examples' ` +
      `(${POLICY_REFERENCE}, "${section}"), then lint and test it\n`,
  );
  return EXIT.fine;
}

async function exists(path: string, io: CliIo): Promise<boolean> {
  try {
    await io.readFile(path);
    return true;
  } catch (error) {
    // what is there and cannot be read is there
    return !(error instanceof Deno.errors.NotFound);
  }
}
