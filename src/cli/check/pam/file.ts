/**
 * Reading /etc/pam.d as libpam does: lines, `@include`, `include` and `substack`.
 *
 * @module
 */
import { decodeUtf8 } from "../../../files/trusted_file.ts";
import type { CliIo } from "../../io.ts";

export interface PamLine {
  readonly type: string;
  /** What becomes of each return value: `actions.get(name) ?? actions.get("default")`. */
  readonly actions: ReadonlyMap<string, string>;
  /** As it is written, such as `required`. */
  readonly control: string;
  /** The name without folder and ".so"; "substack" for what opens one. */
  readonly module: string;
  readonly args: readonly string[];
  readonly file: string;
  readonly line: number;
  /** How many substacks it stands in. */
  readonly depth: number;
}

interface PamProblem {
  readonly message: string;
  readonly file: string;
  readonly line: number;
}

export interface PamStack {
  /** The service's own file; `null` when there is none. */
  readonly file: string | null;
  /** In order, includes in place. */
  readonly lines: readonly PamLine[];
  readonly problems: readonly PamProblem[];
}

interface PamPlace {
  readonly io: CliIo;
  /** Where libpam looks for services, in order. */
  readonly folders: readonly string[];
}

/** libpam's own limit is 32. */
const MAX_DEPTH = 32;

/** pam.conf(5): what the old control words stand for. */
const WORDS: Readonly<Record<string, string>> = {
  required: "success=ok new_authtok_reqd=ok ignore=ignore default=bad",
  requisite: "success=ok new_authtok_reqd=ok ignore=ignore default=die",
  sufficient: "success=done new_authtok_reqd=done default=ignore",
  optional: "success=ok new_authtok_reqd=ok default=ignore",
};

/** The stack of a service. Never throws: what is wrong is told in `problems`. */
export async function readStack(
  service: string,
  place: PamPlace,
): Promise<PamStack> {
  const reader = new Reader(place);
  const found = await reader.find(service);
  if (found !== null) {
    await reader.read(found, { only: null, depth: 0, level: 0 });
  }
  return {
    file: found?.file ?? null,
    lines: reader.lines,
    problems: reader.problems,
  };
}

interface Found {
  readonly file: string;
  readonly text: string;
}

interface Inclusion {
  /** Only lines of this type. */
  readonly only: string | null;
  readonly depth: number;
  readonly level: number;
}

class Reader {
  readonly lines: PamLine[] = [];
  readonly problems: PamProblem[] = [];
  readonly #place: PamPlace;

  constructor(place: PamPlace) {
    this.#place = place;
  }

  async find(name: string): Promise<Found | null> {
    const { io, folders } = this.#place;
    const paths = name.startsWith("/")
      ? [name]
      : folders.map((folder) => `${folder}/${name}`);
    for (const file of paths) {
      try {
        return { file, text: decodeUtf8(await io.readHostFile(file)) };
      } catch {
        // the next folder
      }
    }
    return null;
  }

  async read({ file, text }: Found, inclusion: Inclusion): Promise<void> {
    for (const { words: [first = "", ...rest], line } of logicalLines(text)) {
      const place = { file, line };
      if (first.toLowerCase() === "@include") {
        await this.#include(rest[0], { ...place, inclusion });
        continue;
      }
      const type = first.replace(/^-/, "").toLowerCase();
      const [control = "", module, ...words] = rest;
      const args = words.map(withoutBrackets);
      if (!["auth", "account", "session", "password"].includes(type)) {
        this.problems.push({ ...place, message: `"${first}" is not a type` });
        continue;
      }
      if (inclusion.only !== null && type !== inclusion.only) continue;
      const word = control.toLowerCase();
      if (word === "include") {
        const only = { ...inclusion, only: type };
        await this.#include(module, { ...place, inclusion: only });
        continue;
      }
      const { depth } = inclusion;
      if (word === "substack") {
        this.lines.push({ ...place, type, control, depth, ...SUBSTACK });
        const only = { ...inclusion, only: type, depth: depth + 1 };
        await this.#include(module, { ...place, inclusion: only });
        continue;
      }
      const actions = actionsOf(control);
      if (actions === null || module === undefined) {
        const message = actions === null
          ? `"${control}" is not a control word`
          : "there is no module";
        this.problems.push({ ...place, message });
        continue;
      }
      const name = module.replace(/^.*\//, "").replace(/\.so$/, "");
      this.lines.push({
        ...place,
        type,
        control,
        actions,
        depth,
        module: name,
        args,
      });
    }
  }

  async #include(
    name: string | undefined,
    { file, line, inclusion }: {
      file: string;
      line: number;
      inclusion: Inclusion;
    },
  ): Promise<void> {
    const level = inclusion.level + 1;
    const found = name === undefined || level > MAX_DEPTH
      ? null
      : await this.find(name);
    if (found === null) {
      const message = level > MAX_DEPTH
        ? "files include each other without end"
        : `"${name ?? ""}" is included, but does not exist`;
      // told once: every file of a circle would tell it again
      if (!this.problems.some((each) => each.message === message)) {
        this.problems.push({ message, file, line });
      }
      return;
    }
    await this.read(found, { ...inclusion, level });
  }
}

const SUBSTACK = {
  module: "substack",
  args: [],
  actions: new Map([["default", "ignore"]]),
} as const;

/** Lines without comments, those that end in a backslash joined; numbers are of the first. */
function* logicalLines(
  text: string,
): Iterable<{ words: string[]; line: number }> {
  let held = "";
  let start = 1;
  for (const [index, physical] of text.split("\n").entries()) {
    if (held === "") start = index + 1;
    // libpam looks for "#" everywhere, brackets included
    const [before = ""] = physical.split("#");
    const continued = before === physical && /\\\s*$/.test(before);
    held += continued ? `${before.replace(/\\\s*$/, "")} ` : before;
    if (continued) continue;
    const words = wordsOf(held);
    held = "";
    if (words.length > 0) yield { words, line: start };
  }
}

/** Words are separated by blanks; brackets keep blanks together. */
function wordsOf(text: string): string[] {
  return text.match(/\[(?:\\\]|[^\]])*\]|\S+/g) ?? [];
}

function withoutBrackets(word: string): string {
  const inside = /^\[(.*)\]$/s.exec(word)?.[1];
  return inside === undefined ? word : inside.replaceAll("\\]", "]");
}

const ACTION_LIST =
  /^\s*[a-z_]+\s*=\s*[a-z0-9]+(?:\s+[a-z_]+\s*=\s*[a-z0-9]+)*\s*$/i;

function actionsOf(control: string): ReadonlyMap<string, string> | null {
  const words = WORDS[control.toLowerCase()];
  const list = words ?? /^\[(.*)\]$/s.exec(control)?.[1];
  if (list === undefined || !ACTION_LIST.test(list)) return null;
  return new Map(
    [...list.matchAll(/([a-z_]+)\s*=\s*([a-z0-9]+)/gi)].map((match) => [
      (match[1] ?? "").toLowerCase(),
      (match[2] ?? "").toLowerCase(),
    ]),
  );
}
