/**
 * `oauth-pam policy import oauth-ssh.conf`, and `oauth-pam policy import --from opkssh …`
 *
 * @module
 */
import { decodeUtf8 } from "../../../files/trusted_file.ts";
import { visible } from "../../../lib/text.ts";
import { ENVIRONMENTS, SECRET_FILE } from "./choices.ts";
import { importOauthSsh } from "./convert.ts";
import { importOpkssh } from "./opkssh.ts";
import {
  type Arguments,
  choice,
  parseArguments,
  UsageError,
} from "../../arguments.ts";
import type { Command } from "../../command.ts";
import { EXIT, type ExitCode } from "../../exit_code.ts";
import type { CliIo } from "../../io.ts";
import { unreadable } from "../../input.ts";

const PROGRAMS = ["oauth-ssh", "opkssh"] as const;

export const COMMAND: Command = {
  forms: ["FILE", "--from opkssh PROVIDERS AUTH_ID [CONFIG]"],
  about: `
Prints a policy that does what an oauth-ssh.conf of the oauth-ssh server does, or what the files
/etc/opk/providers, auth_id and config.yml of an opkssh server do. What cannot be carried over, and
where the policy is stricter, is said on standard error, line by line. Account map files are used
where they are.
`,
  options: {
    "from": {
      value: "PROGRAM",
      says: "whose files they are",
      oneOf: PROGRAMS,
      fallback: "oauth-ssh",
    },
    "fqdn": {
      value: "NAME",
      says: "a host name that tokens may be for; SciTokens need one",
      repeat: true,
    },
    "secret-file": {
      value: "PATH",
      says: "where the client secret will be",
      fallback: SECRET_FILE,
    },
    "environment": {
      value: "NAME",
      says: "of Globus Auth",
      oneOf: ENVIRONMENTS,
      fallback: "production",
    },
  },
  exits: {
    0: "fine",
    3: "not a configuration that the server would accept",
  },
  operands: { files: true },
};

export async function run(
  args: readonly string[],
  io: CliIo,
): Promise<ExitCode> {
  const options = await parseArguments(args, COMMAND.options);
  const from = choice(
    "from",
    options.text("from") ?? "oauth-ssh",
    PROGRAMS,
  );
  if (from === "opkssh") return await fromOpkssh(options, io);
  const [path, ...rest] = options.positionals;
  if (path === undefined || rest.length > 0) {
    throw new UsageError("name one configuration file");
  }
  const environment = choice(
    "environment",
    options.text("environment") ?? "production",
    ENVIRONMENTS,
  );
  const text = await readText(path, io);
  if (text === null) return EXIT.unanswered;
  const { policy, remarks } = importOauthSsh(text, {
    fqdns: options.texts("fqdn"),
    secretFile: options.text("secret-file") ?? SECRET_FILE,
    environment,
  });
  for (const { line, level, message } of remarks) {
    io.stderr(`${path}:${line}: ${level}: ${message}\n`);
  }
  if (policy === null) return EXIT.unanswered;
  io.stdout(policy);
  return EXIT.fine;
}

/** `null` where it cannot be read, which is said. */
async function readText(path: string, io: CliIo): Promise<string | null> {
  try {
    return decodeUtf8(
      path === "-" ? await io.readStdin() : await io.readFile(path),
    );
  } catch (error) {
    io.stderr(
      `oauth-pam: error: ${path}: ${unreadable(path, error).message}\n`,
    );
    return null;
  }
}

/** Options that only an oauth-ssh.conf has a use for. */
const OTHERS = ["fqdn", "secret-file", "environment"];

async function fromOpkssh(options: Arguments, io: CliIo): Promise<ExitCode> {
  const stray = OTHERS.find((name) => options.text(name) !== undefined);
  if (stray !== undefined) {
    throw new UsageError(`--${stray} has no meaning with "--from opkssh"`);
  }
  const [providers, authId, config, ...rest] = options.positionals;
  if (providers === undefined || authId === undefined || rest.length > 0) {
    throw new UsageError(
      "name the files providers and auth_id of opkssh, and config.yml where there is one",
    );
  }
  const given = [providers, authId, ...config === undefined ? [] : [config]];
  if (given.filter((path) => path === "-").length > 1) {
    throw new UsageError("standard input cannot be two things at once");
  }
  const texts: string[] = [];
  for (const path of given) {
    const text = await readText(path, io);
    if (text === null) return EXIT.unanswered;
    texts.push(text);
  }
  const [first = "", second = "", third = null] = texts;
  const { policy, remarks } = importOpkssh({
    providers: first,
    auth_id: second,
    config: third,
  });
  const paths = { providers, auth_id: authId, config };
  for (const { file, line, level, message } of remarks) {
    io.stderr(`${visible(`${paths[file]}:${line}: ${level}: ${message}`)}\n`);
  }
  if (policy === null) return EXIT.unanswered;
  io.stdout(policy);
  return EXIT.fine;
}
