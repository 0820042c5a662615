/**
 * `check`: everything that runs because PAM runs a line of ours: scripts, launcher, program, and where
 * that is a wrapper, what it starts. Whoever can write one of them, or a folder above one, becomes
 * root at the next login.
 *
 * @module
 */
import type { CliIo } from "../io.ts";
import type { Finding } from "../../policy/diagnostic.ts";
import type { OwnLine } from "./pam/own.ts";
import { scriptAt } from "./script_file.ts";
import { distrust, programFindings } from "./trusted.ts";

/** Looks at all that the lines start, and says at what. Runs nothing. */
export async function installedFindings(
  own: readonly OwnLine[],
  io: CliIo,
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
  return looked.findings();
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
    for (const bundle of [parts.bundle, restOf(parts.bundle)]) {
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
        ? "build and install the whole folder again"
        : "whoever can write there becomes root at the next login",
      file: path,
    });
  }
}

/** The name that the build gives to the part of a bundle that a login does not use. */
function restOf(bundle: string): string {
  return `${bundle}.rest.js`;
}

/** What a wrapper starts: the words around "run" in its command; `null` for any other script. */
function wrapperParts(
  text: string,
): { deno: string; bundle: string } | null {
  const command = /^exec \/usr\/bin\/env -i (.*?) "\$@"\n\}\n*$/ms.exec(text);
  const words = [...(command?.[1] ?? "").matchAll(/'((?:[^']|'\\'')*)'|(\S+)/g)]
    .map(([, quoted, plain]) =>
      quoted === undefined ? plain ?? "" : quoted.replaceAll("'\\''", "'")
    );
  const run = words.indexOf("run");
  const deno = words.slice(0, run).findLast((word) => word.startsWith("/"));
  const bundle = words.at(-1);
  if (deno === undefined || bundle?.startsWith("/") !== true) return null;
  return { deno, bundle };
}
