/**
 * Markdown as GitHub and GitLab show it in job summaries and notes. What a policy holds stays text:
 * it neither formats, links nor calls anybody, ends no cell and begins no command of a runner.
 *
 * @module
 */
import { plural, visible } from "../../lib/text.ts";

/**
 * A text on one line, in a table or outside. A backslash stands for itself by its number, so that
 * the one before "|" is always what keeps a cell together.
 */
export function markdownText(text: string): string {
  return visible(text).replace(
    // two colons begin a command, one before a slash begins a link; "_" in a word is only that
    /[&<>\\`*[\]~$#@!]|(?<![a-z0-9])_|_(?![a-z0-9])|:(?=[:/])|www(?=\.)/gi,
    (found) => `${found.slice(0, -1)}&#${found.charCodeAt(found.length - 1)};`,
  ).replaceAll("|", "\\|");
}

/** The same as code, in which nobody is mentioned. */
export function markdownCode(text: string): string {
  return `<code>${htmlText(text)}</code>`;
}

/** Inside of HTML no backslash is read. */
function htmlText(text: string): string {
  return markdownText(text).replaceAll("\\|", "&#124;");
}

/** A row of a table, of cells that are Markdown already. */
export function markdownRow(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

/** The first two rows. */
export function markdownHead(titles: readonly string[]): string[] {
  return [markdownRow(titles), markdownRow(titles.map(() => "---"))];
}

/**
 * A job summary is refused as a whole above 1 MiB, whoever wrote the text that is too long: three
 * tables of this many characters fit in, whatever the characters.
 */
const MAX_TABLE = 100_000;
const MAX_ROWS = 50;

/** A table of cells that are Markdown already; of what is too much there is the number. */
export function markdownTable(
  titles: readonly string[],
  rows: readonly (readonly string[])[],
): string[] {
  const lines: string[] = [];
  let length = 0;
  for (const line of rows.slice(0, MAX_ROWS).map(markdownRow)) {
    length += line.length;
    if (length > MAX_TABLE) break;
    lines.push(line);
  }
  const more = rows.length - lines.length;
  return [
    ...markdownHead(titles),
    ...lines,
    ...(more > 0 ? ["", `and ${plural(more, "more row")}`] : []),
  ];
}

/** Lines that open on request, as they are; in a cell as well. */
export function markdownFold(
  summary: string,
  lines: readonly string[],
): string {
  return `<details><summary>${htmlText(summary)}</summary><pre>${
    lines.map(htmlText).join("<br>")
  }</pre></details>`;
}
