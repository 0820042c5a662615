/**
 * The policy as it is written, with an anchor at each line.
 *
 * @module
 */
import type { ReportFacts } from "../facts.ts";
import { type Html, html } from "../html.ts";
import { code, paragraph, section } from "./parts.ts";

export function textSection({ file, sha256, lines }: ReportFacts): Html {
  return section(
    "text",
    "The policy",
    html`
      ${paragraph(
        sha256 === null
          ? code(file)
          : html`${code(file)}, SHA-256 ${code(sha256)}`,
      )}<ol class="text">${lines.map((line, index) =>
        html`
          <li id="L${index + 1}">${line}</li>
        `
      )}</ol>
    `,
  );
}
