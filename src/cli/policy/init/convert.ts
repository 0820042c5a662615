/**
 * A policy from the PAM arguments of pam-oauth-py: `issuer`, `aud` (or `audience`), `login_field`,
 * `cache_ttl` and `algorithm`, with its defaults and its errors.
 *
 * @module
 */
import { listOf, nearest } from "../../../lib/text.ts";
import { duration } from "../../../policy/duration.ts";
import { ALGORITHMS } from "../../../policy/kinds.ts";
import { yamlText } from "../../../policy/syntax/write.ts";

export interface InitParameters {
  readonly issuer?: string | undefined;
  readonly aud?: string | undefined;
  readonly login_field?: string | undefined;
  readonly cache_ttl?: string | undefined;
  readonly algorithm?: string | undefined;
}

const INIT_PARAMETERS = [
  "issuer",
  "aud",
  "login_field",
  "cache_ttl",
  "algorithm",
] as const;

/** The parameters cannot be carried over; the message says which and why. */
export class InitError extends Error {
  override readonly name = "InitError";
}

/** The text of a policy. Throws {@link InitError}. Does not check that the issuer exists. */
export function initialPolicy(parameters: InitParameters): string {
  const { issuer, aud } = parameters;
  if (issuer === undefined || issuer === "") {
    throw new InitError(
      '"issuer" is required, as the provider calls itself; or begin with "--provider NAME"',
    );
  }
  if (!issuer.startsWith("https://")) {
    throw new InitError(`issuer must use HTTPS: ${JSON.stringify(issuer)}`);
  }
  if (aud === undefined || aud === "") throw new InitError('"aud" is required');
  const algorithm = parameters.algorithm ?? "RS256";
  if (/^(?:hs\d+|none)$/i.test(algorithm)) {
    throw new InitError(
      `algorithm not allowed (symmetric/none): ${JSON.stringify(algorithm)}`,
    );
  }
  if (!ALGORITHMS.some((known) => known === algorithm)) {
    const named = JSON.stringify(algorithm);
    throw new InitError(
      `unknown algorithm ${named}, expected one of ${ALGORITHMS.join(", ")}`,
    );
  }
  const ttl = parameters.cache_ttl ?? "3600";
  if (!/^[0-9]{1,9}$/.test(ttl)) {
    throw new InitError(
      `cache_ttl must be a number of seconds, 0 or more: ${
        JSON.stringify(ttl)
      }`,
    );
  }
  const field = parameters.login_field ?? "sub";
  const body = yamlText({
    version: 1,
    issuers: {
      main: {
        issuer,
        audiences: [aud],
        algorithms: [algorithm],
        jwks_ttl: duration(Number(ttl)),
      },
    },
    rules: {
      everyone: {
        description:
          `Everybody with a token uses the account named by ${field}`,
        accounts: [{ claim: field }],
      },
    },
  });
  return `# yaml-language-server: $schema=./schema.json\n${
    notes(field)
  }${body}`;
}

function notes(field: string): string {
  if (!/email|upn/.test(field)) return "";
  return "# An e-mail address is not an account name: say which end to cut off, and ask for a verified one:\n" +
    "#     when: {email_verified: true}\n" +
    `#     accounts: [{claim: ${field}, strip_suffix: "@example.edu"}]\n`;
}

const ALIASES: Readonly<Record<string, string>> = { audience: "aud" };

/** `key=value` words as on a PAM line. Throws {@link InitError} for anything else. */
export function pamLine(words: readonly string[]): Map<string, string> {
  const values = new Map<string, string>();
  for (const word of words) {
    const at = word.indexOf("=");
    const written = at < 0 ? word : word.slice(0, at);
    const key = ALIASES[written] ?? written;
    if (at < 0 || !INIT_PARAMETERS.some((known) => known === key)) {
      const suggestion = nearest(key, INIT_PARAMETERS);
      throw new InitError(
        `unknown parameter ${JSON.stringify(written)}, expected one of ${
          listOf(INIT_PARAMETERS)
        }` +
          (suggestion === undefined
            ? ""
            : `\nhint: did you mean "${suggestion}=…"?`),
      );
    }
    if (values.has(key)) {
      throw new InitError(`the parameter "${key}" is given twice`);
    }
    values.set(key, word.slice(at + 1));
  }
  return values;
}
