/**
 * `oauth-pam apply [POLICY]`
 *
 * @module
 */
import { PARTS, POLICY, PROGRAM } from "../../lib/installed.ts";
import config from "../../../deno.json" with { type: "json" };
import { BuildError } from "../../build/permissions.ts";
import { isSystemError } from "../../build/system_error.ts";
import { decodeUtf8 } from "../../files/trusted_file.ts";
import type { Policy } from "../../policy/model.ts";
import { parsePolicy } from "../../policy/syntax/parse.ts";
import { choice, parseArguments, UsageError } from "../arguments.ts";
import { thisHost } from "../check/finding.ts";
import { policyFindings } from "../check/policy.ts";
import { check } from "../check/verb.ts";
import type { Command } from "../command.ts";
import { EXIT, type ExitCode } from "../exit_code.ts";
import {
  InputError,
  type ReadPolicy,
  unreadable,
  usableOrThrow,
} from "../input.ts";
import type { CliIo } from "../io.ts";
import { plural } from "../../lib/text.ts";
import { prettyFindings } from "../output/pretty.ts";
import { makeDirectories } from "./directories.ts";
import {
  hasDenort,
  hostBelow,
  InstalledHost,
  POLICY_FILE,
  trustedBundle,
  trustedBytes,
} from "./host.ts";
import { writeProgram } from "./program.ts";
import {
  type Applied,
  type Form,
  FORMS,
  permissionLines,
  programHash,
  readRecord,
  RECORD,
} from "./record.ts";

export const COMMAND: Command = {
  forms: ["[POLICY]"],
  about: `
Makes the program that logins run, ${PROGRAM}, for a policy: it may talk to the
policy's hosts and write to its cache directory, and nothing else. Run it as root after the package was
installed, and whenever the policy names a new host or another directory. Needs no network until, at the
end, "oauth-pam check" looks at the host. Without POLICY it takes that of the last time, or
${POLICY}.

A policy with errors is refused. Whatever goes wrong, the program that was there stays.
`,
  options: {
    root: {
      value: "DIR",
      says: "a root of another host below DIR, which is not checked",
    },
    form: {
      value: "FORM",
      says: "that of the last time, or compiled where the package can",
      oneOf: {
        compiled: "one executable",
        runtime: "a wrapper for the package's Deno, which starts faster",
      } satisfies Record<Form, string>,
    },
  },
  exits: {
    0: "fine",
    1: 'applied, and "check" finds errors',
    3: "not applied: nothing changed",
  },
  operands: { files: true },
};

const MAX_POLICY_BYTES = 8 * 1024 * 1024;

export async function run(
  args: readonly string[],
  io: CliIo,
): Promise<ExitCode> {
  const options = await parseArguments(args, COMMAND.options);
  const asked = options.text("form");
  const form = asked === undefined ? null : choice("form", asked, FORMS);
  const [named, ...others] = options.positionals;
  if (others.length > 0 || named === "-" || named === "") {
    throw new UsageError("name one policy file, or none");
  }
  const root = options.text("root");
  const host = root === undefined
    ? new InstalledHost("")
    : await hostBelow(root);
  const last = await readRecord(host.at(RECORD));
  const policyPath = named === undefined
    ? last?.policy ?? POLICY
    : host.pathOf(named);
  try {
    await apply({ host, policyPath, form, last }, io);
  } catch (error) {
    throw asInputError(error);
  }
  if (!host.isThisOne) {
    io.stderr(
      `oauth-pam: the host below ${host.root} was not checked: run "oauth-pam check" there\n`,
    );
    return EXIT.fine;
  }
  const code = await check([policyPath], thisHost(io));
  return code === EXIT.fine ? EXIT.fine : EXIT.negative;
}

interface Request {
  readonly host: InstalledHost;
  readonly policyPath: string;
  /** `null` where none was named. */
  readonly form: Form | null;
  /** What the last one wrote; `null` where there is no record. */
  readonly last: Applied | null;
}

async function apply(request: Request, io: CliIo): Promise<void> {
  const { host, policyPath, last } = request;
  const { policy, bytes } = await lintedPolicy(request, io);
  const { form, why } = await formOf(request);
  const bundle = await trustedBundle(host, form);
  if (why !== null) io.stderr(`oauth-pam: ${why}\n`);
  const known = last !== null &&
    await programHash(host.at(PROGRAM)) === last.programSha256;
  for (const line of await makeDirectories(policy, { host, io })) {
    io.stderr(`oauth-pam: ${line}\n`);
  }
  const built = await writeProgram({
    ...{ host, bundle, policy, policyPath, form, policyBytes: bytes },
    version: config.version,
  });
  const how = `${form}, oauth-pam ${config.version}, deno ${built.denoVersion}`;
  io.stdout(`applied ${policyPath}: wrote ${PROGRAM} (${how})\n`);
  io.stdout(changes(built.flags, known ? last.flags : null));
}

/** The policy and its very bytes, if it has no errors. Throws {@link InputError}. */
async function lintedPolicy(
  { host, policyPath }: Request,
  io: CliIo,
): Promise<{ policy: Policy; bytes: Uint8Array<ArrayBuffer> }> {
  const file = host.at(policyPath);
  const bytes = await trustedBytes(file, {
    what: POLICY_FILE,
    maxBytes: MAX_POLICY_BYTES,
  });
  const read = readOf(file, bytes);
  const policy = usableOrThrow(read);
  const errors = (await policyFindings(read, io))
    .flatMap((each) => each.level === "error" ? [each] : []);
  if (errors.length > 0) {
    io.stderr(prettyFindings(errors, { color: false }));
    throw new InputError(
      `the policy has ${plural(errors.length, "error")}: nothing was changed`,
    );
  }
  return { policy, bytes };
}

function readOf(file: string, bytes: Uint8Array): ReadPolicy {
  try {
    const text = decodeUtf8(bytes);
    return { file, text, ...parsePolicy(text, { file }) };
  } catch (error) {
    const diagnostics = [unreadable(file, error)];
    return { file, text: "", policy: null, source: null, diagnostics };
  }
}

/** How the program is to be made, and why not as one would expect. Throws {@link InputError}. */
async function formOf(
  { host, form, last }: Request,
): Promise<{ form: Form; why: string | null }> {
  const can = await hasDenort(host);
  const lacking = `"${PARTS.denort}" does not exist`;
  if (form === "compiled" && !can) {
    throw new InputError(
      `${lacking}: this package cannot compile; use --form runtime`,
    );
  }
  if (form !== null) return { form, why: null };
  if (can) return { form: last?.form ?? "compiled", why: null };
  return {
    form: "runtime",
    why: last?.form === "runtime"
      ? null
      : `${lacking}, so the form is runtime and not compiled`,
  };
}

/** What the program may do now and not before, and the reverse; all of it where that is not known. */
function changes(
  flags: readonly string[],
  before: readonly string[] | null,
): string {
  const now = permissionLines(flags);
  const old = before === null ? [] : permissionLines(before);
  const lines = [
    ...now.filter((line) => !old.includes(line)).map((line) => `+ ${line}`),
    ...old.filter((line) => !now.includes(line)).map((line) => `- ${line}`),
  ];
  const title = before === null
    ? "permissions of the program"
    : "permissions since the last apply";
  return lines.length === 0
    ? `${title}: nothing changed\n`
    : `${title}:\n${lines.map((line) => `  ${line}\n`).join("")}`;
}

/** The build or the file system said no; anything else is a defect. */
function asInputError(error: unknown): unknown {
  if (error instanceof BuildError) return new InputError(error.message);
  if (error instanceof Deno.errors.PermissionDenied && Deno.uid() !== 0) {
    return new InputError(`${error.message}: run it as root`);
  }
  if (error instanceof Deno.errors.NotCapable) return error;
  return isSystemError(error) ? new InputError(error.message) : error;
}
