/**
 * `deno task package [deb|rpm|all] [--output FOLDER]`: what administrators install. It has no policy in it:
 * `oauth-pam apply` puts the host's into the program that logins run.
 *
 * @module
 */
import { PARTS } from "../../lib/installed.ts";
import { parseArgs } from "node:util";
import { bundleProgram } from "../bundle.ts";
import { BUILD_ENVIRONMENT, denoVersionOf } from "../deno.ts";
import { peopleWrapper } from "../people_wrapper.ts";
import { BuildError } from "../permissions.ts";
import { debianChangelog, newestRelease } from "./changelog.ts";
import { completions } from "./completion.ts";
import { copyrightFile } from "./copyright.ts";
import { writeDeb } from "./deb.ts";
import { COMPRESSIONS, type Entry, type PackageKind } from "./kind.ts";
import { manPages } from "./man.ts";
import { broughtPackages } from "./npm.ts";
import { checkPair, machineOf } from "./pair.ts";
import { writeRpm } from "./rpm.ts";
import { type Binary, sbom } from "./sbom.ts";
import { digestOf } from "./stage.ts";
import { packageTree } from "./tree.ts";

const USAGE = `usage: deno task package [deb|rpm|all] [--output FOLDER]
         [--denort FILE | --without-denort] [--deno FILE] [--version X.Y.Z]
         [--compression none|fast|best] [--maintainer "NAME <ADDRESS>"]`;

/** Whoever gives a package to others names themselves: --maintainer. */
const MAINTAINER = "oauth-pam authors <maintainers@oauth-pam.example>";
const SUMMARY = "log in with an OpenID provider, under a reviewed policy";
const CHECKOUT = decodeURIComponent(
  new URL("../../../", import.meta.url).pathname,
);

interface PackageIo {
  readonly environment: Readonly<Record<string, string>>;
  readonly print: (line: string) => void;
  readonly printError: (line: string) => void;
}

/** What there is after {@link makePackages}. */
export interface Packages {
  /** Paths of the packages. */
  readonly files: readonly string[];
  readonly entries: readonly Entry[];
  /** What was packed, for people. */
  readonly told: readonly string[];
}

/** Makes packages and answers with an exit code: 0 made, 1 it failed, 2 usage. */
export async function main(
  args: readonly string[],
  io: PackageIo,
): Promise<number> {
  let request: Request;
  try {
    request = parseRequest(args, io.environment);
  } catch (error) {
    const [complaint] = messageOf(error).split(/\. To specify|\n/);
    io.printError(`${complaint}\n${USAGE}`);
    return 2;
  }
  if (request.help) {
    io.print(USAGE);
    return 0;
  }
  try {
    const { files, told } = await makePackages(request, io.environment);
    for (const line of [...told, ...files]) io.print(line);
    return 0;
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    io.printError(`error: ${error.message}`);
    return 1;
  }
}

/** Makes what is asked for. Throws `BuildError` where a part is missing or does not fit. */
export async function makePackages(
  request: Omit<Request, "help">,
  environment: Readonly<Record<string, string>>,
): Promise<Packages> {
  const [bundle, brought, changelog] = await Promise.all([
    bundleProgram({ environment, keys: true }),
    broughtPackages(environment),
    Deno.readTextFile(`${CHECKOUT}CHANGELOG.md`),
  ]);
  const { denort } = request;
  const deno = request.deno ?? brought.deno.path;
  if (!await exists(deno)) {
    throw new BuildError(
      `there is no ${deno}: "deno install" fetches the one of deno.lock`,
    );
  }
  const version = request.version ??
    JSON.parse(await Deno.readTextFile(`${CHECKOUT}deno.json`)).version;
  const date = sourceDate(environment) ?? newestRelease(changelog);
  const denoVersion = await denoVersionOf(deno, environment);
  if (denort !== null) {
    await checkPair({ deno, denort, denoVersion }, environment);
  }
  const binaries: Binary[] = await Promise.all(
    [
      ["deno", deno] as const,
      ...denort === null ? [] : [["denort", denort] as const],
    ]
      .map(async ([name, path]) => ({
        name,
        version: denoVersion,
        sha256: await digestOf(path, "sha256"),
      })),
  );
  const told = toldOf(binaries, brought.deno.version);
  const entries = await packageTree({
    deno,
    denort,
    bundle,
    wrapper: peopleWrapper({
      deno: PARTS.deno,
      bundle: PARTS.bundle,
    }),
    copyright: copyrightFile({
      ownLicense: await Deno.readTextFile(`${CHECKOUT}LICENSE`),
      bundled: brought.bundled,
    }),
    changelog: debianChangelog(changelog, {
      version,
      date,
      maintainer: request.maintainer,
    }),
    sbom: sbom({ version, date, binaries, bundled: brought.bundled }),
    manPages: await manPages(),
    completions: await completions(),
  });
  await Deno.mkdir(request.output, { recursive: true });
  const files: string[] = [];
  for (const kind of request.kinds) {
    files.push(
      await WRITERS[kind]({
        entries: entries.filter(({ only }) => (only ?? kind) === kind),
        version,
        maintainer: request.maintainer,
        summary: SUMMARY,
        description: description(told),
        compression: request.compression,
        date,
        machine: await machineOf(deno),
        output: await Deno.realPath(request.output),
        environment,
      }),
    );
  }
  return { files, entries, told };
}

const WRITERS = { deb: writeDeb, rpm: writeRpm };

/** What is packed, and whether it is what a release has. */
function toldOf(binaries: readonly Binary[], pinned: string): string[] {
  return binaries.flatMap(({ name, version, sha256 }) => [
    `${name} ${version}${
      version === pinned ? "" : `, for tests: a release has ${pinned}`
    }`,
    `  sha256 ${sha256}`,
  ]);
}

function description(told: readonly string[]): string {
  return `A program for pam_exec, pam_script and sshd. It verifies the tokens of OpenID
providers, in SSH certificates, by device sign-in or pasted, and decides by a
policy in YAML, which it also lints, tests, explains and compares.
.
Nothing changes by installing it: "oauth-pam apply POLICY" writes the program
for logins, with the permissions of that policy and no others.
.
It has these in it:
${told.map((line) => `  ${line}`).join("\n")}`.replaceAll(/^\.$/gm, "");
}

/** By the convention of reproducible builds. */
function sourceDate(
  environment: Readonly<Record<string, string>>,
): Date | null {
  const text = environment.SOURCE_DATE_EPOCH ?? "";
  if (text === "") return null;
  if (!/^\d{1,11}$/.test(text)) {
    throw new BuildError("SOURCE_DATE_EPOCH is not a number of seconds");
  }
  return new Date(Number(text) * 1000);
}

/** What is asked for. */
export interface Request {
  readonly help: boolean;
  readonly kinds: readonly PackageKind[];
  readonly output: string;
  /** `null`: that of the lock file. */
  readonly deno: string | null;
  readonly denort: string | null;
  /** `null`: that of deno.json. */
  readonly version: string | null;
  readonly compression: typeof COMPRESSIONS[number];
  readonly maintainer: string;
}

/** Throws where it is not understood. */
export function parseRequest(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Request {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      help: { type: "boolean", short: "h", default: false },
      output: { type: "string", short: "o", default: "dist" },
      deno: { type: "string" },
      denort: { type: "string" },
      "without-denort": { type: "boolean", default: false },
      version: { type: "string" },
      compression: { type: "string", default: "best" },
      maintainer: { type: "string", default: MAINTAINER },
    },
  });
  const [kind = "all", ...more] = positionals;
  if (more.length > 0) throw new Error(`unexpected argument "${more[0]}"`);
  if (kind !== "all" && kind !== "deb" && kind !== "rpm") {
    throw new Error(`"${kind}" is not a kind of package: deb, rpm or all`);
  }
  const compression = COMPRESSIONS.find((each) => each === values.compression);
  if (compression === undefined) {
    throw new Error(`--compression is one of ${COMPRESSIONS.join(", ")}`);
  }
  const { version = null, maintainer } = values;
  if (version !== null && !/^\d+\.\d+\.\d+$/.test(version)) {
    throw new Error("--version is three numbers, such as 1.2.3");
  }
  if (!/^[^<>\n]+ <[^<>\s]+@[^<>\s]+>$/.test(maintainer)) {
    throw new Error('--maintainer is a name and an address: "NAME <ADDRESS>"');
  }
  if (values["without-denort"] && values.denort !== undefined) {
    throw new Error("--denort does not go with --without-denort");
  }
  const denort = values.denort ?? (environment.DENORT_BIN || null);
  if (denort === null && !values["without-denort"] && !values.help) {
    throw new Error(
      "--denort FILE is what `deno compile` embeds, of the same version as Deno; or say --without-denort",
    );
  }
  return {
    help: values.help,
    kinds: kind === "all" ? ["deb", "rpm"] : [kind],
    output: values.output,
    deno: values.deno ?? (environment.DENO_FOR_COMPILE || null),
    denort: values["without-denort"] ? null : denort,
    version,
    compression,
    maintainer,
  };
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(({ isFile }) => isFile, () => false);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

if (import.meta.main) {
  const environment: Record<string, string> = {};
  for (const name of [...BUILD_ENVIRONMENT, "SOURCE_DATE_EPOCH"]) {
    const value = Deno.env.get(name);
    if (value !== undefined) environment[name] = value;
  }
  const encoder = new TextEncoder();
  Deno.exitCode = await main(Deno.args, {
    environment,
    print: (line) => Deno.stdout.writeSync(encoder.encode(`${line}\n`)),
    printError: (line) => Deno.stderr.writeSync(encoder.encode(`${line}\n`)),
  });
}
