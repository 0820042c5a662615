/**
 * A copy of the program in which every `await` can be made to fail: `await X` becomes
 * `await __fault(7, async () => (X))`, and `faults.ts` decides at run time what comes of number 7.
 *
 * @module
 */
import { filesBelow } from "../support/files.ts";
import { bundleModule } from "../../src/build/bundle.ts";
import { buildEnvironment } from "../support/built_program.ts";

/** One `await`, or one `for await`, in the source. */
export interface Await {
  readonly id: number;
  /** Such as "src/pam/login.ts". */
  readonly file: string;
  /** The function or method around it, or "module". */
  readonly within: string;
  /** What is awaited, white space made single. */
  readonly text: string;
}

/** `FILE FUNCTION: TEXT`. */
export function nameOf({ file, within, text }: Await): string {
  return `${file} ${within}: ${text}`;
}

interface Place {
  readonly range: readonly [number, number];
  readonly loop: boolean;
  readonly within: string;
}

const CHECKOUT = decodeURIComponent(
  new URL("../../", import.meta.url).pathname,
);

/** Folders of `src/` that a login runs through. */
const FOLDERS = ["files", "issuer", "lib", "pam", "policy", "ssh", "token"];

/**
 * The waits of a login. Where FAULT_HASTE is set they are short, because a promise that never
 * settles is waited for; otherwise as they are, because a busy machine must not look like a fault.
 */
const WAITS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  "src/pam/login.ts": {
    "issuerMs: 10_000": 500,
    "totalMs: 20_000": 700,
    "logMs: 2_000": 300,
  },
  "src/pam/ssh_keys.ts": {
    "issuerMs: 6_000": 500,
    "totalMs: 8_000": 700,
  },
  "src/pam/device/finish.ts": {
    "requestMs: 10_000": 500,
    "totalMs: 115_000": 700,
    "logMs: 2_000": 300,
  },
  "src/pam/host/authtok.ts": { "READ_TIMEOUT_MS = 5_000": 400 },
  "src/pam/log/syslog.ts": { "SEND_TIMEOUT_MS = 1_000": 100 },
  "src/issuer/jwks_cache.ts": { "LOCK_WAIT_MS = 5_000": 100 },
};

/**
 * Writes the copy below `folder` and bundles it into `folder`/program.js. `edit` may change the
 * source of `src/main.ts` beforehand. Throws when the copy is not a program.
 */
export async function instrument(
  folder: string,
  edit: (main: string) => string = (main) => main,
): Promise<Await[]> {
  const awaits: Await[] = [];
  await copy("src", folder);
  await copy("policies", folder);
  // which the verbs for people look at
  await Deno.copyFile(`${CHECKOUT}deno.json`, `${folder}/deno.json`);
  const files = ["src/main.ts", "src/keys.ts", "src/process.ts"];
  for (const name of FOLDERS) {
    for (const inner of await filesBelow(`${CHECKOUT}src/${name}`)) {
      if (inner.endsWith(".ts")) files.push(`src/${name}/${inner}`);
    }
  }
  for (const file of files.sort()) {
    const text = await Deno.readTextFile(`${CHECKOUT}${file}`);
    const source = file === "src/main.ts" ? edit(text) : text;
    const places = awaitedIn(source);
    const first = awaits.length;
    awaits.push(...places.map(({ range, loop, within }, index) => ({
      id: first + index,
      file,
      within,
      text: (loop ? "for await … of " : "") +
        source.slice(...range).replace(/\s+/g, " "),
    })));
    await Deno.writeTextFile(
      `${folder}/${file}`,
      hastened(file, wrapped(source, places, first)),
    );
  }
  const program = await bundleModule(
    `${folder}/src/main.ts`,
    buildEnvironment,
  );
  const faults = await Deno.readTextFile(
    new URL("./faults.js", import.meta.url),
  );
  await Deno.writeTextFile(`${folder}/program.js`, `${faults}\n${program}`);
  return awaits;
}

async function copy(path: string, folder: string): Promise<void> {
  await Deno.mkdir(`${folder}/${path}`, { recursive: true });
  for await (const { name, isDirectory } of Deno.readDir(CHECKOUT + path)) {
    const inner = `${path}/${name}`;
    if (isDirectory) await copy(inner, folder);
    else await Deno.copyFile(CHECKOUT + inner, `${folder}/${inner}`);
  }
}

/** What is awaited in a module, found with the parser of `deno lint`. */
function awaitedIn(source: string): Place[] {
  const places: Place[] = [];
  Deno.lint.runPlugin(
    {
      name: "awaits",
      rules: {
        collect: {
          create: () => ({
            AwaitExpression(node) {
              const { range } = node.argument;
              places.push({ range, loop: false, within: functionAround(node) });
            },
            ForOfStatement(node) {
              if (!node.await) return;
              const { range } = node.right;
              places.push({ range, loop: true, within: functionAround(node) });
            },
          }),
        },
      },
    },
    "module.ts",
    source,
  );
  return places;
}

/** The source with every awaited expression inside a call; nested ones lie inside each other. */
function wrapped(
  source: string,
  places: readonly Place[],
  first: number,
): string {
  const insertions = places.flatMap(({ range: [start, end], loop }, index) => {
    const call = loop
      ? `__faultLoop(${first + index}, () => (`
      : `__fault(${first + index}, async () => (`;
    return [
      { at: start, text: call, size: end - start },
      { at: end, text: "))", size: start - end },
    ];
  });
  // at one place: what ends comes before what begins, and of two that begin the longer first
  insertions.sort((a, b) =>
    a.at - b.at || Math.sign(a.size) - Math.sign(b.size) || b.size - a.size
  );
  let text = "";
  let done = 0;
  for (const insertion of insertions) {
    text += source.slice(done, insertion.at) + insertion.text;
    done = insertion.at;
  }
  return text + source.slice(done);
}

/** Makes the waits depend on FAULT_HASTE. Throws when one is not found. */
function hastened(file: string, text: string): string {
  for (const [wait, short] of Object.entries(WAITS[file] ?? {})) {
    if (!text.includes(wait)) throw new Error(`no "${wait}" in ${file}`);
    text = text.replace(wait, (found) => {
      const [, name, long] = /^(.*?)([0-9_]+)$/.exec(found)!;
      return `${name}(Deno.env.has("FAULT_HASTE") ? ${short} : ${long})`;
    });
  }
  return text;
}

/** The name of the innermost function or method that has one. */
function functionAround(node: Deno.lint.Node): string {
  let around: Deno.lint.Node = node;
  while (around.type !== "Program" && "parent" in around) {
    if (around.type === "FunctionDeclaration" && around.id) {
      return around.id.name;
    }
    if (around.type === "MethodDefinition" || around.type === "Property") {
      const { key, value } = around;
      if (value.type === "FunctionExpression" && "name" in key) {
        return String(key.name);
      }
    }
    around = around.parent as Deno.lint.Node;
  }
  return "module";
}
