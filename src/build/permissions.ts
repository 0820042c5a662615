/**
 * From a policy to the Deno flags that its program is built with.
 *
 * Pure: no `Deno`, no files. Every list flag is left out rather than written empty, because Deno
 * reads an empty list as "everything".
 *
 * @module
 */
import {
  type Issuer,
  type Policy,
  takesCertificates,
} from "../policy/model.ts";

/** What a program for one policy has to reach. */
export interface Needs {
  /** `host:port`, IPv6 addresses in brackets; what {@link requiredHosts} returns. */
  readonly netHosts: readonly string[];
  /** Absolute; the only folder that login writes to. */
  readonly cacheDirectory: string;
  /** That of `ssh-keys`, which writes to what is listed in it; `null` where sshd does not ask about keys. */
  readonly keysDirectory?: string | null;
  /** The audit file below {@link keysDirectory}, or the folder there that it lies in. */
  readonly keysAudit?: string | null;
  /** Absolute path of the syslog datagram socket. */
  readonly logSocket: string;
}

/** The part of a parsed policy that decides about permissions. */
export type PermissionPolicy = Pick<Policy, "cache" | "log"> & {
  readonly audit?: Policy["audit"];
  readonly issuers: readonly (
    & Pick<Issuer, "name" | "issuer" | "hosts" | "proxy">
    & {
      readonly discovery_url?: string | null;
      readonly ssh_certificates?: unknown;
    }
  )[];
};

/** The build cannot go on; the message says what to change. */
export class BuildError extends Error {
  override readonly name = "BuildError";
}

/** Every environment variable the program may read: what PAM, sshd and the launcher set. */
export const ENVIRONMENT = [
  "PAM_USER",
  "PAM_SERVICE",
  "PAM_TYPE",
  "PAM_RHOST",
  "PAM_TTY",
  "PAM_RUSER",
  "SSH_CONNECTION",
  "SSH_AUTH_INFO_0",
  "OAUTH_PAM_CONVERSATION",
  "OAUTH_PAM_ACCOUNT",
  "OAUTH_PAM_GRANT",
  "NO_COLOR",
] as const;

/** A person's own program: for `oauth-pam key`. */
export const CLIENT = "client";

/** What `oauth-pam key` and the program around it read of a person's environment. */
const CLIENT_ENVIRONMENT = [
  "SSH_AUTH_SOCK",
  "BROWSER",
  "DISPLAY",
  "WAYLAND_DISPLAY",
  "NO_COLOR",
  // set where PAM runs it, which it refuses
  "PAM_TYPE",
  "PAM_USER",
  "OAUTH_PAM_GRANT",
];

/** What opens a page; others of `BROWSER` are not started, and the address is printed anyhow. */
const BROWSERS = [
  "xdg-open",
  "open",
  "sensible-browser",
  "wslview",
  "firefox",
  "chromium",
  "chromium-browser",
  "google-chrome",
];

// 2.8.3 refuses `unix:` entries as hosts with a bad port; 2.9.0 takes them and from there on denies
// Unix sockets without them (denoland/deno#34395).
const UNIX_ENTRIES_SINCE = [2, 9] as const;

const PROXY_PORTS: Readonly<Record<string, string>> = {
  "http:": "80",
  "https:": "443",
  "socks5:": "1080",
  "socks5h:": "1080",
};

/** What the program for `policy` needs. Throws `BuildError` like {@link requiredHosts}. */
export function permissionNeeds(policy: PermissionPolicy): Needs {
  return {
    netHosts: requiredHosts(policy),
    cacheDirectory: policy.cache.directory,
    ...keysNeeds(policy),
    logSocket: policy.log.socket,
  };
}

function keysNeeds(
  policy: PermissionPolicy,
): Pick<Needs, "keysDirectory" | "keysAudit"> {
  const { cache, audit } = policy;
  if (!takesCertificates(policy)) {
    return { keysDirectory: null, keysAudit: null };
  }
  // at the same place below the one directory as below the other
  const [, name] = audit
    ? audit.file.slice(cache.directory.length).split("/")
    : [];
  return {
    keysDirectory: cache.ssh_keys_directory,
    keysAudit: name === undefined
      ? null
      : `${cache.ssh_keys_directory}/${name}`,
  };
}

/** What `ssh-keys` writes to in its directory; all else there is not the program's to change. */
const KEYS_STATE = ["jwks", "recent", "log.sock"];

/** The folder for the code caches of the user that sshd asks as, in a directory of that user. */
export const KEYS_CODE = ".code";

/**
 * Every `host:port` that `policy` lets the program connect to: issuers, their discovery
 * documents, listed hosts and proxies, in the spelling that `fetch` asks permission for (lower case, punycode, IPv6 in
 * brackets), sorted, each once. Throws `BuildError` for an entry that is not a single host.
 *
 * Does not check that a host exists or may be trusted.
 */
export function requiredHosts(policy: PermissionPolicy): string[] {
  const hosts = new Set<string>();
  for (const issuer of policy.issuers) {
    const where = `issuer ${JSON.stringify(issuer.name)}`;
    for (const text of [issuer.issuer, issuer.discovery_url ?? []].flat()) {
      const url = parseUrl(text, where);
      if (url.protocol !== "https:") {
        throw new BuildError(`${where}: not an https URL`);
      }
      hosts.add(hostAndPort(url, { port: "443", where }));
    }
    for (const entry of issuer.hosts) hosts.add(listedHost(entry, where));
    if (issuer.proxy !== null) {
      const proxy = parseUrl(issuer.proxy, `${where}: proxy`);
      const port = PROXY_PORTS[proxy.protocol];
      if (port === undefined) {
        throw new BuildError(`${where}: proxy is not an http or socks5 URL`);
      }
      hosts.add(hostAndPort(proxy, { port, where: `${where}: proxy` }));
    }
  }
  return [...hosts].sort();
}

/**
 * The flags for the Deno of version `denoVersion` ("2.9.6"), the same for `deno compile` and
 * `deno run`. Throws `BuildError` for what a flag cannot say: commas (Deno has no way to escape
 * them), wildcards and networks where one host is meant, paths that are not absolute and plain.
 */
export function permissionFlags(
  needs: Needs,
  { denoVersion }: { readonly denoVersion: string },
): string[] {
  const directories = [
    plainPath(needs.cacheDirectory, "cache directory"),
    ...(needs.keysDirectory
      ? [plainPath(needs.keysDirectory, "ssh_keys_directory")]
      : []),
  ];
  const [cacheDirectory = "", keysDirectory] = directories;
  const written = keysDirectory === undefined ? [] : [
    ...KEYS_STATE.map((name) => `${keysDirectory}/${name}`),
    ...(needs.keysAudit ? [plainPath(needs.keysAudit, "audit file")] : []),
  ];
  const logSocket = plainPath(needs.logSocket, "log socket");
  const writable = [cacheDirectory, ...written, logSocket];
  checkCode([
    codeDirectory(cacheDirectory),
    ...(keysDirectory === undefined ? [] : [`${keysDirectory}/${KEYS_CODE}`]),
  ], writable);
  const net = needs.netHosts.map(plainHost);
  // Exact paths only: Deno compares them whole, a folder does not cover what is in it.
  if (takesUnixEntries(denoVersion)) {
    net.push(`unix:${logSocket}`);
    for (const directory of directories) {
      net.push(`unix:${directory}/log.sock`);
      if (logSocket.startsWith("/dev/")) net.push(`unix:${directory}/syslog`);
    }
  }
  return [
    ...listFlag("--allow-net", net),
    ...listFlag("--allow-write", writable),
    // Without a list on purpose: policies, secrets, CA and map files may lie anywhere, and each is
    // opened under the checks of files/trusted_file.ts.
    "--allow-read",
    ...listFlag("--allow-env", ENVIRONMENT),
    ...listFlag("--allow-sys", ["uid", "hostname"]),
    "--no-prompt",
    "--unstable-net",
    NO_CODE_CACHE,
  ];
}

/** Where compiled code and parsed policies lie; root's alone, beside what logins may write. */
export function codeDirectory(cacheDirectory: string): string {
  return `${cacheDirectory}.code`;
}

/** Throws where the program could write to folders out of which its wrapper runs things. */
function checkCode(
  folders: readonly string[],
  writable: readonly string[],
): void {
  for (const code of folders) {
    const above = writable.find((path) => `${code}/`.startsWith(`${path}/`));
    if (above === undefined) continue;
    throw new BuildError(
      `"${code}" is for what runs, and would lie in "${above}", where logins write: ` +
        "keep them in folders of which none is in the other",
    );
  }
}

/**
 * The code cache of a compiled program is a file in /tmp that anybody can write first. The wrapper of a
 * runtime build has a place for one (`wrapperScript`).
 */
export const NO_CODE_CACHE = "--no-code-cache";

/**
 * The flags of what parses a changed policy before a login does, or tidies its code cache, but for the one
 * folder that it may write to: it reads, and can do nothing else.
 */
export const AHEAD = [
  "--allow-read",
  // who owns the policy
  ...listFlag("--allow-sys", ["uid"]),
  "--no-prompt",
  NO_CODE_CACHE,
];

/**
 * The flags of a program for people. The issuer may be any, so that the network is open; ssh-agent's
 * socket may be anywhere, and Deno asks for both file permissions before it connects to one.
 */
export function clientFlags(): string[] {
  return [
    "--allow-net",
    "--allow-read",
    "--allow-write",
    ...listFlag("--allow-env", CLIENT_ENVIRONMENT),
    ...listFlag("--allow-run", BROWSERS),
    // who owns the file of a client's secret
    "--allow-sys=uid",
    "--no-prompt",
    NO_CODE_CACHE,
  ];
}

function listFlag(flag: string, values: readonly string[]): string[] {
  if (values.some((value) => value === "" || value.includes(","))) {
    throw new BuildError(`${flag} cannot name ${JSON.stringify(values)}`);
  }
  return values.length === 0 ? [] : [`${flag}=${values.join(",")}`];
}

function takesUnixEntries(denoVersion: string): boolean {
  const match = /^(\d+)\.(\d+)\.\d+/.exec(denoVersion);
  if (match === null) {
    throw new BuildError(`not a Deno version: ${JSON.stringify(denoVersion)}`);
  }
  const [major, minor] = [Number(match[1]), Number(match[2])];
  const [sinceMajor, sinceMinor] = UNIX_ENTRIES_SINCE;
  return major > sinceMajor || (major === sinceMajor && minor >= sinceMinor);
}

function listedHost(entry: string, where: string): string {
  // `new URL` would drop or move what does not belong in a host: user names, paths, tabs, "\".
  if (!/^(\[[0-9A-Fa-f:.]+\]|[^\s/?#@\\:[\]%]+)(:[0-9]+)?$/u.test(entry)) {
    throw new BuildError(
      `${where}: ${
        JSON.stringify(entry)
      } is not "host" or "host:port" (IPv6 goes in brackets)`,
    );
  }
  return hostAndPort(parseUrl(`https://${entry}`, where), {
    port: "443",
    where,
  });
}

function parseUrl(text: string, where: string): URL {
  const url = URL.parse(text);
  if (url === null) {
    throw new BuildError(`${where}: ${JSON.stringify(text)} is not a URL`);
  }
  return url;
}

function hostAndPort(
  url: URL,
  { port, where }: { readonly port: string; readonly where: string },
): string {
  try {
    return plainHost(`${url.hostname.toLowerCase()}:${url.port || port}`);
  } catch (error) {
    throw new BuildError(
      `${where}: ${error instanceof Error ? error.message : error}`,
    );
  }
}

/** Refuses what Deno would read as more than one host: `*.example.org`, networks, lists, port 0. */
function plainHost(host: string): string {
  const match =
    /^(?:\[[0-9a-f:.]+\]|[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?):([0-9]{1,5})$/
      .exec(host);
  const port = Number(match?.[1] ?? 0);
  if (port < 1 || port > 65535) {
    throw new BuildError(`${JSON.stringify(host)} is not one host and port`);
  }
  return host;
}

function plainPath(path: string, what: string): string {
  const quoted = JSON.stringify(path);
  if (path.includes(",")) {
    throw new BuildError(
      `${what} ${quoted} holds a comma, which separates paths in Deno's permission flags`,
    );
  }
  // deno-lint-ignore no-control-regex
  if (/[\x00-\x1f\x7f]/.test(path)) {
    throw new BuildError(`${what} ${quoted} holds a control character`);
  }
  const plain = path.replace(/(?<=.)\/+$/, "");
  const [root, ...segments] = plain.split("/");
  if (
    root !== "" ||
    segments.some((name) => name === "" || name === "." || name === "..")
  ) {
    throw new BuildError(
      `${what} ${quoted} must be an absolute path below "/", without "." or ".."`,
    );
  }
  return plain;
}
