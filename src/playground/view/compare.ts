/**
 * The tab "Compare": what the policy decides otherwise than an old one.
 *
 * @module
 */
/// <reference lib="dom" />
import type { Compared } from "../answers/compare.ts";
import { byId, element, preformatted, printed } from "./dom.ts";
import { LongText } from "./long_text.ts";
import { answerIn, type View } from "./panel.ts";

/** Milliseconds for the search. */
const LIMIT_MS = 2_000;

export const compareView: View = (panel) => {
  const target = byId("compared", HTMLElement);
  const old = new LongText(byId("old-text", HTMLTextAreaElement), {
    what: "the old policy",
    bar: byId("old-lines", HTMLElement),
    changed: (byPerson) => byPerson && panel.changed(),
  });
  byId("old-take", HTMLButtonElement).addEventListener("click", () => {
    old.text = panel.sheet().policy;
    panel.changed();
  });
  return async () => {
    if (old.text.trim() === "") {
      target.replaceChildren(
        element("p", "quiet", "There is no old policy yet."),
      );
      panel.tell("nothing to compare with");
      return;
    }
    const { policy } = panel.sheet();
    const input = { old: old.text, policy };
    let outcome = await panel.ask("compare", input, LIMIT_MS);
    if (outcome?.type === "late") {
      // what little effort finds is better than nothing, and says that it is not all
      outcome = await panel.ask("compare", { ...input, some: true }, LIMIT_MS);
    }
    if (outcome === null) return;
    const answer = answerIn<Compared>(outcome, "it is not known what changes");
    if (typeof answer === "string") {
      target.replaceChildren(preformatted(answer));
      panel.tell(`no answer: ${answer.split("\n")[0]}`);
      return;
    }
    const { verdict, says, exhaustive, pretty, json } = answer;
    const limit = exhaustive
      ? ""
      : " (not finished: not everything was looked at)";
    const good = verdict === "equivalent" && exhaustive;
    target.replaceChildren(
      element("h3", good ? "good" : "bad", `${verdict}: ${says}${limit}`),
      ...printed(pretty, json),
    );
    panel.tell(`${verdict}: ${says}${limit}`);
  };
};
