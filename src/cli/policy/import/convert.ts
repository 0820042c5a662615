/**
 * From the configuration of the oauth-ssh server to a policy, and what cannot be carried over.
 *
 * @module
 */
import { duration } from "../../../policy/duration.ts";
import {
  type ConfigRemark,
  type OauthSshConfig,
  parseOauthSshConfig,
} from "./oauth_ssh_config.ts";
import { yamlText } from "../../../policy/syntax/write.ts";

interface ImportOptions {
  /** Host names whose tokens admit; the first is the audience of SciTokens. */
  readonly fqdns: readonly string[];
  /** Where the client secret will be. */
  readonly secretFile: string;
  /** A Globus environment other than production, such as "preview". */
  readonly environment: string;
}

interface ImportResult {
  /** `null` when there is an error among the remarks. */
  readonly policy: string | null;
  readonly remarks: readonly ConfigRemark[];
}

/** Carries a configuration over. Never throws. Map files are used where they are. */
export function importOauthSsh(
  text: string,
  options: ImportOptions,
): ImportResult {
  const { config, remarks } = parseOauthSshConfig(text);
  const scitokens = config.auth_method.includes("scitokens");
  if (scitokens && options.fqdns.length === 0) {
    const message = "SciTokens need an audience: name this host with --fqdn";
    remarks.push({ line: 1, level: "error", message });
  }
  const bad = config.issuers.find((issuer) =>
    scitokens && !issuer.startsWith("https://")
  );
  if (bad !== undefined) {
    const message = `the issuer ${JSON.stringify(bad)} does not use https`;
    remarks.push({ line: lineOf(text, "issuers"), level: "error", message });
  }
  if (remarks.some(({ level }) => level === "error")) {
    return { policy: null, remarks };
  }
  const policy = yamlText(document(config, options));
  return {
    policy: `# yaml-language-server: $schema=./schema.json\n${policy}`,
    remarks: [...remarks, ...notCarriedOver(config, { text, options })],
  };
}

function document(
  config: OauthSshConfig,
  options: ImportOptions,
): Record<string, unknown> {
  const globus = config.auth_method.includes("globus_auth");
  const scitokens = config.auth_method.includes("scitokens");
  return {
    version: 1,
    issuers: {
      ...(globus ? { globus: globusIssuer(config, options) } : {}),
      ...(scitokens ? scitokensIssuers(config, options) : {}),
    },
    rules: {
      ...(globus ? { globus: globusRule(config) } : {}),
      ...(scitokens ? { scitokens: scitokensRule(config) } : {}),
    },
  };
}

function globusIssuer(
  config: OauthSshConfig,
  options: ImportOptions,
): Record<string, unknown> {
  return {
    kind: "globus",
    issuer: globusHost(options.environment),
    audiences: [config.client_id],
    client_id: config.client_id,
    client_secret_file: options.secretFile,
    ...(options.fqdns.length > 0 ? { fqdns: options.fqdns } : {}),
    // Globus Auth issues access tokens for 48 hours, and the server set no limit of its own
    max_token_age: "48h",
  };
}

/** Globus Auth's host in an environment. */
function globusHost(environment: string): string {
  switch (environment) {
    case "production":
      return "https://auth.globus.org";
    case "preview":
      return "https://auth.preview.globus.org";
    default:
      return `https://auth.${environment}.globuscs.info`;
  }
}

function globusRule(config: OauthSshConfig): Record<string, unknown> {
  const timeout = config.authentication_timeout * 60;
  const assurance = {
    ...(config.permitted_idps.length > 0
      ? { permitted_idps: config.permitted_idps }
      : {}),
    ...(config.mfa ? { mfa: true } : {}),
    ...(timeout > 0 ? { max_auth_age: duration(timeout) } : {}),
  };
  const suffix = config.idp_suffix;
  const keys = ["identity.username", "identity.id"];
  return {
    description: "Globus identities use the accounts that they map to",
    issuers: ["globus"],
    ...(Object.keys(assurance).length > 0 ? { assurance } : {}),
    accounts: [
      ...(suffix === null
        ? []
        : [{ identity: "username", strip_suffix: `@${suffix}` }]),
      ...config.map_file.map((path) => ({ map_file: path, keys })),
    ],
  };
}

function scitokensIssuers(
  config: OauthSshConfig,
  options: ImportOptions,
): Record<string, unknown> {
  return Object.fromEntries(config.issuers.map((issuer, index) => [
    scitokensName(index),
    { kind: "scitokens", issuer, audiences: options.fqdns },
  ]));
}

function scitokensName(index: number): string {
  return index === 0 ? "scitokens" : `scitokens${index + 1}`;
}

function scitokensRule(config: OauthSshConfig): Record<string, unknown> {
  return {
    description:
      "SciTokens admit to the account in their scope, if it is also their subject",
    issuers: config.issuers.map((_, index) => scitokensName(index)),
    accounts: [{ claim: "sub" }],
  };
}

function notCarriedOver(
  config: OauthSshConfig,
  context: { text: string; options: ImportOptions },
): ConfigRemark[] {
  const { text, options } = context;
  const remarks: ConfigRemark[] = [];
  const say = (key: string, level: ConfigRemark["level"], message: string) =>
    remarks.push({ line: lineOf(text, key), level, message });
  if (config.client_secret) {
    say(
      "client_secret",
      "warning",
      `put the secret into "${options.secretFile}", root only: a policy holds no secrets`,
    );
  }
  for (const path of config.map_file) {
    say(
      "map_file",
      "info",
      `"${path}" is used in place: it must exist, belong to root and be writable by nobody else; ` +
        "where one is missing nobody gets in, while the server went on with the others",
    );
  }
  if (config.auth_method.includes("globus_auth")) {
    say(
      "auth_method",
      "info",
      "root and system accounts are not opened by a map; the server left that to sshd",
    );
    if (options.fqdns.length === 0) {
      say(
        "client_id",
        "warning",
        "without --fqdn, tokens for this host's own scope (…/scopes/FQDN/ssh), which the client asks " +
          "for, are refused: name the host names that the server found at Globus",
      );
    }
    say(
      "client_id",
      "info",
      "the token's audience must be the client id; the server did not look",
    );
  }
  if (config.auth_method.includes("scitokens")) {
    say(
      "auth_method",
      "warning",
      "SciTokens: the claim sub must name the account as well as the scope ssh:ACCOUNT; the server looked only at the scope, and only at the first issuer",
    );
    if (
      config.permitted_idps.length > 0 || config.mfa ||
      config.authentication_timeout > 0
    ) {
      say(
        "auth_method",
        "info",
        "SciTokens: identity providers, multi-factor and age are not asked of them, as before",
      );
    }
  } else if (config.issuers.length > 0) {
    say(
      "issuers",
      "warning",
      '"issuers" has no effect without "auth_method scitokens"',
    );
  }
  return remarks.sort((a, b) => a.line - b.line);
}

/** The first line that sets a key. */
function lineOf(text: string, key: string): number {
  const lines = text.split("\n");
  const index = lines.findIndex((line) =>
    line.trim().split(/[\s,]/)[0] === key
  );
  return index < 0 ? 1 : index + 1;
}
