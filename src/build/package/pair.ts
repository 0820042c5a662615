/**
 * Deno and the denort that `deno compile` embeds: of one version, and for one machine.
 *
 * @module
 */
import { runDeno } from "../deno.ts";
import { BuildError } from "../permissions.ts";
import { privateFolder } from "../places.ts";
import type { RPM_MACHINES } from "./kind.ts";

/** Debian's names of the machines, by the number in an ELF file's head. */
const MACHINES: Readonly<Record<number, keyof typeof RPM_MACHINES>> = {
  62: "amd64",
  183: "arm64",
};

/** For which machine the program at `path` is. Throws `BuildError` for what is not a program for one of these. */
export async function machineOf(
  path: string,
): Promise<keyof typeof RPM_MACHINES> {
  const head = new Uint8Array(20);
  using file = await Deno.open(path);
  await file.read(head);
  const elf = [0x7f, 0x45, 0x4c, 0x46, 2, 1].every((byte, index) =>
    head[index] === byte
  );
  const machine = MACHINES[new DataView(head.buffer).getUint16(18, true)];
  if (!elf || machine === undefined) {
    throw new BuildError(`${path} is not a program for amd64 or arm64`);
  }
  return machine;
}

/**
 * Compiles a small program with the two and runs it. Throws `BuildError` where that fails, or where what
 * runs is of another version: every login would find out.
 */
export async function checkPair(
  { deno, denort, denoVersion }: {
    readonly deno: string;
    readonly denort: string;
    readonly denoVersion: string;
  },
  environment: Readonly<Record<string, string>>,
): Promise<void> {
  const folder = await privateFolder("oauth-pam-pair-");
  try {
    await Deno.writeTextFile(
      `${folder}/version.js`,
      'console.log("deno", Deno.version.deno)',
    );
    await runDeno(deno, {
      args: [
        "compile",
        "--quiet",
        "--no-config",
        "--no-check",
        "--output=version",
        "version.js",
      ],
      environment: { ...environment, DENORT_BIN: denort },
      cwd: folder,
    });
    const printed = await runDeno(`${folder}/version`, {
      args: [],
      environment: {},
    });
    if (printed !== `deno ${denoVersion}\n`) throw new BuildError(printed);
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    throw new BuildError(
      `${denort} is not the denort of Deno ${denoVersion}: ${error.message}`,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
