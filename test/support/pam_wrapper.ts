/**
 * libpam_wrapper, in a copy for each process that is started with it.
 *
 * It copies the stacks into a folder of /tmp that has one of a few names. Of processes that start at the same moment
 * two can take the same one, and then a login is judged by the stacks of another test. A copy has names of its own.
 *
 * @module
 */

const PLACES = ["/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib"]
  .map((folder) => `${folder}/libpam_wrapper.so`);

const TMP = "/tmp/";
/** What the names of its folders begin with, before a dot and one more character. */
const BEGINNING = "pam";
const LETTERS =
  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

/** The copies in one folder, and what the processes that use them leave in /tmp. */
export class PamWrapperCopies {
  readonly #directory: string;
  readonly #beginnings = new Set<string>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** The path of a new copy, for one process and its children. */
  add(): string {
    const random = crypto.getRandomValues(new Uint8Array(BEGINNING.length));
    const beginning = Array.from(
      random,
      (byte) => LETTERS[byte % LETTERS.length],
    ).join("");
    const path = `${this.#directory}/wrapper-${beginning}.so`;
    Deno.writeFileSync(path, copyWith(beginning));
    this.#beginnings.add(beginning);
    return path;
  }

  /** Removes what killed processes have left. */
  async removeFolders(): Promise<void> {
    for await (const { name } of Deno.readDir(TMP)) {
      const [, beginning = ""] = /^(.+)\..$/.exec(name) ?? [];
      if (!this.#beginnings.has(beginning)) continue;
      await Deno.remove(`${TMP}${name}`, { recursive: true }).catch(() => {});
    }
  }
}

let original: { readonly bytes: Uint8Array; readonly at: number } | undefined;

function copyWith(beginning: string): Uint8Array {
  const { bytes, at } = original ??= installed();
  const copy = bytes.slice();
  copy.set(new TextEncoder().encode(beginning), at);
  return copy;
}

/** The library, and where it says what its folders are called. Throws where it does not, or twice. */
function installed(): { bytes: Uint8Array; at: number } {
  const path = PLACES.find(isFile);
  if (path === undefined) throw new Error("libpam_wrapper is not installed");
  const bytes = Deno.readFileSync(path);
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  const [before = "", ...others] = text.split(`${TMP}${BEGINNING}`);
  if (others.length !== 1) {
    throw new Error(`${path} does not name its folders as expected`);
  }
  return { bytes, at: before.length + TMP.length };
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
