/**
 * The tab "Who gets in": sections of the report.
 *
 * @module
 */
/// <reference lib="dom" />
import { plural } from "../../lib/text.ts";
import type { ReportFacts } from "../../report/facts.ts";
import { html } from "../../report/html.ts";
import { diagramSection } from "../../report/sections/diagram.ts";
import { leastSection } from "../../report/sections/least.ts";
import { matrixSection } from "../../report/sections/matrix.ts";
import { refusalsSection } from "../../report/sections/refusals.ts";
import { button, byId, element, preformatted, showMarkup } from "./dom.ts";
import { answerIn, type View } from "./panel.ts";

/** Milliseconds for the search. */
const LIMIT_MS = 10_000;

export const whoView: View = (panel) => {
  const target = byId("who", HTMLElement);
  return async () => {
    const outcome = await panel.ask("who", panel.sheet(), LIMIT_MS);
    if (outcome === null) return;
    const answer = answerIn<{ facts: ReportFacts }>(
      outcome,
      "it is not known who gets in",
    );
    if (typeof answer === "string") {
      target.replaceChildren(preformatted(answer));
      panel.tell(`no answer: ${answer.split("\n")[0]}`);
      return;
    }
    const { facts } = answer;
    showMarkup(
      target,
      html`${diagramSection(facts)}${leastSection(facts)}${
        refusalsSection(facts)
      }${matrixSection(facts)}`,
    );
    for (const link of target.querySelectorAll<HTMLElement>("a")) {
      link.replaceWith(leading(link, panel.go));
    }
    const { limits } = facts.who;
    panel.tell(
      `${plural(facts.rules.length, "rule")}, ${
        plural(facts.issuers.length, "issuer")
      }${limits.length > 0 ? "; not everything could be told" : ""}`,
    );
  };
};

/** What a report links to is in its last section; here it is in the editor. */
function leading(
  link: HTMLElement,
  go: (line: number, column: number) => void,
): HTMLElement {
  const line = /^#L(\d+)$/.exec(link.getAttribute("href") ?? "")?.[1];
  const words = link.textContent;
  if (line === undefined) return element("span", "", words);
  const made = button(words, () => go(Number(line), 1));
  made.className = "link";
  return made;
}
