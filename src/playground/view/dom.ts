/**
 * Elements of the page and how they are made: words only ever go in as text.
 *
 * @module
 */
/// <reference lib="dom" />
import type { Html } from "../../report/html.ts";
import { tokensOf } from "./markup.ts";

/** The element of the page that has this id. Throws when it is not there or another one. */
export function byId<Kind extends HTMLElement>(
  id: string,
  kind: new () => Kind,
): Kind {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`the page has no "${id}"`);
  return found;
}

/** A new element with a class, words and other elements. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  name: string,
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  if (name !== "") made.className = name;
  made.append(...children);
  return made;
}

/** Markup in place of what an element holds. Throws, and changes nothing, where it is not that of a report. */
export function showMarkup(target: HTMLElement, markup: Html): void {
  const whole = document.createDocumentFragment();
  const open: Element[] = [];
  for (const token of tokensOf(markup)) {
    const parent = open.at(-1);
    if ("words" in token) (parent ?? whole).append(token.words);
    else if ("closes" in token) open.pop();
    else {
      const { opens, attributes } = token;
      const made = opens === "svg" || parent?.namespaceURI === SVG
        ? document.createElementNS(SVG, opens)
        : document.createElement(opens);
      for (const [name, value] of attributes) made.setAttribute(name, value);
      (parent ?? whole).append(made);
      open.push(made);
    }
  }
  target.replaceChildren(whole);
}

const SVG = "http://www.w3.org/2000/svg";

/** A button that does something. */
export function button(words: string, act: () => void): HTMLButtonElement {
  const made = element("button", "", words);
  made.type = "button";
  made.addEventListener("click", act);
  return made;
}

/** Text as it is, and below it the same as JSON for whoever wants it. */
export function printed(pretty: string, json: string): HTMLElement[] {
  const details = element("details", "", element("summary", "", "JSON"));
  // most never look
  details.addEventListener("toggle", () => {
    if (details.open && details.childElementCount === 1) {
      details.append(preformatted(json));
    }
  });
  return [preformatted(pretty), details];
}

/** Words as they are, line by line. */
export function preformatted(words: string): HTMLElement {
  return element("pre", "", bounded(words));
}

/** Characters of an answer that are shown: more would take seconds to draw. */
const MAX_SHOWN = 40_000;

function bounded(words: string): string {
  return words.length <= MAX_SHOWN
    ? words
    : `${words.slice(0, MAX_SHOWN)}\n… and ${
      words.length - MAX_SHOWN
    } characters more, which the command line shows`;
}
