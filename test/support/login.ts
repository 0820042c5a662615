/**
 * A site of its own in a temporary folder, and attempts to log in to it: in process, with real
 * files and a real issuer, through the same function that the program runs.
 *
 * @module
 */
import { EXIT_CODES, pamCode } from "../../src/pam/exit_code.ts";
import type { PamIo } from "../../src/pam/io.ts";
import {
  login,
  LOGIN_TIMEOUTS,
  type LoginTimeouts,
} from "../../src/pam/login.ts";
import type { Reason } from "../../src/lib/reason.ts";

export interface SiteOptions {
  readonly issuer: string;
  readonly caPem: string;
  readonly audiences?: readonly string[];
  /** More lines of the issuer, such as `algorithms: [ES256]`. */
  readonly issuerLines?: readonly string[];
  /** More lines of the rule that admits by `preferred_username` or as given here. */
  readonly ruleLines?: readonly string[];
  /** More top-level lines. */
  readonly lines?: readonly string[];
}

export interface Site extends AsyncDisposable {
  readonly directory: string;
  readonly policyFile: string;
  readonly cacheDirectory: string;
}

/** Writes a policy for one issuer named "campus"; its rule "staff" opens what `email` names. */
export async function createSite(options: SiteOptions): Promise<Site> {
  const directory = await Deno.realPath(
    await Deno.makeTempDir({ prefix: "oauth-pam-site-" }),
  );
  const site = {
    directory,
    policyFile: `${directory}/policy.yaml`,
    cacheDirectory: `${directory}/cache`,
    async [Symbol.asyncDispose]() {
      await Deno.remove(directory, { recursive: true });
    },
  };
  await Deno.writeTextFile(`${directory}/ca.pem`, options.caPem);
  await Deno.writeTextFile(site.policyFile, policyText(site, options));
  return site;
}

function policyText(
  site: { directory: string; cacheDirectory: string },
  options: SiteOptions,
) {
  const indented = (lines: readonly string[] | undefined) =>
    (lines ?? []).map((line) => `    ${line}\n`).join("");
  return `version: 1
issuers:
  campus:
    issuer: ${options.issuer}
    audiences: ${JSON.stringify(options.audiences ?? ["ssh-prod"])}
    ca_file: ${site.directory}/ca.pem
${indented(options.issuerLines)}rules:
  staff:
    accounts:
      - {claim: email, strip_suffix: "@example.edu"}
${indented(options.ruleLines)}cache:
  directory: ${site.cacheDirectory}
  ssh_keys_directory: ${site.directory}/keys
log:
  socket: ${site.directory}/log
${(options.lines ?? []).map((line) => `${line}\n`).join("")}`;
}

export interface AttemptOptions {
  readonly policyFile: string;
  readonly token: string | Uint8Array;
  readonly user?: string;
  /** Replaces or, with `undefined`, removes variables. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Milliseconds since the epoch; the real clock unless given. */
  readonly now?: () => number;
  readonly stdin?: PamIo["stdin"];
  readonly timeouts?: Partial<LoginTimeouts>;
  readonly args?: readonly string[];
  /** As in {@link PamIo}. */
  readonly etc?: string;
}

export interface AttemptResult {
  readonly reason: Reason;
  readonly exitCode: number;
  /** What the log got: there is no syslog daemon on the site's socket, so it is standard error. */
  readonly log: string;
  readonly stdout: string;
}

/** One login attempt. */
export async function attempt(options: AttemptOptions): Promise<AttemptResult> {
  const env: Record<string, string | undefined> = {
    PAM_TYPE: "auth",
    PAM_SERVICE: "sshd",
    PAM_USER: options.user ?? "alice",
    PAM_RHOST: "192.0.2.7",
    ...options.env,
  };
  const output = { stdout: "", stderr: "" };
  const { reason, ...result } = await login(
    options.args ?? [options.policyFile],
    {
      env: (name) => env[name],
      now: options.now ?? (() => Date.now()),
      stdin: options.stdin ?? bytesReader(options.token),
      stdout: (text) => output.stdout += text,
      stderr: (text) => output.stderr += text,
      ...options.etc === undefined ? {} : { etc: options.etc },
    },
    { ...LOGIN_TIMEOUTS, ...options.timeouts },
  );
  const exitCode = reason === "allowed"
    ? EXIT_CODES.success
    : EXIT_CODES[pamCode(reason, result)];
  return { reason, exitCode, log: output.stderr, stdout: output.stdout };
}

/** Standard input that holds the given bytes and then ends. */
export function bytesReader(content: string | Uint8Array): PamIo["stdin"] {
  let rest = typeof content === "string"
    ? new TextEncoder().encode(content)
    : content;
  return {
    read(buffer) {
      if (rest.length === 0) return Promise.resolve(null);
      const count = Math.min(buffer.length, rest.length);
      buffer.set(rest.subarray(0, count));
      rest = rest.subarray(count);
      return Promise.resolve(count);
    },
  };
}

/** As if no login had met a failure of an issuer lately; `cache` is the cache directory. */
export async function forgetFailures(cache: string): Promise<void> {
  for (const { name } of Deno.readDirSync(`${cache}/jwks`)) {
    if (name.endsWith(".failed")) await Deno.remove(`${cache}/jwks/${name}`);
  }
}
