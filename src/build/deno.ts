/**
 * Starting Deno to bundle and to compile, in an environment of which nothing is baked in.
 *
 * @module
 */
import { BuildError } from "./permissions.ts";

// What Deno itself may see of the caller's environment while it builds. `deno compile` bakes some
// variables into the program (OTEL_DENO, DENO_CERT, DENO_TLS_CA_STORE), so that a list of what
// passes is the only safe one. Proxies are for the download of denort; they are not baked in.
const CHILD_ENVIRONMENT = [
  "PATH",
  "HOME",
  "DENO_DIR",
  "XDG_CACHE_HOME",
  "DENORT_BIN",
  ...["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"].flatMap((name) => [
    name,
    name.toLowerCase(),
  ]),
];

// For fetching packages while bundling, where the text that comes out is all that counts.
const BUNDLE_ENVIRONMENT = [
  "NPM_CONFIG_REGISTRY",
  "DENO_CERT",
  "DENO_TLS_CA_STORE",
  // where a company's own certificate authority is known to Node.js and OpenSSL
  "NODE_EXTRA_CA_CERTS",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
];

/** Variables of the building process that a build reads: see the task in `deno.json`. */
export const BUILD_ENVIRONMENT: readonly string[] = [
  ...CHILD_ENVIRONMENT,
  ...BUNDLE_ENVIRONMENT,
  "DENO_FOR_COMPILE",
];

// Deno's own switches: the look for a newer version goes to the network, the look for a
// package.json through every folder above.
export const QUIET_DENO = {
  DENO_NO_UPDATE_CHECK: "1",
  DENO_NO_PACKAGE_JSON: "1",
};

interface DenoCommand {
  readonly args: readonly string[];
  /** The caller's environment; the child gets what is on the lists above. */
  readonly environment: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/**
 * What the Deno at `deno` prints. Throws `BuildError` with its standard error when it fails or
 * cannot be started.
 */
export async function runDeno(
  deno: string,
  { args, environment, cwd }: DenoCommand,
): Promise<string> {
  const names = args[0] === "bundle"
    ? [...CHILD_ENVIRONMENT, ...BUNDLE_ENVIRONMENT]
    : CHILD_ENVIRONMENT;
  const env: Record<string, string> = { ...QUIET_DENO, NO_COLOR: "1" };
  for (const name of names) {
    const value = environment[name];
    if (value !== undefined) env[name] = value;
  }
  let output: Deno.CommandOutput;
  try {
    output = await new Deno.Command(deno, {
      args: [...args],
      ...(cwd === undefined ? {} : { cwd }),
      clearEnv: true,
      env,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).output();
  } catch (error) {
    throw new BuildError(`${JSON.stringify(deno)} does not start`, {
      cause: error,
    });
  }
  const { code, stdout, stderr } = output;
  if (code !== 0) {
    throw new BuildError(
      `deno ${args[0]} failed:\n${new TextDecoder().decode(stderr).trim()}`,
    );
  }
  return new TextDecoder("utf-8", { fatal: true }).decode(stdout);
}

/** The version of the Deno at `deno`, such as "2.9.6". Throws `BuildError` when it has none. */
export async function denoVersionOf(
  deno: string,
  environment: Readonly<Record<string, string>>,
): Promise<string> {
  const printed = await runDeno(deno, { args: ["--version"], environment });
  const version = /^deno (\d+\.\d+\.\d+\S*)/.exec(printed)?.[1];
  if (version === undefined) {
    throw new BuildError(`${JSON.stringify(deno)} is not Deno`);
  }
  return version;
}
