/**
 * The report as one page: nothing in it runs, nothing is loaded, and the same facts give the same
 * bytes.
 *
 * @module
 */
import type { ReportFacts } from "./facts.ts";
import { html, styleElement, text } from "./html.ts";
import { auditSection } from "./sections/audit.ts";
import { changesSection } from "./sections/changes.ts";
import { diagramSection } from "./sections/diagram.ts";
import { findingsSection } from "./sections/findings.ts";
import { leastSection } from "./sections/least.ts";
import { matrixSection } from "./sections/matrix.ts";
import { refusalsSection } from "./sections/refusals.ts";
import { testsSection } from "./sections/tests.ts";
import { textSection } from "./sections/text.ts";
import { verdictSection } from "./sections/verdict.ts";
import { STYLE } from "./style.ts";

/** The whole page. The only thing that its policy (CSP) allows is the style sheet in it. */
export async function reportPage(facts: ReportFacts): Promise<string> {
  const policy = [
    "default-src 'none'",
    `style-src '${await sourceHash(STYLE)}'`,
    // these do not fall back to the default
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  const contents = [
    ["verdict", "In short"],
    ["diagram", "Diagram"],
    ["least", "The least that is admitted"],
    ["refused", "What always refuses"],
    ["matrix", "Accounts and services"],
    ["tests", "Tests"],
    ["findings", "Findings"],
    ...(facts.changes === null ? [] : [["changes", "Changes"]]),
    ...(facts.audit === null ? [] : [["audit", "What was used"]]),
    ["text", "The policy"],
  ] as const;
  return `<!doctype html>${
    text(html`
      <html lang="en">
        <head>
      <meta charset="utf-8">
      <meta http-equiv="Content-Security-Policy" content="${policy}">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <meta name="referrer" content="no-referrer">
      <title>${facts.file}: who gets in</title>
      ${styleElement(STYLE)}
        </head>
        <body>
          <header>
            <h1>Who gets in by ${facts.file}</h1>
            <nav aria-label="Sections">
              <ul>${contents.map(([id = "", title = ""]) =>
                html`<li><a href="#${id}">${title}</a></li>`
              )}</ul>
            </nav>
          </header>
          <main>
      ${verdictSection(facts)}${diagramSection(facts)}${leastSection(
        facts,
      )}${refusalsSection(facts)}${matrixSection(facts)}${testsSection(
        facts,
      )}${findingsSection(facts)}${changesSection(facts)}${auditSection(
        facts,
      )}${textSection(facts)}</main>
        </body>
      </html>
    `)
  }`;
}

/** As `style-src` and `script-src` name a text that stands in the page (CSP level 3, section 6.7.3). */
export async function sourceHash(inline: string): Promise<string> {
  const bytes = new TextEncoder().encode(inline);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return `sha256-${btoa(String.fromCharCode(...digest))}`;
}
