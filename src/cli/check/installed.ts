/**
 * `check`: everything that runs because PAM runs a line of ours, or sshd asks about a key: scripts,
 * launchers, program, and where that is a wrapper, what it starts. Whoever can write one of them, or a
 * folder above one, becomes root at the next login, or says who does.
 *
 * @module
 */
import type { CliIo } from "../io.ts";
import type { Finding } from "../../policy/diagnostic.ts";
import { type Policy, takesCertificates } from "../../policy/model.ts";
import type { OwnLine } from "./pam/own.ts";
import { scriptAt } from "./script_file.ts";
import type { KeysCommand } from "./sshd/keys_command.ts";
import { distrust, programFindings } from "./trusted.ts";

interface Starting {
  /** PAM's lines. */
  readonly own: readonly OwnLine[];
  /** What sshd asks about keys. */
  readonly keys: readonly KeysCommand[];
}

/** Looks at all that the lines start, and says at what. Runs nothing. */
export async function installedFindings(
  { own, keys }: Starting,
  { io, policy }: { io: CliIo; policy: Policy | null },
): Promise<Finding[]> {
  const looked = new Looked(io);
  for (const { module, command, launcher, program } of own) {
    if (module === "pam_script") {
      await looked.script(command, "file/pam-script", "script of pam_script");
    }
    if (launcher !== null) {
      await looked.script(launcher, "file/launcher", "launcher");
    }
    if (program !== null) await looked.program(program);
  }
  const certificates = policy !== null && takesCertificates(policy);
  for (const { launcher, program } of keys) {
    if (launcher !== null) await looked.keysLauncher(launcher);
    if (program === null) continue;
    await looked.program(program);
    if (certificates) await looked.keysBundle(program);
  }
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
  const read = parts === null
    ? []
    : [parts.bundle, keysOf(parts.bundle), ...othersOf(parts.bundle)];
  return [
    ...[...run, parts?.deno ?? []].flat().map((path) => ({ path, run: true })),
    ...read.map((path) => ({ path, run: false })),
  ];
}

class Looked {
  readonly #io: CliIo;
  readonly #found: Finding[] = [];
  readonly #paths = new Set<string>();

  constructor(io: CliIo) {
    this.#io = io;
  }

  findings(): Finding[] {
    if (this.#paths.size === 0) return [];
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
    await this.#executable(path, id, what);
    await this.#whole(path, id, what);
  }

  async #whole(path: string, id: string, what: string): Promise<void> {
    const text = await scriptAt(path, this.#io);
    if (text === null || /\n\}\n*$/.test(text)) return;
    this.#found.push({
      id,
      level: "error",
      message:
        `${what}: "${path}" does not end with the "}" that its last line is: it was cut short, or ` +
        "is of another version",
      hint: "install it again from pam.d.example/",
      file: path,
    });
  }

  /** Who can change it is looked at as sshd does, where its settings are. */
  async keysLauncher(path: string): Promise<void> {
    if (this.#paths.has(path)) return;
    this.#paths.add(path);
    const [id, what] = ["file/launcher", "launcher for sshd"];
    await this.#whole(path, id, what);
    const text = await scriptAt(path, this.#io);
    if (text === null || /^[^#\n]*\bssh-keys\b/m.test(text)) return;
    this.#found.push({
      id,
      level: "error",
      message:
        `${what}: "${path}" does not ask the program about keys: every certificate is refused`,
      hint: "run pam.d.example/oauth-pam-ssh-keys instead",
      file: path,
    });
  }

  /** What a wrapper's program reads when sshd asks about a key. */
  async keysBundle(program: string): Promise<void> {
    const text = await scriptAt(program, this.#io);
    const parts = text === null ? null : wrapperParts(text);
    if (parts !== null) await this.#read(keysOf(parts.bundle));
  }

  async program(path: string): Promise<void> {
    if (this.#paths.has(path)) return;
    await this.#executable(path, "file/program", "program");
    const text = await scriptAt(path, this.#io);
    if (text === null) return;
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
      return;
    }
    await this.#executable(parts.deno, "file/program", "the program's Deno");
    for (const bundle of [parts.bundle, ...othersOf(parts.bundle)]) {
      await this.#read(bundle);
    }
    if (/\/_npx\/|\/node_modules\//.test(parts.deno)) {
      this.#found.push({
        id: "program/package-cache",
        level: "warning",
        message:
          `the program's Deno, "${parts.deno}", lies in a package manager's folder: when that is ` +
          "cleared, nobody gets in",
        hint: "build it again: the build puts Deno beside the program",
        file: path,
      });
    }
  }

  async #executable(path: string, id: string, what: string): Promise<void> {
    this.#paths.add(path);
    this.#found.push(...await programFindings(path, { id, what }));
  }

  /** What the wrapper's Deno reads and runs. */
  async #read(path: string): Promise<void> {
    if (this.#paths.has(path)) return;
    this.#paths.add(path);
    const found = await distrust(path);
    const message = found !== null
      ? found.message
      : (await Deno.lstat(path)).size === 0
      ? `"${path}" is empty`
      : null;
    if (message === null) return;
    this.#found.push({
      id: "file/program",
      level: "error",
      message: `the program's bundle: ${message}`,
      hint: found === null || found.reason === "missing"
        ? "build it for this policy, and install the whole folder again"
        : "whoever can write there becomes root at the next login",
      file: path,
    });
  }
}

/** The names that the build gives to the parts of a bundle that a login loads when it needs them. */
function othersOf(bundle: string): string[] {
  return [`${bundle}.issuer.js`, `${bundle}.rest.js`];
}

/** And to the one that answers sshd, where the policy takes certificates. */
function keysOf(bundle: string): string {
  return `${bundle}.keys.js`;
}

/** What a wrapper starts: the words around "run" in its command; `null` for any other script. */
function wrapperParts(
  text: string,
): { deno: string; bundle: string } | null {
  const command = /^exec \/usr\/bin\/env -i (.*?) "\$@"\n\}\n*$/ms.exec(text);
  const words = wordsOf(command?.[1] ?? "");
  const run = words.indexOf("run");
  const deno = words.slice(0, run).findLast((word) => word.startsWith("/"));
  const [bundle] = wordsOf(/^bundle=(.*)$/m.exec(text)?.[1] ?? "");
  return deno === undefined || bundle?.startsWith("/") !== true
    ? null
    : { deno, bundle };
}

/** The words of a shell command, as the build quotes them. */
function wordsOf(command: string): string[] {
  return [...command.matchAll(/'((?:[^']|'\\'')*)'|(\S+)/g)]
    .map(([, quoted, plain]) =>
      quoted === undefined ? plain ?? "" : quoted.replaceAll("'\\''", "'")
    );
}
