/**
 * `check`: the wrapper that a runtime build writes, and what it starts.
 *
 * @module
 */
import type { Allowed } from "./compiled.ts";

export interface WrapperParts {
  readonly deno: string;
  readonly bundle: string;
  readonly allowed: Allowed;
}

/** What a wrapper starts: the words around "run" in its command; `null` for any other script. */
export function wrapperParts(text: string): WrapperParts | null {
  const command = /^exec \/usr\/bin\/env -i (.*?) "\$@"\n\}\n*$/ms.exec(text);
  const words = wordsOf(command?.[1] ?? "");
  const run = words.indexOf("run");
  const deno = words.slice(0, run).findLast((word) => word.startsWith("/"));
  const [bundle] = wordsOf(/^bundle=(.*)$/m.exec(text)?.[1] ?? "");
  return deno === undefined || bundle?.startsWith("/") !== true ? null : {
    deno,
    bundle,
    allowed: {
      net: flag("--allow-net", words),
      write: flag("--allow-write", words),
    },
  };
}

function flag(name: string, words: readonly string[]): string[] | null {
  if (words.includes(name) || words.includes("--allow-all")) return [];
  const word = words.find((each) => each.startsWith(`${name}=`));
  return word === undefined ? null : word.slice(name.length + 1).split(",");
}

/** The words of a shell command, as the build quotes them. */
function wordsOf(command: string): string[] {
  return [...command.matchAll(/'((?:[^']|'\\'')*)'|(\S+)/g)]
    .map(([, quoted, plain]) =>
      quoted === undefined ? plain ?? "" : quoted.replaceAll("'\\''", "'")
    );
}
