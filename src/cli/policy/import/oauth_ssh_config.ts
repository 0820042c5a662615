/**
 * Reading `oauth-ssh.conf` of the oauth-ssh server: its grammar and all its keys.
 *
 * @module
 */

/** A remark about a line; an "error" means that no policy can be made. */
export interface ConfigRemark {
  readonly line: number;
  readonly level: "error" | "warning" | "info";
  readonly message: string;
}

export interface OauthSshConfig {
  readonly auth_method: readonly string[];
  readonly client_id: string | null;
  /** Whether there is one; the secret itself is not kept. */
  readonly client_secret: boolean;
  readonly idp_suffix: string | null;
  readonly map_file: readonly string[];
  readonly permitted_idps: readonly string[];
  /** Minutes; 0 for none. */
  readonly authentication_timeout: number;
  readonly mfa: boolean;
  readonly issuers: readonly string[];
}

const SINGLE = [
  "client_id",
  "client_secret",
  "idp_suffix",
  "authentication_timeout",
  "mfa",
] as const;
const LISTS = ["auth_method", "map_file", "permitted_idps", "issuers"] as const;
type Key = typeof SINGLE[number] | typeof LISTS[number];

/**
 * Parses a configuration: `key value…` a line, separated by blanks or commas, `#` begins a comment
 * anywhere. Lists may be spread over several lines; other keys stand once with one value. Never
 * throws.
 */
export function parseOauthSshConfig(
  text: string,
): { config: OauthSshConfig; remarks: ConfigRemark[] } {
  const remarks: ConfigRemark[] = [];
  const found = new Map<Key, { line: number; values: string[] }>();
  for (const [index, raw] of text.split("\n").entries()) {
    const line = index + 1;
    const words = raw.replace(/#.*$/s, "").split(/[\s,]+/).filter((word) =>
      word !== ""
    );
    const [key, ...values] = words;
    if (key === undefined) continue;
    const error = (message: string) =>
      remarks.push({ line, level: "error", message });
    if (![...SINGLE, ...LISTS].some((known) => known === key)) {
      error(`unknown directive ${JSON.stringify(key)}`);
      continue;
    }
    const earlier = found.get(key as Key);
    const single = SINGLE.some((known) => known === key);
    if (single && earlier !== undefined) {
      error(`multiple occurrences of "${key}"`);
    } else if (single && values.length > 1) {
      error(`too many values for "${key}"`);
    } else if (values.length === 0 && (single || key === "auth_method")) {
      error(`missing value for "${key}"`);
    } else {
      found.set(key as Key, {
        line,
        values: [...earlier?.values ?? [], ...values],
      });
    }
  }
  const lineOf = (key: Key) => found.get(key)?.line ?? 1;
  const config = configOf(
    (key) => found.get(key)?.values ?? [],
    lineOf,
    remarks,
  );
  return { config, remarks: [...remarks, ...missing(config, lineOf)] };
}

function configOf(
  values: (key: Key) => readonly string[],
  lineOf: (key: Key) => number,
  remarks: ConfigRemark[],
): OauthSshConfig {
  const mfa = values("mfa")[0] ?? "false";
  if (!/^(?:true|false)$/i.test(mfa)) {
    remarks.push({
      line: lineOf("mfa"),
      level: "error",
      message: `"mfa" is ${JSON.stringify(mfa)}, expected "true" or "false"`,
    });
  }
  const timeout = values("authentication_timeout")[0] ?? "0";
  if (!/^[0-9]{1,7}$/.test(timeout)) {
    remarks.push({
      line: lineOf("authentication_timeout"),
      level: "error",
      message: `"authentication_timeout" is ${
        JSON.stringify(timeout)
      }, expected a number of minutes`,
    });
  }
  for (const method of values("auth_method")) {
    if (method === "globus_auth" || method === "scitokens") continue;
    const message = `"auth_method" is ${
      JSON.stringify(method)
    }, expected "globus_auth" or "scitokens"`;
    remarks.push({ line: lineOf("auth_method"), level: "error", message });
  }
  return {
    auth_method: [...new Set(values("auth_method"))],
    client_id: values("client_id")[0] ?? null,
    client_secret: values("client_secret").length > 0,
    idp_suffix: values("idp_suffix")[0] ?? null,
    map_file: [...new Set(values("map_file"))],
    permitted_idps: [...new Set(values("permitted_idps"))],
    authentication_timeout: /^[0-9]+$/.test(timeout) ? Number(timeout) : 0,
    mfa: mfa.toLowerCase() === "true",
    issuers: [...new Set(values("issuers"))],
  };
}

/** What the configuration needs and does not have. */
function missing(
  config: OauthSshConfig,
  lineOf: (key: Key) => number,
): ConfigRemark[] {
  const remarks: ConfigRemark[] = [];
  const error = (message: string, line = 1) =>
    remarks.push({ line, level: "error", message });
  if (config.auth_method.length === 0) error('"auth_method" is missing');
  if (config.auth_method.includes("globus_auth")) {
    const line = lineOf("auth_method");
    if (config.client_id === null) {
      error('"client_id" is missing, which globus_auth needs', line);
    }
    if (!config.client_secret) {
      error('"client_secret" is missing, which globus_auth needs', line);
    }
    if (config.idp_suffix === null && config.map_file.length === 0) {
      error('"idp_suffix" or "map_file" is needed with globus_auth', line);
    }
  }
  if (config.auth_method.includes("scitokens") && config.issuers.length === 0) {
    error('"issuers" is missing, which scitokens needs', lineOf("auth_method"));
  }
  return remarks;
}
