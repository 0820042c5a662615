/**
 * What several sections are made of: a section with its title, tables, links to lines.
 *
 * @module
 */
import { type Html, html, type Part } from "../html.ts";

/** A section of the page; `id` is a word of ours. */
export function section(id: string, title: string, content: Part): Html {
  return html`
    <section id="${id}"
      aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2>
    ${content}</section>
  `;
}

/** A table; on narrow screens each cell says what its column is. */
export function table(
  caption: string,
  titles: readonly string[],
  rows: readonly (readonly Part[])[],
): Html {
  return html`
    <table>
      <caption>${caption}</caption>
      <thead>
        <tr>${titles.map((title) => html`<th scope="col">${title}</th>`)}</tr>
      </thead>
      <tbody>
    ${rows.map((cells) =>
      html`
        <tr>${cells.map((cell, column) =>
          html`
            <td data-label="${titles[column] ?? ""}">
              <div>${cell}</div>
            </td>
          `
        )}</tr>
      `
    )}</tbody>
    </table>
  `;
}

export function paragraph(content: Part, kind = "plain"): Html {
  return html`
    <p class="${kind}">${content}</p>
  `;
}

/** Nothing, where there are no items. */
export function list(items: readonly Part[]): Html {
  return items.length === 0 ? html`` : html`
    <ul>${items.map((item) => html`<li>${item}</li>`)}</ul>
  `;
}

/** One below the other, in a cell. */
export function lines(items: readonly Part[]): Html {
  return html`${items.map((item) => html`<div>${item}</div>`)}`;
}

/** Several lines as they are; the end of the last is not one more. */
export function preformatted(text: string): Html {
  const written = text.replace(/\n$/, "").split("\n");
  return html`<pre>${
    written.map((line, index) => index === 0 ? line : html`<br>${line}`)
  }</pre>`;
}

/** A link to a line of the policy's text. */
export function lineLink(line: number, words: Part = `line ${line}`): Html {
  return html`<a href="#L${line}">${words}</a>`;
}

export function code(words: string): Html {
  return html`<code>${words}</code>`;
}

/** A word with a meaning that its colour shows as well. */
export function badge(
  kind: "good" | "bad" | "middling" | "plain",
  words: string,
): Html {
  return html`<span class="badge ${kind}">${words}</span>`;
}

/** What could not be told, and why: said where the reader would otherwise take nothing for nobody. */
export function limits(what: string, why: readonly string[]): Html {
  return why.length === 0 ? html`` : html`
    <div class="limits"><p><strong>${what}</strong></p>${list(why)}</div>
  `;
}
