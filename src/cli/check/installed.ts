/**
 * `check`: everything that runs because PAM runs a line of ours, or sshd asks about a key: scripts,
 * launchers, program, and where that is a wrapper, what it starts. Whoever can write one of them, or a
 * folder above one, becomes root at the next login, or says who does.
 *
 * @module
 */
import { LAUNCHERS, LAUNCHERS_AGAIN } from "../documents.ts";
import type { CliIo } from "../io.ts";
import { takesCertificates } from "../../policy/model.ts";
import {
  hasPackage,
  hasPolicyBeside,
  packageOfProgram,
  policyOfProgram,
  type ProgramParts,
  rebuilt,
} from "./built_for.ts";
import { bytesAsText, engineOf, readCompiled } from "./compiled.ts";
import { type CheckContext, fine, type Noted } from "./finding.ts";
import { mendTrust } from "./mend.ts";
import type { OwnLine } from "./pam/own.ts";
import { scriptAt } from "./script_file.ts";
import type { KeysCommand } from "./sshd/keys_command.ts";
import { distrust, programFindings } from "./trusted.ts";
import {
  issuerFile,
  keysFile,
  policyFile,
  restFile,
} from "../../lib/bundle_files.ts";
import { wrapperParts } from "./wrapper.ts";

interface Starting {
  /** PAM's lines. */
  readonly own: readonly OwnLine[];
  /** What sshd asks about keys. */
  readonly keys: readonly KeysCommand[];
}

/** Looks at all that the lines start, and says at what. Runs nothing. */
export async function installedFindings(
  { own, keys }: Starting,
  context: CheckContext,
): Promise<Noted[]> {
  const { policy, policyPath } = context;
  const looked = new Looked(context);
  for (const { module, command, launcher, program, ...line } of own) {
    if (module === "pam_script") {
      await looked.script(command, "file/pam-script", "script of pam_script");
    }
    if (launcher !== null) {
      await looked.script(launcher, "file/launcher", "launcher");
    }
    if (program === null) continue;
    await looked.program(program);
    if (line.policy === policyPath) await looked.fits(program);
  }
  const certificates = policy !== null && takesCertificates(policy);
  for (const { launcher, program, ...line } of keys) {
    if (launcher !== null) await looked.keysLauncher(launcher);
    if (program === null) continue;
    await looked.program(program);
    if (certificates) await looked.keysBundle(program);
    if (line.policy === policyPath) await looked.fits(program);
  }
  if (own.length + keys.length === 0) await looked.unused();
  return looked.findings();
}

interface StartedFile {
  readonly path: string;
  /** Whether it is run, rather than only read. */
  readonly run: boolean;
}

/** What starts when sshd asks about a key, as far as it can be told; in the order in which it does. */
export async function startedByKeys(
  { launcher, program }: KeysCommand,
  io: CliIo,
): Promise<StartedFile[]> {
  const run = [launcher, program].filter((path) => path !== null);
  const text = program === null ? null : await scriptAt(program, io);
  const parts = text === null ? null : wrapperParts(text);
  const read = parts === null ? [] : [
    parts.bundle,
    ...[keysFile, issuerFile, restFile].map((of) => of(parts.bundle)),
    ...await policyBeside(parts.bundle, io),
  ];
  return [
    ...[...run, parts?.deno ?? []].flat().map((path) => ({ path, run: true })),
    ...read.map((path) => ({ path, run: false })),
  ];
}

/** The file with the parsed policy, where a bundle has one beside it. */
async function policyBeside(bundle: string, io: CliIo): Promise<string[]> {
  const code = await io.readHostFile(bundle).then(bytesAsText, () => "");
  return hasPolicyBeside(code) ? [policyFile(bundle)] : [];
}

/** Whether it begins as the launchers demand it. */
async function isStartable(path: string): Promise<boolean> {
  try {
    using file = await Deno.open(path, { read: true });
    const head = new Uint8Array(4);
    const read = await file.read(head) ?? 0;
    return /^(?:.ELF$|#!)/s.test(bytesAsText(head.subarray(0, read)));
  } catch {
    return false;
  }
}

async function hasContents(path: string): Promise<boolean> {
  return await Deno.stat(path).then(({ size }) => size > 0, () => false);
}

class Looked {
  readonly #context: CheckContext;
  readonly #io: CliIo;
  readonly #found: Noted[] = [];
  readonly #paths = new Set<string>();
  /** What could be read of a program; `null` where it is not one, or cannot be told. */
  readonly #programs = new Map<string, ProgramParts | null>();
  readonly #fitted = new Set<string>();

  constructor(context: CheckContext) {
    this.#context = context;
    this.#io = context.host.io;
  }

  findings(): Noted[] {
    if (this.#paths.size === 0) return this.#found;
    return [...this.#found, {
      id: "program/looked-at",
      level: "info",
      message: `looked at what a login starts, and at each folder above it: ${
        [...this.#paths].join(", ")
      }`,
    }];
  }

  /** A shell script of ours; whatever it is, it must be whole. */
  async script(path: string, id: string, what: string): Promise<void> {
    if (this.#paths.has(path)) return;
    const good = await this.#executable(path, id, what);
    if (await this.#whole(path, id, what) && good) {
      this.#fine(
        id,
        `${what} "${path}": not cut short, and root's alone to change`,
        path,
      );
    }
  }

  #fine(id: string, message: string, file: string): void {
    // owners are trusted by who runs this, too
    if (this.#context.host.uid() !== 0) return;
    this.#found.push(fine(id, message, { file }));
  }

  async #whole(path: string, id: string, what: string): Promise<boolean> {
    const text = await scriptAt(path, this.#io);
    if (text === null) return false;
    if (/\n\}\n*$/.test(text)) return true;
    this.#found.push({
      id,
      level: "error",
      message:
        `${what}: "${path}" does not end with the "}" that its last line is: it was cut short, or ` +
        "is of another version",
      hint: `install it again from ${LAUNCHERS_AGAIN}`,
      file: path,
    });
    return false;
  }

  /** Who can change it is looked at as sshd does, where its settings are. */
  async keysLauncher(path: string): Promise<void> {
    if (this.#paths.has(path)) return;
    this.#paths.add(path);
    const [id, what] = ["file/launcher", "launcher for sshd"];
    const whole = await this.#whole(path, id, what);
    const text = await scriptAt(path, this.#io);
    if (text === null) return;
    if (/^[^#\n]*\bssh-keys\b/m.test(text)) {
      if (!whole) return;
      this.#fine(
        id,
        `${what} "${path}": not cut short, and asks the program`,
        path,
      );
      return;
    }
    this.#found.push({
      id,
      level: "error",
      message:
        `${what}: "${path}" does not ask the program about keys: every certificate is refused`,
      hint: `run ${LAUNCHERS}oauth-pam-ssh-keys instead`,
      file: path,
    });
  }

  /** What a wrapper's program reads when sshd asks about a key. */
  async keysBundle(program: string): Promise<void> {
    const text = await scriptAt(program, this.#io);
    const parts = text === null ? null : wrapperParts(text);
    if (parts !== null) await this.#read(keysFile(parts.bundle), program);
  }

  async program(path: string): Promise<void> {
    if (this.#paths.has(path)) return;
    this.#programs.set(path, await this.#program(path));
  }

  async #program(path: string): Promise<ProgramParts | null> {
    const remedy = rebuilt(path, this.#context);
    const sound = await this.#executable(
      path,
      "file/program",
      "program",
      remedy,
    );
    if (!sound && !await hasContents(path)) return null;
    const text = await scriptAt(path, this.#io);
    if (text === null) {
      return await this.#compiled(path, sound);
    }
    const parts = wrapperParts(text);
    if (parts === null) {
      this.#found.push({
        id: "program/unknown-script",
        level: "warning",
        message:
          `program: "${path}" is a script that "deno task build" did not write, or not to its end: ` +
          "what it starts was not looked at",
        hint: "build it again: deno task build POLICY --runtime",
        file: path,
      });
      return null;
    }
    const { deno, bundle, allowed } = parts;
    const good = [
      sound,
      await this.#executable(deno, "file/program", "the program's Deno"),
      await this.#read(bundle, path),
      await this.#read(issuerFile(bundle), path),
      await this.#read(restFile(bundle), path),
    ];
    for (const policy of await policyBeside(bundle, this.#io)) {
      good.push(await this.#read(policy, path));
    }
    if (/\/_npx\/|\/node_modules\//.test(deno)) {
      this.#found.push({
        id: "program/package-cache",
        level: "warning",
        message:
          `the program's Deno, "${deno}", lies in a package manager's folder: when that is ` +
          "cleared, nobody gets in",
        hint: "build it again: the build puts Deno beside the program",
        file: path,
      });
      good.push(false);
    }
    if (!good.every((each) => each)) return null;
    this.#fine(
      "file/program",
      `program "${path}": its Deno and its code are there, and root's alone to change`,
      path,
    );
    const read = async (file: string) =>
      bytesAsText(await this.#io.readHostFile(file));
    const beside = await Promise.all([
      read(issuerFile(bundle)),
      read(restFile(bundle)),
      // only some programs have it
      read(keysFile(bundle)).catch(() => ""),
    ]);
    const [code, rest] = [await read(bundle), beside.join("\0")];
    const engine = await engineOf(deno);
    return { path, allowed, code, rest, engine };
  }

  async #compiled(
    path: string,
    sound: boolean,
  ): Promise<ProgramParts | null> {
    const compiled = await readCompiled(path);
    if (compiled === null && !await isStartable(path)) {
      this.#found.push({
        id: "program/unknown",
        level: "error",
        message:
          `program: "${path}" is not a program: the launcher runs nothing like this, and every login is refused`,
        ...rebuilt(path, this.#context),
        file: path,
      });
      return null;
    }
    if (compiled === null) {
      this.#found.push({
        id: "program/unknown",
        level: "warning",
        message:
          `program: "${path}" is not one that could be read here: whether it is whole, and fits the ` +
          "policy, cannot be told",
        ...rebuilt(path, this.#context),
        file: path,
      });
      return null;
    }
    if (compiled === "stripped") {
      this.#found.push({
        id: "program/stripped",
        level: "error",
        message:
          `program: "${path}" has no code of oauth-pam in it: strip(1) or the like took it out, and ` +
          "every login is refused",
        ...rebuilt(path, this.#context),
        file: path,
      });
      return null;
    }
    if (!sound) return null;
    this.#fine(
      "file/program",
      `program "${path}": not cut short, and root's alone to change`,
      path,
    );
    const { allowed, contents, engine } = compiled;
    return { path, allowed, code: contents, rest: contents, engine };
  }

  /** Whether the program fits the policy that is checked, and the package. */
  async fits(path: string): Promise<void> {
    const program = this.#programs.get(path) ?? null;
    if (program === null || this.#fitted.has(path)) return;
    this.#fitted.add(path);
    this.#found.push(
      ...await policyOfProgram(program, this.#context),
      ...await packageOfProgram(program, this.#context),
    );
  }

  /** Nothing runs this program: a package without `apply` is then half of an installation. */
  async unused(): Promise<void> {
    const { host } = this.#context;
    const path = host.applied;
    if (!await hasPackage(host)) return;
    if ((await distrust(path))?.reason !== "missing") return;
    this.#found.push({
      id: "file/program",
      level: "error",
      message:
        `program: "${path}" does not exist: the package is installed, but "oauth-pam apply" was never run`,
      ...rebuilt(path, this.#context),
      file: path,
    });
  }

  async #executable(
    path: string,
    id: string,
    what: string,
    missing?: ReturnType<typeof rebuilt>,
  ): Promise<boolean> {
    this.#paths.add(path);
    const found = await programFindings(path, { id, what, missing });
    this.#found.push(...found);
    return found.length === 0;
  }

  /** What the wrapper's Deno reads and runs. */
  async #read(path: string, program: string): Promise<boolean> {
    if (this.#paths.has(path)) return true;
    this.#paths.add(path);
    const found = await distrust(path);
    const message = found !== null
      ? found.message
      : (await Deno.lstat(path)).size === 0
      ? `"${path}" is empty`
      : null;
    if (message === null) return true;
    const damaged = found === null || found.reason === "missing";
    this.#found.push({
      id: "file/program",
      level: "error",
      message: `the program's bundle: ${message}`,
      hint: damaged
        ? "build it for this policy, and install the whole folder again"
        : "whoever can write there becomes root at the next login",
      file: path,
      ...(damaged
        ? program === this.#context.host.applied
          ? rebuilt(program, this.#context)
          : {}
        : mendTrust(found)),
    });
    return false;
  }
}
