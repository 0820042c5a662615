/**
 * From one bundled file to something PAM can run: a compiled program, or a wrapper for an
 * installed Deno.
 *
 * @module
 */

import { type Bundle, restFile } from "./bundle.ts";
import {
  BuildError,
  ENVIRONMENT,
  type Needs,
  permissionFlags,
} from "./permissions.ts";

export interface BuildOptions {
  /** The bundled program. */
  readonly bundle: Bundle;
  readonly needs: Needs;
  /** Absolute path of the file to write; its folder exists. */
  readonly output: string;
  /** Absolute path of the Deno that compiles or, for the wrapper, runs. */
  readonly deno: string;
  readonly environment: Readonly<Record<string, string>>;
}

export interface Built {
  /** Everything written, the file to run first. */
  readonly files: readonly string[];
  readonly denoVersion: string;
  readonly flags: readonly string[];
}

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
];

/** Variables of the building process that a build reads: see the task in `deno.json`. */
export const BUILD_ENVIRONMENT: readonly string[] = [
  ...CHILD_ENVIRONMENT,
  ...BUNDLE_ENVIRONMENT,
  "DENO_FOR_COMPILE",
];

// Nothing but the one file counts: no configuration, lock file or package that lies about.
const SINGLE_FILE = [
  "--no-config",
  "--no-lock",
  "--no-npm",
  "--no-remote",
  "--cached-only",
];

// Deno's own switches: the look for a newer version goes to the network, the look for a
// package.json through every folder above.
const QUIET_DENO = { DENO_NO_UPDATE_CHECK: "1", DENO_NO_PACKAGE_JSON: "1" };

export interface DenoCommand {
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

/**
 * Compiles the program into one executable. The same input gives the same bytes. Throws
 * `BuildError` with Deno's own words when it fails.
 */
export async function compileProgram(options: BuildOptions): Promise<Built> {
  const denoVersion = await denoVersionOf(options.deno, options.environment);
  const flags = permissionFlags(options.needs, { denoVersion });
  // Alone in a new folder: `deno compile` embeds every node_modules beside or above it.
  const folder = await Deno.makeTempDir({ prefix: "oauth-pam-build-" });
  try {
    const source = `${folder}/oauth-pam.js`;
    const rest = restFile(source);
    await Deno.writeTextFile(source, options.bundle.main);
    await Deno.writeTextFile(rest, options.bundle.rest);
    // Deno embeds the time stamps.
    await Deno.utime(source, 0, 0);
    await Deno.utime(rest, 0, 0);
    await runDeno(options.deno, {
      args: [
        "compile",
        "--quiet",
        "--no-check",
        ...SINGLE_FILE,
        "--node-modules-dir=none",
        ...flags,
        `--include=${restFile("oauth-pam.js")}`,
        `--output=${options.output}`,
        "oauth-pam.js",
      ],
      environment: options.environment,
      cwd: folder,
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  await Deno.chmod(options.output, 0o755);
  return { files: [options.output], denoVersion, flags };
}

/**
 * Writes the wrapper (0755) and, beside it, the bundle (`.js`, 0644), each under a new name and
 * then renamed, the wrapper last. Both name absolute paths: they work where they were built for,
 * and have to be built again when they or Deno move.
 */
export async function writeRuntimeProgram(
  options: BuildOptions,
): Promise<Built> {
  const denoVersion = await denoVersionOf(options.deno, options.environment);
  const flags = permissionFlags(options.needs, { denoVersion });
  const bundle = `${options.output}.js`;
  const wrapper = wrapperScript({
    deno: options.deno,
    flags,
    bundle,
    cacheDirectory: options.needs.cacheDirectory,
    logSocket: options.needs.logSocket,
  });
  const rest = restFile(bundle);
  await replaceFile(rest, { text: options.bundle.rest, mode: 0o644 });
  await replaceFile(bundle, { text: options.bundle.main, mode: 0o644 });
  await replaceFile(options.output, { text: wrapper, mode: 0o755 });
  return { files: [options.output, bundle, rest], denoVersion, flags };
}

export interface WrapperParts {
  readonly deno: string;
  readonly flags: readonly string[];
  readonly bundle: string;
  readonly cacheDirectory: string;
  readonly logSocket: string;
}

/**
 * The wrapper, for any POSIX shell; `-p` keeps one that is bash from importing functions out of the
 * environment. It passes on nothing of its environment but the variables the
 * program may read, each once: the shell keeps the last of two equal names, which is the one that
 * pam_exec added.
 *
 * DENO_DIR is a private folder (Deno keeps its analysis of the bundle there, which halves the time
 * of a start). Where it cannot be had, as for a person without rights to the cache directory, it
 * becomes a path that nobody can create, so that Deno keeps nothing: not below HOME, nor elsewhere.
 *
 * In the same folder it makes the link through which the program reaches a syslog socket below /dev.
 */
export function wrapperScript(
  { deno, flags, bundle, cacheDirectory, logSocket }: WrapperParts,
): string {
  const link = shellQuote(`${cacheDirectory}/syslog`);
  const linked = logSocket.startsWith("/dev/")
    ? [
      `  [ -L ${link} ] || /bin/ln -s ${
        shellQuote(logSocket)
      } ${link} 2>/dev/null`,
    ]
    : ["  :"];
  const passed = ENVIRONMENT.map((name) =>
    `  \${${name}+"${name}=$${name}"} \\`
  );
  const constants = Object.entries(QUIET_DENO).map(([name, value]) =>
    `${name}=${value}`
  );
  return [
    "#!/bin/sh -p",
    "# Runs oauth-pam with an installed Deno. Written by `deno task build`: build again, do not edit.",
    "{ # a copy that was cut short is a syntax error, never exit 0",
    `deno_dir=${shellQuote(`${cacheDirectory}/deno`)}`,
    '[ -d "$deno_dir" ] || (umask 077 && exec /bin/mkdir -p -- "$deno_dir") 2>/dev/null',
    'if [ -O "$deno_dir" ] && [ ! -L "$deno_dir" ]; then',
    ...linked,
    "else deno_dir=/dev/null/deno; fi",
    `exec /usr/bin/env -i HOME=/nonexistent "DENO_DIR=$deno_dir" ${
      constants.join(" ")
    } \\`,
    ...passed,
    `  ${
      [deno, "run", ...SINGLE_FILE, ...flags, bundle].map(shellQuote).join(
        " \\\n  ",
      )
    } "$@"`,
    "}",
    "",
  ].join("\n");
}

/** `text` as one word for a POSIX shell. */
export function shellQuote(text: string): string {
  if (text.includes("\0")) throw new BuildError("a path holds a NUL character");
  return /^[A-Za-z0-9_.,:=\/@%+-]+$/.test(text)
    ? text
    : `'${text.replaceAll("'", "'\\''")}'`;
}

async function replaceFile(
  path: string,
  { text, mode }: { readonly text: string; readonly mode: number },
): Promise<void> {
  const fresh = await Deno.makeTempFile({
    dir: path.slice(0, path.lastIndexOf("/")) || "/",
  });
  try {
    await Deno.writeTextFile(fresh, text);
    await Deno.chmod(fresh, mode);
    await Deno.rename(fresh, path);
  } catch (error) {
    await Deno.remove(fresh);
    throw error;
  }
}
