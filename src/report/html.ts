/**
 * Text put together to HTML that nothing in it can leave: whatever is interpolated is escaped, and
 * only what this module made goes in as it is.
 *
 * @module
 */
import { visible } from "../lib/text.ts";

/** Escaped already. Only {@link html} and {@link styleElement} make it, so data cannot pretend to be it. */
class Markup {
  readonly #text: string;
  constructor(text: string) {
    this.#text = text;
  }
  toString(): string {
    return this.#text;
  }
}
export type { Markup as Html };

/** What a template takes: words, numbers, and markup, alone or in arrays. */
export type Part = string | number | Markup | readonly Part[];

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/**
 * Markup of a template. Interpolated words may stand in content and between the quotes of an
 * attribute; characters that steer (controls, other directions of writing, none at all) are shown by
 * their numbers. Not checked: what an attribute means. Keep words that others wrote out of addresses
 * (`href`), and out of `style` and `script` elements, where escaping means nothing.
 *
 * Throws where a template has an interpolation that is neither in content nor between quotes.
 */
export function html(
  strings: TemplateStringsArray,
  ...parts: readonly Part[]
): Markup {
  const own = ownText(strings);
  let result = own[0] ?? "";
  parts.forEach((part, index) => {
    result += written(part) + (own[index + 1] ?? "");
  });
  return new Markup(result);
}

const ownTexts = new WeakMap<TemplateStringsArray, readonly string[]>();

/** What a template says by itself, without the indentation of the source. */
function ownText(strings: TemplateStringsArray): readonly string[] {
  const known = ownTexts.get(strings);
  if (known !== undefined) return known;
  // what stands at the end tells where the next one lands: <${…}, </${…}, a=${…}
  if (strings.slice(0, -1).some((text) => /(?:<\/?|=\s*)$/.test(text))) {
    throw new Error("a template has words where only quotes may begin");
  }
  const texts = strings.map((text) => text.replace(/\n\s*/g, "\n"));
  ownTexts.set(strings, texts);
  return texts;
}

function written(part: Part): string {
  if (part instanceof Markup) return part.toString();
  if (Array.isArray(part)) return part.map(written).join("");
  return escaped(String(part));
}

function escaped(words: string): string {
  return visible(words.toWellFormed()).replace(
    /[&<>"']/g,
    (char) => ENTITIES[char] ?? "",
  );
}

/** A `style` element; its text is not escaped, so it may not hold what could end it. */
export function styleElement(css: string): Markup {
  if (css.includes("<")) throw new Error('a style sheet may not hold "<"');
  return new Markup(`<style>${css}</style>`);
}

/** The characters that markup is. */
export function text(markup: Markup): string {
  return markup.toString();
}
