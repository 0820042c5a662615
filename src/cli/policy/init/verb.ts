/**
 * `oauth-pam policy init`
 *
 * @module
 */
import {
  INIT_PARAMETERS,
  InitError,
  initialPolicy,
  type InitParameters,
} from "./convert.ts";
import { listOf, nearest } from "../../../lib/text.ts";
import { parseArguments, UsageError } from "../../arguments.ts";
import { EXIT, type ExitCode } from "../../exit_code.ts";
import type { CliIo } from "../../io.ts";

export const HELP = `
usage: oauth-pam policy init --issuer URL --aud AUDIENCE [--login-field CLAIM] [--cache-ttl SECONDS]
                             [--algorithm ALG]
       oauth-pam policy init issuer=URL aud=AUDIENCE [login_field=…] [cache_ttl=…] [algorithm=…]

Prints a policy with the parameters of pam-oauth-py, as options or as they stand on its PAM line.

  --issuer URL          the issuer; must use https
  --aud AUDIENCE        what the token's "aud" must contain; also --audience
  --login-field CLAIM   the claim that names the account (sub)
  --cache-ttl SECONDS   how long the issuer's keys are cached (3600; 0: not at all)
  --algorithm ALG       the signature algorithm (RS256); nothing symmetric

exit codes: 0 fine, 2 usage
`;

const ALIASES: Readonly<Record<string, string>> = { audience: "aud" };

export async function run(
  args: readonly string[],
  io: CliIo,
): Promise<ExitCode> {
  const options = await parseArguments(args, {
    "issuer": { type: "string" },
    "aud": { type: "string" },
    "audience": { type: "string" },
    "login-field": { type: "string" },
    "cache-ttl": { type: "string" },
    "algorithm": { type: "string" },
  });
  const line = pamLine(options.positionals);
  const parameters: InitParameters = {
    issuer: options.text("issuer") ?? line.get("issuer"),
    aud: options.text("aud") ?? options.text("audience") ?? line.get("aud"),
    login_field: options.text("login-field") ?? line.get("login_field"),
    cache_ttl: options.text("cache-ttl") ?? line.get("cache_ttl"),
    algorithm: options.text("algorithm") ?? line.get("algorithm"),
  };
  try {
    io.stdout(initialPolicy(parameters));
  } catch (error) {
    if (error instanceof InitError) throw new UsageError(error.message);
    throw error;
  }
  return EXIT.fine;
}

/** `key=value` words as on a PAM line. Throws {@link UsageError} for anything else. */
function pamLine(words: readonly string[]): Map<string, string> {
  const values = new Map<string, string>();
  for (const word of words) {
    const at = word.indexOf("=");
    const written = at < 0 ? word : word.slice(0, at);
    const key = ALIASES[written] ?? written;
    if (at < 0 || !INIT_PARAMETERS.some((known) => known === key)) {
      const suggestion = nearest(key, INIT_PARAMETERS);
      throw new UsageError(
        `unknown parameter ${JSON.stringify(written)}, expected one of ${
          listOf(INIT_PARAMETERS)
        }` +
          (suggestion === undefined
            ? ""
            : `\nhint: did you mean "${suggestion}=…"?`),
      );
    }
    if (values.has(key)) {
      throw new UsageError(`the parameter "${key}" is given twice`);
    }
    values.set(key, word.slice(at + 1));
  }
  return values;
}
