/**
 * Markup of the report, taken apart again. A browser is never given it as a text to read: elements are made one
 * by one, and only such as sections of a report are made of.
 *
 * @module
 */
import { type Html, text } from "../../report/html.ts";

/** A beginning, an end, or the words between. */
type Token =
  | {
    readonly opens: string;
    readonly attributes: readonly (readonly [name: string, value: string])[];
  }
  | { readonly closes: string }
  | { readonly words: string };

/** Elements that have no end. */
const EMPTY = new Set(["br"]);

/** None of them runs, loads, or takes what its words say for code or style. */
const ELEMENTS = new Set([
  ...EMPTY,
  ..."section h2 p div span strong em small code ul li a".split(" "),
  ..."table caption thead tbody tr th td".split(" "),
  ..."svg g rect text path".split(" "),
]);

const ATTRIBUTES = new Set([
  ..."id class role scope aria-labelledby aria-label aria-hidden data-label"
    .split(" "),
  ..."width height viewBox x y rx d textLength lengthAdjust".split(" "),
]);

/** A line of the policy: where a section leads to. */
const PLACE = /^#L\d+$/;

const TOKEN =
  /<([a-z][a-z0-9]*)((?:\s+[a-zA-Z-]+="[^"<>]*")*)\s*(\/?)>|<\/([a-z][a-z0-9]*)>|([^<]+)/y;

const ENTITIES: Readonly<Record<string, string>> = {
  "&amp;": "&",
  "&lt;": "<",
  "&gt;": ">",
  "&quot;": '"',
  "&#39;": "'",
};

/** In order, every element with its end. Throws where there is what no section is made of. */
export function* tokensOf(markup: Html): Generator<Token> {
  const all = text(markup);
  const open: string[] = [];
  const token = new RegExp(TOKEN);
  while (token.lastIndex < all.length) {
    const found = token.exec(all);
    if (found === null) throw strange("this");
    const [, opens, attributes = "", closed, closes, words] = found;
    if (words !== undefined) {
      yield { words: unescaped(words) };
    } else if (opens !== undefined) {
      if (!ELEMENTS.has(opens)) throw strange(`<${opens}>`);
      yield { opens, attributes: attributesIn(attributes, opens) };
      if (closed === "/" || EMPTY.has(opens)) yield { closes: opens };
      else open.push(opens);
    } else if (closes !== undefined) {
      if (open.pop() !== closes) throw strange(`</${closes}> here`);
      yield { closes };
    }
  }
  if (open.length > 0) throw strange(`<${open.at(-1)}> without end`);
}

function attributesIn(written: string, of: string): [string, string][] {
  return [...written.matchAll(/([a-zA-Z-]+)="([^"]*)"/g)].map(
    ([, name = "", value = ""]) => {
      const allowed = ATTRIBUTES.has(name) ||
        (of === "a" && name === "href" && PLACE.test(value));
      if (!allowed) throw strange(`the attribute "${name}" of <${of}>`);
      return [name, unescaped(value)];
    },
  );
}

function unescaped(words: string): string {
  return words.replace(/&(?:[a-z]+;|#\d+;)?/g, (entity) => {
    const char = ENTITIES[entity];
    if (char === undefined) throw strange(`"${entity}"`);
    return char;
  });
}

function strange(what: string): Error {
  return new Error(`no section is made of ${what}`);
}
