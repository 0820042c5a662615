/**
 * `oauth-pam policy import oauth-ssh.conf`
 *
 * @module
 */
import { decodeUtf8 } from "../../../files/trusted_file.ts";
import { importOauthSsh } from "./convert.ts";
import { choice, parseArguments, UsageError } from "../../arguments.ts";
import { EXIT, type ExitCode } from "../../exit_code.ts";
import type { CliIo } from "../../io.ts";
import { unreadable } from "../../input.ts";

export const HELP = `
usage: oauth-pam policy import FILE [--fqdn NAME]… [--secret-file PATH] [--environment NAME]

Prints a policy that does what an oauth-ssh.conf of the oauth-ssh server does. What cannot be carried
over is said on standard error, line by line. Account map files are used where they are.

  --fqdn NAME           a host name that tokens may be for; SciTokens need one
  --secret-file PATH    where the client secret will be (/etc/oauth-pam/globus.secret)
  --environment NAME    of Globus Auth: production (the default), preview, staging, test,
                        integration or sandbox

exit codes: 0 fine, 2 usage, 3 not a configuration that the server would accept
`;

const ENVIRONMENTS = [
  "production",
  "preview",
  "staging",
  "test",
  "integration",
  "sandbox",
] as const;

export async function run(
  args: readonly string[],
  io: CliIo,
): Promise<ExitCode> {
  const options = await parseArguments(args, {
    "fqdn": { type: "string", multiple: true },
    "secret-file": { type: "string" },
    "environment": { type: "string" },
  });
  const [path, ...rest] = options.positionals;
  if (path === undefined || rest.length > 0) {
    throw new UsageError("name one configuration file");
  }
  const environment = choice(
    "environment",
    options.text("environment") ?? "production",
    ENVIRONMENTS,
  );
  let text: string;
  try {
    text = decodeUtf8(
      path === "-" ? await io.readStdin() : await io.readFile(path),
    );
  } catch (error) {
    io.stderr(
      `oauth-pam: error: ${path}: ${unreadable(path, error).message}\n`,
    );
    return EXIT.unanswered;
  }
  const { policy, remarks } = importOauthSsh(text, {
    fqdns: options.texts("fqdn"),
    secretFile: options.text("secret-file") ?? "/etc/oauth-pam/globus.secret",
    environment,
  });
  for (const { line, level, message } of remarks) {
    io.stderr(`${path}:${line}: ${level}: ${message}\n`);
  }
  if (policy === null) return EXIT.unanswered;
  io.stdout(policy);
  return EXIT.fine;
}
