/**
 * The tab "Tests": runs them as one types, and changes the policy on request to see whether they notice.
 *
 * @module
 */
/// <reference lib="dom" />
import { byId, element, printed } from "./dom.ts";
import { unanswered, type View } from "./panel.ts";

/** Milliseconds for the changes. */
const LIMIT_MS = 2_000;

export const testsView: View = (panel) => {
  const target = byId("tested", HTMLElement);
  const run = async (mutate: boolean) => {
    const input = { ...panel.sheet(), mutate };
    const outcome = mutate
      ? await panel.ask("tests", input, LIMIT_MS)
      : await panel.ask("tests", input);
    if (outcome === null) return;
    if (outcome.type !== "answer") {
      const words = unanswered(
        outcome,
        mutate
          ? "it is not known whether the tests notice every change"
          : "the tests did not run",
      );
      target.replaceChildren(element("p", "bad", words));
      panel.tell(words);
      return;
    }
    const { passed, summary, pretty, json } = outcome.value;
    target.replaceChildren(
      element("h3", passed ? "good" : "bad", summary),
      ...printed(pretty, json),
    );
    panel.tell(summary);
  };
  byId("tests-mutate", HTMLButtonElement)
    .addEventListener("click", () => void run(true));
  return () => run(false);
};
