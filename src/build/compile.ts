/**
 * From one bundled file to something PAM can run: a compiled program, or a wrapper for an
 * installed Deno.
 *
 * @module
 */

import { sha256Hex } from "../files/state_directory.ts";
import { shellWord } from "../lib/shell.ts";
import { keysFile } from "../lib/bundle_files.ts";
import { type Bundle, bundleFiles } from "./bundle.ts";
import { denoVersionOf, QUIET_DENO, runDeno } from "./deno.ts";
import { checkPlace, privateFolder } from "./places.ts";
import {
  AHEAD,
  BuildError,
  type CLIENT,
  clientFlags,
  codeDirectory,
  ENVIRONMENT,
  KEYS_CODE,
  type Needs,
  NO_CODE_CACHE,
  permissionFlags,
} from "./permissions.ts";

export interface BuildOptions {
  /** The bundled program. */
  readonly bundle: Bundle;
  readonly needs: Needs;
  /** Absolute path of the file to write; its folder exists. */
  readonly output: string;
  /**
   * Absolute path of the folder in which the program will lie when it runs; by default the one that
   * it is written to. Only the wrapper names it.
   */
  readonly prefix?: string;
  /** Absolute path of the Deno that compiles or, for the wrapper, runs. */
  readonly deno: string;
  /**
   * Absolute path under which that Deno lies on the host, and stays: the wrapper names it. By default
   * the wrapper gets a copy beside it.
   */
  readonly installedDeno?: string;
  /** Tries the new program, which is whole, before it takes the place of the old one. May throw. */
  readonly prove?: (fresh: string) => Promise<void>;
  readonly environment: Readonly<Record<string, string>>;
}

export interface Built {
  /** Everything written, the file to run first. */
  readonly files: readonly string[];
  /** The name of the folder for its code cache; `null` where it has none. */
  readonly code: string | null;
  readonly denoVersion: string;
  readonly flags: readonly string[];
}

// Nothing but the one file counts: no configuration, lock file or package that lies about.
export const SINGLE_FILE = [
  "--no-config",
  "--no-lock",
  "--no-npm",
  "--no-remote",
  "--cached-only",
];

/**
 * Compiles the program into one executable. The same input gives the same bytes. Throws
 * `BuildError` with Deno's own words when it fails, and where others could write to what it is made
 * of or to what comes out.
 */
export async function compileProgram(
  options: Omit<BuildOptions, "needs"> & {
    readonly needs: Needs | typeof CLIENT;
  },
): Promise<Built> {
  await checkPlaces(options);
  const { needs } = options;
  const denoVersion = await denoVersionOf(options.deno, options.environment);
  const flags = typeof needs === "string"
    ? clientFlags()
    // for all of its verbs: the flags are part of the program
    : [...permissionFlags(needs, { denoVersion }), LOGIN_ENGINE];
  // Alone in a new folder: `deno compile` embeds every node_modules beside or above it.
  const folder = await privateFolder("oauth-pam-build-");
  try {
    const source = `${folder}/oauth-pam.js`;
    const files = bundleFiles(source, options.bundle);
    for (const [path, text] of files) {
      await Deno.writeTextFile(path, text);
      // Deno embeds the time stamps.
      await Deno.utime(path, 0, 0);
    }
    const included = files.map(([path]) => path.slice(folder.length + 1))
      .filter((name) => name !== "oauth-pam.js");
    await replaceFile(options.output, {
      mode: 0o755,
      fill: async (fresh) => {
        await runDeno(options.deno, {
          args: [
            "compile",
            "--quiet",
            "--no-check",
            ...SINGLE_FILE,
            "--node-modules-dir=none",
            ...flags,
            ...included.map((name) => `--include=${name}`),
            `--output=${fresh}`,
            "oauth-pam.js",
          ],
          environment: options.environment,
          cwd: folder,
        });
      },
      prove: options.prove,
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  return { files: [options.output], code: null, denoVersion, flags };
}

/** What the wrapper runs, beside itself: the very Deno it was built with. */
export function runtimeFile(wrapper: string): string {
  return `${wrapper}.deno`;
}

/**
 * Writes one folder that needs nothing beside it: the wrapper (0755), the bundle (`.js`,
 * `.rest.js` and where there is one `.keys.js`, 0644) and, unless the host has one in a place of its own,
 * a copy of Deno (`.deno`, 0755), the wrapper last. With an installed Deno the bundle's name stands for
 * this very program, so that the wrapper's rename changes all at once. The wrapper names absolute
 * paths: the files work in the folder `prefix`. Throws `BuildError` where others could write to
 * what they are made of, or to the folder.
 */
export async function writeRuntimeProgram(
  options: BuildOptions,
): Promise<Built> {
  await checkPlaces(options);
  const denoVersion = await denoVersionOf(options.deno, options.environment);
  const flags = permissionFlags(options.needs, { denoVersion });
  const { output, bundle, installedDeno } = options;
  // another runtime, or another program, has another cache
  const code = (await sha256Hex(
    JSON.stringify([
      denoVersion,
      flags,
      bundleFiles(`${output}.js`, bundle).map(([, text]) => text),
    ]),
  )).slice(0, 32);
  const suffix = installedDeno === undefined ? ".js" : `.${code}.js`;
  const name = output.slice(output.lastIndexOf("/") + 1);
  const installed = options.prefix === undefined
    ? output
    : `${options.prefix.replace(/\/$/, "")}/${name}`;
  const files = bundleFiles(`${output}${suffix}`, bundle);
  const wrapper = wrapperScript({
    deno: installedDeno ?? runtimeFile(installed),
    flags,
    bundle: `${installed}${suffix}`,
    keysBundle: bundle.keys ? keysFile(`${installed}${suffix}`) : null,
    code,
    cacheDirectory: options.needs.cacheDirectory,
    keysDirectory: options.needs.keysDirectory ?? null,
    logSocket: options.needs.logSocket,
    policySha256: bundle.policySha256 ?? null,
    ...(installedDeno === undefined ? {} : { writtenBy: "oauth-pam apply" }),
  });
  const copies = installedDeno === undefined ? [runtimeFile(output)] : [];
  for (const copy of copies) {
    await replaceFile(copy, {
      mode: 0o755,
      fill: (fresh) => Deno.copyFile(options.deno, fresh),
    });
  }
  for (const [path, text] of files) {
    await replaceText(path, { text, mode: 0o644 });
  }
  await replaceText(output, {
    text: wrapper,
    mode: 0o755,
    prove: options.prove,
  });
  return {
    files: [output, ...files.map(([path]) => path).reverse(), ...copies],
    code,
    denoVersion,
    flags,
  };
}

/** What root will run must not pass through the hands of others. */
async function checkPlaces(
  { deno, output }: Pick<BuildOptions, "deno" | "output">,
): Promise<void> {
  checkPlace(
    "the Deno that is used",
    await Deno.realPath(deno).catch(() => deno),
  );
  checkPlace("the output", output.slice(0, output.lastIndexOf("/")) || "/");
}

interface WrapperParts {
  readonly deno: string;
  readonly flags: readonly string[];
  readonly bundle: string;
  /** What runs instead for `ssh-keys`. */
  readonly keysBundle?: string | null;
  /** The name of the folder for this program's code cache; `null` for none. */
  readonly code?: string | null;
  readonly cacheDirectory: string;
  /** Of the user that sshd asks as. */
  readonly keysDirectory?: string | null;
  readonly logSocket: string;
  /** Of the file whose policy the program has inside. */
  readonly policySha256?: string | null;
  /** What to run again in place of editing the wrapper; `deno task build` unless given. */
  readonly writtenBy?: string;
}

/**
 * No machine code is made while it runs: that does not pay, and nothing can be made to run. And what a login
 * makes of a large policy has room before garbage is looked for, in MB.
 */
const LOGIN_FLAGS = "--jitless,--min-semi-space-size=16";
const LOGIN_ENGINE = `--v8-flags=${LOGIN_FLAGS}`;
/** The same, with all functions in the code cache. */
const CACHED_ENGINE = `--v8-flags=--no-lazy,${LOGIN_FLAGS}`;
/** As stat(1) prints a directory with the mode 0700. */
const PRIVATE = "41c0";
/** The folder of parsed policies in that of a code cache. */
const PARSED = "parsed";
/** What Deno keeps compiled code in, and SQLite's name for the log of that. */
const CODE_LOG = "v8_code_cache_v2-wal";
/**
 * For what runs ahead of a login: parsing a policy of the largest size takes three. The launchers end a login
 * after 30 and what sshd asks after 10: it must come to say that it was tried.
 */
const AHEAD_SECONDS = 5;

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
 * For logins it is a folder that also holds compiled code, which V8 runs as it is: beside the cache
 * directory, or below ssh_keys_directory, where the program has no permission to write. It is used only
 * where it and the one above belong to the user that runs this, with the mode 0700, and are no links. Its
 * name stands for this very program.
 *
 * There, too, is the folder of parsed policies. Where it has no mark for the state of the policy's file (by
 * inode, size and time of change), and it is not the one that the program was built for, the program is run once
 * before the login, to parse it: with no rights but to read, and to write to this folder, without standard
 * input, which holds a token. However that ends, the login goes on, and trusts what it finds there by its digest
 * and hash alone. (Whether it was built for the file the program could tell as well, with twice the memory.)
 *
 * Where compiled code was added to the first of these folders, the program is run once, in the same way, to
 * tidy it. A login does at most one of the two.
 *
 * In the first folder of all it makes the link through which the program reaches a syslog socket below /dev.
 */
export function wrapperScript(parts: WrapperParts): string {
  const { deno, bundle, cacheDirectory, keysDirectory, logSocket } = parts;
  const code = parts.code ?? null;
  const flags = parts.flags.filter((flag) => flag !== NO_CODE_CACHE);
  const linked = logSocket.startsWith("/dev/")
    ? [
      '  link="${deno_dir%/*}/syslog"',
      `  [ -L "$link" ] || /bin/ln -s ${
        shellQuote(logSocket)
      } "$link" 2>/dev/null`,
    ]
    : ["  :"];
  const own = keysDirectory
    ? [
      `[ ! -O ${shellQuote(keysDirectory)} ] || {`,
      `  deno_dir=${shellQuote(`${keysDirectory}/deno`)}`,
      `  code=${
        code ? shellQuote(`${keysDirectory}/${KEYS_CODE}/${code}`) : "''"
      }`,
      "}",
    ]
    : [];
  const keys = parts.keysBundle
    ? [`  ssh-keys) bundle=${shellQuote(parts.keysBundle)} ;;`]
    : ["  ssh-keys) ;;"];
  const parse = '      ahead "$parsed" parse-ahead "$policy" "$parsed"';
  const look = parts.policySha256
    ? [
      // a second of processor is enough for files a hundred times as large as a policy may be
      '      { hash=$(ulimit -t 1 && exec /usr/bin/sha256sum <"$policy"); } 2>/dev/null',
      `      if [ "$hash" = ${shellQuote(`${parts.policySha256}  -`)} ]; then`,
      // the parser would sweep: a policy that is written anew each hour leaves one mark
      '        /bin/rm -f -- "$parsed/seen "*',
      "      else",
      `  ${parse}`,
      "      fi",
    ]
    : [parse];
  const passed = ENVIRONMENT.map((name) =>
    `  \${${name}+"${name}=$${name}"} \\`
  );
  const constants = Object.entries(QUIET_DENO).map(([name, value]) =>
    `${name}=${value}`
  );
  return [
    "#!/bin/sh -p",
    "{ # a copy that was cut short is a syntax error",
    `# Runs oauth-pam with its own Deno. Written by \`${
      parts.writtenBy ?? "deno task build"
    }\`: run that again, do not edit.`,
    `deno_dir=${shellQuote(`${cacheDirectory}/deno`)}`,
    `code=${
      code ? shellQuote(`${codeDirectory(cacheDirectory)}/${code}`) : "''"
    }`,
    ...own,
    '[ -d "$deno_dir" ] || (umask 077 && exec /bin/mkdir -p -- "$deno_dir") 2>/dev/null',
    'if [ -O "$deno_dir" ] && [ ! -L "$deno_dir" ]; then',
    ...linked,
    "else deno_dir=/dev/null/deno; fi",
    `bundle=${shellQuote(bundle)}`,
    `engine='${NO_CODE_CACHE} ${LOGIN_ENGINE}'`,
    "case ${1-} in",
    "  login | device | outcome) ;;",
    ...keys,
    `  *) code='' engine=${NO_CODE_CACHE} ;; # for people, who read YAML`,
    "esac",
    "# ahead FOLDER VERB…: for a time, with no rights but to read, and to write to the folder",
    "ahead() {",
    "  folder=$1",
    "  shift",
    `  /usr/bin/env -i HOME=/nonexistent "DENO_DIR=$code" ${
      constants.join(" ")
    } \\`,
    `    /usr/bin/timeout --foreground -s KILL ${AHEAD_SECONDS} \\`,
    `    ${
      [deno, "run", ...SINGLE_FILE, ...AHEAD].map(shellQuote).join(" \\\n    ")
    } \\`,
    `    "--allow-write=$folder" ${
      shellQuote(bundle)
    } "$@" </dev/null >/dev/null 2>&1`,
    "}",
    'if [ -n "$code" ]; then',
    '  [ -d "$code" ] || (umask 077 && exec /bin/mkdir -p -- "$code") 2>/dev/null',
    "  policy=''",
    "  for word; do case $word in [/]*) policy=$word && break ;; esac; done",
    '  states=$([ -O "$code" ] && [ -O "${code%/*}" ] && export TZ=UTC0 &&',
    "    exec /usr/bin/stat -c '%f %d-%i-%s-%z' -- \\",
    '      "${code%/*}" "$code" ${policy:+"$policy"} 2>/dev/null)',
    "  line='",
    "'",
    '  others=${states#*"$line"}',
    '  state=${others#*"$line"}',
    '  others=${others%%"$line"*}',
    '  case "${states%% *} ${others%% *}" in',
    `    '${PRIVATE} ${PRIVATE}') deno_dir=$code engine=${CACHED_ENGINE} ;;`,
    "    *) state='' ;;",
    "  esac",
    "  case $state in 8*)",
    `    parsed=$code/${PARSED} log=$code/${CODE_LOG}`,
    "    tidied=$parsed/tidied",
    '    if [ ! -e "$parsed/seen $state" ]; then',
    '      [ -d "$parsed" ] || (umask 077 && exec /bin/mkdir -- "$parsed") 2>/dev/null',
    ...look,
    '      (umask 077 && : >"$parsed/seen $state") 2>/dev/null',
    // the mark comes first: of many at once, one is enough
    '    elif [ -s "$log" ] && { [ ! -e "$tidied" ] || [ "$log" -nt "$tidied" ]; } &&',
    '      (umask 077 && : >"$tidied") 2>/dev/null; then',
    '      ahead "$code" tidy-cache "$code"',
    "    fi",
    '    set -- "--parsed=$parsed" "$@" ;;',
    "  esac",
    "fi",
    `exec /usr/bin/env -i HOME=/nonexistent "DENO_DIR=$deno_dir" ${
      constants.join(" ")
    } \\`,
    ...passed,
    `  ${
      [deno, "run", ...SINGLE_FILE, ...flags].map(shellQuote).join(" \\\n  ")
    } $engine "$bundle" "$@"`,
    "}",
    "",
  ].join("\n");
}

/** `text` as one word for a POSIX shell. */
export function shellQuote(text: string): string {
  if (text.includes("\0")) throw new BuildError("a path holds a NUL character");
  return shellWord(text);
}

/** How a file gets its contents and its name. */
interface Replacement {
  readonly mode: number;
  readonly fill: (fresh: string) => Promise<void>;
  /** Tries what was written before it gets its name. May throw. */
  readonly prove?: ((fresh: string) => Promise<void>) | undefined;
}

/** {@link replaceFile} with a text. */
export function replaceText(
  path: string,
  { text, ...how }: Omit<Replacement, "fill"> & { readonly text: string },
): Promise<void> {
  const fill = (fresh: string) => Deno.writeTextFile(fresh, text);
  return replaceFile(path, { ...how, fill });
}

/** With what the folders begin in which new files grow; a crash can leave one. */
export const NURSERY = ".new-";

/**
 * A file under a new name, whole on the disk before it is renamed: what a crash leaves is the old
 * file or the new one, never an empty one.
 */
async function replaceFile(
  path: string,
  { mode, fill, prove }: Replacement,
): Promise<void> {
  const cut = path.lastIndexOf("/");
  const folder = path.slice(0, cut) || "/";
  // under its own name: a compiled program holds the name that it was written to
  const nursery = await Deno.makeTempDir({ dir: folder, prefix: NURSERY });
  const fresh = `${nursery}${path.slice(cut)}`;
  try {
    await fill(fresh);
    await Deno.chmod(fresh, mode);
    await sync(fresh);
    await prove?.(fresh);
    await Deno.rename(fresh, path);
    await sync(folder);
  } finally {
    await Deno.remove(nursery, { recursive: true });
  }
}

async function sync(path: string): Promise<void> {
  using file = await Deno.open(path, { read: true });
  await file.sync();
}
