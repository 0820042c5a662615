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
import { byId, element, showMarkup } from "./dom.ts";
import { answerIn, type View } from "./panel.ts";

/** Milliseconds for the search. */
const LIMIT_MS = 10_000;

export const whoView: View = (panel) => {
  const target = byId("who", HTMLElement);
  target.addEventListener("click", (event) => {
    const link = event.target instanceof Element
      ? event.target.closest("a")
      : null;
    const line = /^#L(\d+)$/.exec(link?.getAttribute("href") ?? "")?.[1];
    if (line === undefined) return;
    event.preventDefault();
    panel.go(Number(line), 1);
  });
  return async () => {
    const outcome = await panel.ask("who", panel.sheet(), LIMIT_MS);
    if (outcome === null) return;
    const answer = answerIn<{ facts: ReportFacts }>(
      outcome,
      "it is not known who gets in",
    );
    if (typeof answer === "string") {
      target.replaceChildren(element("pre", "", answer));
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
    const { limits } = facts.who;
    panel.tell(
      `${plural(facts.rules.length, "rule")}, ${
        plural(facts.issuers.length, "issuer")
      }${limits.length > 0 ? "; not everything could be told" : ""}`,
    );
  };
};
