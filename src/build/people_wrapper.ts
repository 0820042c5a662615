/**
 * `/usr/bin/oauth-pam` of a package: the verbs for people, each with the permissions that it needs.
 *
 * @module
 */
import { restFile } from "../lib/bundle_files.ts";
import { shellQuote, SINGLE_FILE } from "./compile.ts";
import { QUIET_DENO } from "./deno.ts";
import { clientFlags, NO_CODE_CACHE } from "./permissions.ts";

/** Absolute paths, as they are where the package is installed. */
interface PeopleParts {
  readonly deno: string;
  /** The bundle without a policy. */
  readonly bundle: string;
}

/** What every verb asks before anything else: whether PAM runs it, which it refuses. */
const UNDER_PAM = ["PAM_TYPE", "PAM_USER", "OAUTH_PAM_GRANT", "NO_COLOR"];

/** What `globus register` reads, by the names that Globus' own tools have for it. */
const GLOBUS = ["LOG_STREAM", "LOG_TOKENS", "CLIENT_ID", "CLIENT_SECRET"];

function flags(
  permissions: readonly string[],
  variables: readonly string[] = [],
): string[] {
  const environment = [...UNDER_PAM, ...variables].join(",");
  return [
    ...permissions,
    `--allow-env=${environment}`,
    "--no-prompt",
    NO_CODE_CACHE,
  ];
}

/** Who owns a file, and whose process this is. */
const OWNERS = "--allow-sys=uid";

/**
 * The flags of each verb, by its first word. `check` only reads, and yet may write: that is how a
 * program tells itself from one that was built for a policy.
 *
 * `apply` writes what root will run, and runs the Deno and the program that it wrote: a list of what
 * it may run would not bound anything.
 */
const VERBS: readonly (readonly [string, readonly string[]])[] = [
  [
    "apply",
    flags([
      "--allow-read",
      "--allow-write",
      "--allow-net",
      "--allow-run",
      OWNERS,
      "--unstable-net",
    ]),
  ],
  [
    "check",
    flags([
      "--allow-read",
      "--allow-write",
      "--allow-net",
      "--allow-run=/usr/sbin/sshd",
      OWNERS,
      "--unstable-net",
    ]),
  ],
  ["key", clientFlags()],
  [
    "policy",
    flags([
      "--allow-read",
      "--allow-write",
      "--allow-net",
      "--allow-run=git",
      OWNERS,
    ]),
  ],
  ["audit", flags(["--allow-read", "--allow-write", OWNERS])],
  ["token", flags(["--allow-read", OWNERS])],
  [
    "globus",
    flags(["--allow-read", "--allow-write", "--allow-net", OWNERS], GLOBUS),
  ],
];

/**
 * Deno's own switches, those of what it is compatible with, and the file into which it writes the keys of
 * connections, whatever it is permitted. Nothing that lies about in a person's environment may change what runs.
 */
const SWITCHES = "((DENO|NODE|NPM|OTEL)_[A-Za-z0-9_]*|SSLKEYLOGFILE)";
/** Logins know no proxy but the policy's: what looks at the host must not see more than they do. */
const PROXIES =
  "([Hh][Tt][Tt][Pp][Ss]?|[Aa][Ll][Ll]|[Nn][Oo])_[Pp][Rr][Oo][Xx][Yy]";

/**
 * The wrapper, for any POSIX shell. What PAM and sshd run is not run by it: under its permissions that
 * would have more to lose, and without the launcher an end with 0 would be a grant.
 */
export function peopleWrapper({ deno, bundle }: PeopleParts): string {
  const words = (list: readonly string[]) => list.map(shellQuote).join(" ");
  // help and the version: they lie in the file beside the bundle, and only print
  const prints = flags([`--allow-read=${restFile(bundle)}`]);
  const constants = { ...QUIET_DENO, DENO_DIR: "/dev/null/deno" };
  return [
    "#!/bin/sh -p",
    "{ # a copy that was cut short is a syntax error",
    "# Runs oauth-pam for people, with the Deno of the package and no more permissions than a command needs.",
    "# The program for logins is the one that `oauth-pam apply` writes: /var/lib/oauth-pam/login.",
    "proxies=''",
    "case ${1-} in",
    "  login | device | outcome | ssh-keys)",
    '    case " $* " in',
    "      *' --help '* | *' -h '*) set -- help \"$1\" ;;",
    "      *)",
    "        printf 'oauth-pam: error: \"%s\" is for PAM and sshd, which run it by way of a launcher in %s\\n' \\",
    '          "$1" /usr/libexec/oauth-pam >&2',
    "        exit 4",
    "        ;;",
    "    esac",
    "    ;;",
    `  apply | check) proxies='|${PROXIES}' ;;`,
    "esac",
    `for name in $(/usr/bin/env | LC_ALL=C /bin/sed -En "s/^(${SWITCHES}$proxies)=.*/\\1/p"); do unset "$name"; done`,
    `export ${
      Object.entries(constants).map(([name, value]) => `${name}=${value}`)
        .join(" ")
    }`,
    "allow() { exec " +
    `${words([deno, "run", "--quiet", ...SINGLE_FILE])} "$@"; }`,
    `bundle=${shellQuote(bundle)}`,
    "case ${1-} in",
    ...VERBS.map(([verb, list]) =>
      `  ${verb}) allow ${words(list)} "$bundle" "$@" ;;`
    ),
    `  *) allow ${words(prints)} "$bundle" "$@" ;;`,
    "esac",
    "}",
    "",
  ].join("\n");
}
