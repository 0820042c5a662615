/**
 * Builds a probe in a private folder and runs it, under strace where files matter.
 *
 * @module
 */

import { buildEnvironment as environment } from "../support/built_program.ts";
import { MARKER } from "../../src/build/bundle.ts";
import { bundleOnce } from "../support/bundle_once.ts";
import {
  type BuildOptions,
  compileProgram,
  writeRuntimeProgram,
} from "../../src/build/compile.ts";
import { ENVIRONMENT } from "../../src/build/permissions.ts";

export { environment };
export const denoToCompile = environment.DENO_FOR_COMPILE ?? Deno.execPath();
export const decoder = new TextDecoder();

/** Stands in for the program: says what it can see and do. */
const PROBE = `
const embedded: string = "${MARKER}";
const names = ${JSON.stringify(ENVIRONMENT)};
const attempt = (action: () => unknown) => {
  try { return action() ?? "done"; } catch (error) { return (error as Error).name; }
};
// the wrapper's own word comes first
const [verb, ...rest] = Deno.args.filter((word) => !word.startsWith("--parsed="));
const cache = JSON.parse(embedded).policy.cache;
if (verb === "see") {
  const seen = Object.fromEntries(names.map((name) => [name, Deno.env.get(name)]));
  console.log(JSON.stringify({ seen, args: rest, cwd: attempt(() => Deno.cwd()), uid: Deno.uid(),
    others: ["HOME", "PATH", "DENO_DIR"].map((name) => attempt(() => Deno.env.get(name))),
    all: attempt(() => Deno.env.toObject()),
    net: ["login.example.edu:443", "login.example.edu:80", "evil.example.org:443", undefined]
      .map((host) => Deno.permissions.querySync({ name: "net", ...(host ? { host } : {}) }).state),
    write: [cache + "/x", cache + "-x", "probe"].map((path) => attempt(() => Deno.writeTextFileSync(path, ""))),
    started: attempt(() => new Deno.Command("/bin/true").outputSync()),
    loaded: await Promise.all(["https://login.example.edu/x.js", "file:///etc/x.js", "npm:jose"]
      .map((specifier) => import(specifier).then(() => "loaded", (error) => error.name))),
    run: Deno.permissions.querySync({ name: "run" }).state,
    ffi: Deno.permissions.querySync({ name: "ffi" }).state }));
} else if (verb === "copy") {
  await Deno.stdin.readable.pipeTo(Deno.stdout.writable);
} else if (verb === "login") {
  const [folder] = rest;
  const beside = folder.replace(/\\/[^/]*$/, "");
  console.log(JSON.stringify({ marker: "MARK", write: [folder + "/x", folder + "/parsed/x", beside + "/x", folder, beside]
    .map((path) => attempt(() => Deno.writeTextFileSync(path, ""))),
    moved: [[folder, cache + "/y"], [folder + "/parsed", cache + "/y"], [beside, cache + "/y"], [cache, beside], [cache + "/z", folder + "/v8_code_cache_v2"]]
      .map(([from, to]) => attempt(() => Deno.renameSync(from, to))),
    linked: [[folder, cache + "/l"], [cache + "/l", folder + "/l"]]
      .map(([from, to]) => attempt(() => Deno.symlinkSync(from, to))) }));
} else if (verb === "parse-ahead" || verb === "tidy-cache") {
  const [policy, folder] = verb === "parse-ahead" ? rest : ["no policy", rest[0]];
  if (policy.endsWith("hangs")) {
    Deno.writeTextFileSync(folder + "/" + crypto.randomUUID(), "");
    for (;;);
  }
  const upwards = folder.replace(/\\/[^/]*$/, "");
  Deno.writeTextFileSync(folder + "/report", JSON.stringify({ args: rest,
    read: Deno.stdin.readSync(new Uint8Array(10)),
    env: [...names, "HOME", "DENO_DIR"].filter((name) => name !== "NO_COLOR").map((name) => attempt(() => Deno.env.get(name))),
    write: [folder + "/x", upwards + "/x", upwards + "/v8_code_cache_v2", cache + "/x", policy]
      .map((path) => attempt(() => Deno.writeTextFileSync(path, ""))),
    rights: ["net", "run", "ffi", "env"].map((name) => Deno.permissions.querySync({ name }).state) }));
  console.log("never seen");
  console.error("never seen");
  Deno.exit(0);
} else if (verb === "log") {
  const socket = Deno.listenDatagram({ transport: "unixpacket", path: cache + "/log.sock" });
  await socket.send(new TextEncoder().encode("to the log"), { transport: "unixpacket", path: rest[0]! });
  socket.close();
}
Deno.exitCode = 7;
`;

export type Build = (options: BuildOptions) => Promise<unknown>;
export const BUILDS: [string, Build, string][] = [
  ["the wrapper", writeRuntimeProgram, Deno.execPath()],
];
if (environment.DENORT_BIN !== undefined) {
  BUILDS.push(["the compiled program", compileProgram, denoToCompile]);
  if (environment.DENO_FOR_COMPILE !== undefined) {
    BUILDS.push([
      "the wrapper for the other Deno",
      writeRuntimeProgram,
      denoToCompile,
    ]);
  }
}

export interface Site {
  /** A private folder with all of the following in it. */
  readonly root: string;
  readonly program: string;
  readonly cache: string;
  readonly logSocket: string;
  /** The folder for the code cache of logins; `null` for a compiled program. */
  readonly code: string | null;
}

/** As the wrapper says it. */
export async function codeFolder(program: string): Promise<string | null> {
  const line = /^code='?([^'\n]+)'?$/m.exec(
    (await Deno.readTextFile(program)).replaceAll("'\\''", "\0"),
  )?.[1];
  return line === undefined ? null : line.replaceAll("\0", "'");
}

export async function withSite(
  { build, deno, real = false, sha256 = "00" }: {
    build: Build;
    deno: string;
    /** The program itself, not the probe. */
    real?: boolean;
    /** Of the policy that it is built for. */
    sha256?: string;
  },
  body: (site: Site) => Promise<void>,
): Promise<void> {
  const root = await Deno.realPath(
    await Deno.makeTempDir({ prefix: "it's a site " }),
  );
  try {
    const paths = {
      root,
      program: `${root}/oauth-pam`,
      cache: `${root}/var cache/oauth-pam`,
      logSocket: `${root}/log socket`,
    };
    for (const name of ["home", "work", "tmp"]) {
      await Deno.mkdir(`${root}/${name}`);
    }
    await Deno.mkdir(paths.cache, { recursive: true, mode: 0o700 });
    await Deno.writeTextFile(`${root}/probe.ts`, PROBE);
    await build({
      bundle: await bundleOnce({
        ...(real ? {} : { entryPoint: `${root}/probe.ts` }),
        environment,
        sha256,
        policy: { cache: paths.cache },
      }),
      needs: {
        netHosts: ["login.example.edu:443"],
        cacheDirectory: paths.cache,
        logSocket: paths.logSocket,
      },
      output: paths.program,
      deno,
      environment,
    });
    const code = build === writeRuntimeProgram
      ? await codeFolder(paths.program)
      : null;
    await body({ ...paths, code });
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

export interface Run {
  readonly env?: Record<string, string>;
  readonly stdin?: string;
  /** Put before the program, such as strace and its options. */
  readonly before?: readonly string[];
}

export async function run(
  site: Site,
  args: readonly string[],
  how: Run = {},
): Promise<{ code: number; out: string; err: string }> {
  const [first, ...more] = [...(how.before ?? []), site.program, ...args];
  const child = new Deno.Command(first ?? "", {
    args: more,
    cwd: `${site.root}/work`,
    clearEnv: true,
    env: { HOME: `${site.root}/home`, TMPDIR: `${site.root}/tmp`, ...how.env },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(how.stdin ?? "")).then(() =>
    writer.close()
  )
    .catch(() => {}); // the program need not read
  const { code, stdout, stderr } = await child.output();
  return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
}

export interface Trace {
  /** Every path that a system call named, relative ones included. */
  readonly paths: string[];
  /** Those that were created, renamed or opened for writing, and did exist afterwards. */
  readonly written: string[];
}

/** Runs the program under strace and says which files it touched. */
export async function trace(
  site: Site,
  args: readonly string[],
  how: Run = {},
): Promise<Trace> {
  const log = `${site.root}/strace log`;
  const options = [
    "-f",
    "-qq",
    "-s",
    "4096",
    "-e",
    "trace=%file",
    "-e",
    "signal=none",
    "-o",
    log,
  ];
  await run(site, args, {
    ...how,
    before: ["/usr/bin/strace", ...options, "--"],
  });
  const lines = (await Deno.readTextFile(log)).split("\n")
    // a call that another thread's interrupts is written in two lines
    .filter((line) => !/\b(?:execve|getcwd)(?:\(| resumed>)/.test(line));
  const pathsOf = (line: string) =>
    [...line.matchAll(/"([^"]+)"/g)].map((match) => match[1] ?? "");
  const writes = lines.filter((line) =>
    /O_CREAT|O_WRONLY|O_RDWR|O_TMPFILE|\b(?:mkdir|mknod|rename|link|symlink|creat|bind)\w*\(/
      .test(line) &&
    !/= -1 E/.test(line)
  );
  return {
    paths: lines.flatMap(pathsOf),
    // The last one: a link's first path is only text.
    written: writes.flatMap((line) => pathsOf(line).slice(-1)),
  };
}

export function inside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}
