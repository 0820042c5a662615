/**
 * `deno task build POLICY [--runtime [--prefix FOLDER]] [--output FILE]`: the program for one policy, with the
 * permissions that this policy needs and no others. `deno task build --client [--output FILE]`: the program
 * for people's own machines, with those that `oauth-pam key` needs.
 *
 * @module
 */

import { sha256Hex } from "../files/state_directory.ts";
import { parseArgs } from "node:util";
import { type Diagnostic, findingText } from "../policy/diagnostic.ts";
import { parsePolicy, usable } from "../policy/syntax/parse.ts";
import { bundleProgram } from "./bundle.ts";
import { compileProgram, writeRuntimeProgram } from "./compile.ts";
import { BUILD_ENVIRONMENT } from "./deno.ts";
import { takesCertificates } from "../policy/model.ts";
import { BuildError, CLIENT, permissionNeeds } from "./permissions.ts";
import { isSystemError } from "./system_error.ts";

const USAGE =
  `usage: deno task build POLICY [--runtime [--prefix FOLDER]] [--output FILE]
       deno task build --client [--output FILE]`;

interface BuildIo {
  readonly environment: Readonly<Record<string, string>>;
  /** In place of {@link bundleProgram}, for tests: of another program, or of one that was bundled before. */
  readonly bundle?: typeof bundleProgram;
  readonly print: (line: string) => void;
  readonly printError: (line: string) => void;
}

/**
 * Builds and answers with an exit code: 0 built, 1 the build failed, 2 usage, 3 the policy cannot
 * be read or is not valid.
 */
export async function build(
  args: readonly string[],
  io: BuildIo,
): Promise<number> {
  let request: Request;
  try {
    request = parseRequest(args);
  } catch (error) {
    // the runtime goes on with what else an option could be
    const [complaint] = messageOf(error).split(". To specify");
    io.printError(`${complaint}\n${USAGE}`);
    return 2;
  }
  if (request.help) {
    io.print(USAGE);
    return 0;
  }
  const { policy } = request;
  return policy === null
    ? await reported(io, () => buildClient(request, io))
    : await buildForPolicy({ ...request, policy }, io);
}

/** One executable, with every verb for people in it. */
async function buildClient(
  request: Request,
  { environment, bundle = bundleProgram }: BuildIo,
): Promise<string> {
  const built = await compileProgram({
    bundle: await bundle({ environment }),
    needs: CLIENT,
    output: await outputPath(request.output),
    environment,
    deno: environment.DENO_FOR_COMPILE || Deno.execPath(),
  });
  return `built ${listed(built.files)} for deno ${built.denoVersion} with ` +
    built.flags.join(" ");
}

async function buildForPolicy(
  request: Request & { readonly policy: string },
  io: BuildIo,
): Promise<number> {
  let bytes: Uint8Array<ArrayBuffer>;
  let text: string;
  try {
    bytes = await Deno.readFile(request.policy);
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
      bytes,
    );
  } catch (error) {
    io.printError(`${request.policy}: error: the file ${whyUnread(error)}`);
    return 3;
  }
  const parsed = parsePolicy(text, { file: request.policy });
  for (const finding of parsed.diagnostics) io.printError(describe(finding));
  const policy = usable(parsed);
  if (policy === null) return 3;
  return await reported(io, async () => {
    const needs = permissionNeeds(policy);
    const sha256 = await sha256Hex(bytes);
    const output = await outputPath(request.output);
    const bundle = await (io.bundle ?? bundleProgram)({
      sha256,
      policy,
      keys: takesCertificates(policy),
      environment: io.environment,
    });
    const common = { bundle, needs, output, environment: io.environment };
    const { prefix } = request;
    const built = request.runtime
      ? await writeRuntimeProgram({
        ...common,
        ...(prefix === null ? {} : { prefix }),
        deno: Deno.execPath(),
      })
      : await compileProgram({
        ...common,
        deno: io.environment.DENO_FOR_COMPILE || Deno.execPath(),
      });
    return `built ${listed(built.files)} for deno ${built.denoVersion} with ` +
      `${built.flags.join(" ")} policy_sha256=${sha256} ` +
      `sha256=${await sha256Hex(
        await Deno.readFile(built.files[1] ?? output),
      )}`;
  });
}

/** Prints what `action` says, or why it failed. */
async function reported(
  io: BuildIo,
  action: () => Promise<string>,
): Promise<number> {
  try {
    io.print(await action());
    return 0;
  } catch (error) {
    if (!(error instanceof BuildError || isSystemError(error))) throw error;
    io.printError(`error: ${messageOf(error)}`);
    return 1;
  }
}

/** `a, b and c` */
function listed(files: readonly string[]): string {
  return [files.slice(0, -1).join(", "), files.at(-1)].filter(Boolean).join(
    " and ",
  );
}

interface Request {
  readonly help: boolean;
  /** `null`: the program for people. */
  readonly policy: string | null;
  readonly runtime: boolean;
  /** Where the runtime build will lie; `null` where it is written to. */
  readonly prefix: string | null;
  readonly output: string;
}

function parseRequest(args: readonly string[]): Request {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      help: { type: "boolean", short: "h", default: false },
      client: { type: "boolean", default: false },
      runtime: { type: "boolean", default: false },
      prefix: { type: "string" },
      output: { type: "string", short: "o", default: "dist/oauth-pam" },
    },
  });
  const [policy, ...rest] = positionals;
  const prefix = values.prefix ?? null;
  if (values.help) return { ...values, prefix, policy: "" };
  if (rest.length > 0) throw new Error(`unexpected argument "${rest[0]}"`);
  if (values.client && (policy !== undefined || values.runtime)) {
    throw new Error("--client goes with neither a policy nor --runtime");
  }
  if (!values.client && (policy === undefined || policy === "")) {
    throw new Error("no policy named");
  }
  if (values.output === "" || values.output.endsWith("/")) {
    throw new Error("--output names no file");
  }
  if (prefix !== null && !values.runtime) {
    throw new Error("--prefix goes with --runtime");
  }
  if (prefix !== null && !/^\/(?:[^/]+\/?)+$/.test(prefix)) {
    throw new Error("--prefix names no absolute folder");
  }
  return { ...values, prefix, policy: policy ?? null };
}

/** Absolute, because the wrapper names it, and without symlinks in the folder's part. */
async function outputPath(output: string): Promise<string> {
  const cut = output.lastIndexOf("/");
  const folder = cut < 0 ? "." : output.slice(0, cut) || "/";
  await Deno.mkdir(folder, { recursive: true });
  const real = await Deno.realPath(folder);
  return `${real === "/" ? "" : real}/${output.slice(cut + 1)}`;
}

function describe(finding: Diagnostic): string {
  const { hint } = finding;
  return findingText(finding) + (hint === undefined ? "" : `\n  hint: ${hint}`);
}

function whyUnread(error: unknown): string {
  const { NotFound, NotADirectory, IsADirectory, PermissionDenied } =
    Deno.errors;
  if (error instanceof NotFound || error instanceof NotADirectory) {
    return "does not exist";
  }
  if (error instanceof IsADirectory) return "is a directory";
  if (error instanceof PermissionDenied) return "is not yours to read";
  return error instanceof TypeError ? "is not UTF-8" : "cannot be read";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

if (import.meta.main) {
  const environment: Record<string, string> = {};
  for (const name of BUILD_ENVIRONMENT) {
    const value = Deno.env.get(name);
    if (value !== undefined) environment[name] = value;
  }
  const encoder = new TextEncoder();
  Deno.exitCode = await build(Deno.args, {
    environment,
    print: (line) => Deno.stdout.writeSync(encoder.encode(`${line}\n`)),
    printError: (line) => Deno.stderr.writeSync(encoder.encode(`${line}\n`)),
  });
}
