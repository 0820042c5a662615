/**
 * Programs as a build makes them, and the same with something else inside.
 *
 * @module
 */
import { type Bundle, bundleProgram } from "../../src/build/bundle.ts";
import {
  compileProgram,
  writeRuntimeProgram,
} from "../../src/build/compile.ts";
import { permissionNeeds } from "../../src/build/permissions.ts";
import { takesCertificates } from "../../src/policy/model.ts";
import { parsePolicy, usable } from "../../src/policy/syntax/parse.ts";
import { sha256Hex } from "../../src/files/state_directory.ts";
import {
  buildEnvironment as environment,
  type BuildKind,
} from "../support/built_program.ts";

/** A program without a line. */
export const EMPTY: Bundle = { main: "", issuer: "", rest: "" };

/** One that does nothing but say the launcher's word for a grant. */
export const GRANTING: Bundle = {
  ...EMPTY,
  main: 'Deno.exit(Number(Deno.env.get("OAUTH_PAM_GRANT")));\n',
};

export interface ProgramOptions {
  readonly policyFile: string;
  readonly output: string;
  readonly kind: BuildKind;
  /** What is inside in place of what is built. */
  readonly inside?: Bundle | ((bundle: Bundle) => Bundle);
}

/** Builds one; it has the permissions of its policy whatever is inside. Throws when that is not valid. */
export async function makeProgram(options: ProgramOptions): Promise<void> {
  const { policyFile, output, kind, inside } = options;
  const text = await Deno.readTextFile(policyFile);
  const policy = usable(parsePolicy(text, { file: policyFile }));
  if (policy === null) throw new Error(`${policyFile} is not a valid policy`);
  const bundled = async () =>
    await bundleProgram({
      sha256: await sha256Hex(new TextEncoder().encode(text)),
      policy,
      keys: takesCertificates(policy),
      environment,
    });
  const bundle = inside === undefined
    ? await bundled()
    : typeof inside === "function"
    ? inside(await bundled())
    : inside;
  const common = {
    bundle,
    output,
    environment,
    needs: permissionNeeds(policy),
  };
  if (kind === "compiled") {
    const deno = environment.DENO_FOR_COMPILE ?? Deno.execPath();
    await compileProgram({ ...common, deno });
    await asReadFromDisk(output);
  } else {
    // one Deno for all: copies of it would contend for the memory of the page cache
    const deno = Deno.execPath();
    await writeRuntimeProgram({ ...common, deno, installedDeno: deno });
  }
}

/**
 * Leaves nothing of a file in memory. What was just written lies there in huge pages by luck, which makes
 * one program up to a tenth faster than another; a host that was started reads all of them from its disk.
 */
async function asReadFromDisk(path: string): Promise<void> {
  const { success, stderr } = await new Deno.Command("dd", {
    args: [`if=${path}`, "iflag=nocache", "count=0"],
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}
