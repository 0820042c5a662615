/**
 * The tab "Explain": who asks for what, and what the policy says of it.
 *
 * @module
 */
/// <reference lib="dom" />
import type { Explained } from "../answers/explain.ts";
import { byId, element, preformatted, printed } from "./dom.ts";
import { LongText } from "./long_text.ts";
import { MapFiles } from "./map_files.ts";
import { answerIn, type View } from "./panel.ts";

const FIELDS = ["account", "service", "rhost", "issuer", "time"] as const;

export const explainView: View = (panel) => {
  const target = byId("explained", HTMLElement);
  const token = new LongText(byId("explain-token", HTMLTextAreaElement), {
    what: "the token",
    changed: (byPerson) => byPerson && panel.changed(),
  });
  const byToken = byId("evidence-token", HTMLInputElement);
  const byClaims = byId("evidence-claims", HTMLInputElement);
  const value = (field: typeof FIELDS[number]) =>
    byId(`explain-${field}`, HTMLInputElement).value.trim();
  for (const field of FIELDS) {
    byId(`explain-${field}`, HTMLInputElement)
      .addEventListener("input", panel.changed);
  }
  const maps = new MapFiles(panel.changed);
  for (const radio of [byToken, byClaims]) {
    radio.addEventListener("change", () => {
      byId("token-field", HTMLElement).hidden = !byToken.checked;
      byId("claims-field", HTMLElement).hidden = byToken.checked;
      panel.changed();
    });
  }
  return async () => {
    const outcome = await panel.ask("explain", {
      policy: panel.sheet().policy,
      account: value("account"),
      service: value("service"),
      rhost: value("rhost"),
      issuer: value("issuer"),
      time: value("time"),
      now: panel.clock(),
      mapFiles: maps.texts,
      evidence: byToken.checked
        ? { kind: "token", text: token.text }
        : { kind: "claims", text: panel.claims() },
    });
    if (outcome === null) return;
    if (outcome.type === "answer") maps.show(outcome.value.mapFiles);
    const answer = answerIn<Explained>(outcome, "nothing was decided");
    if (typeof answer === "string") {
      target.replaceChildren(preformatted(answer));
      panel.tell(`no answer: ${answer.split("\n")[0]}`);
      return;
    }
    const { decision, reason, notes, decoded, pretty, json } = answer;
    // of what nobody verified, a yes is none yet
    const genuine = decoded === null ? "" : ", if the token is genuine";
    const verdict = `${decision}: ${reason}${genuine}`;
    target.replaceChildren(
      element("h3", decoded === null ? decision : "", verdict),
      ...notes.map((note) => element("p", "quiet", note)),
      ...printed(pretty, json),
      ...decoded === null ? [] : [
        element("h3", "bad", "The token's claims, not verified"),
        element(
          "p",
          "quiet",
          "Signature, times and audience were not looked at: a login does, and may refuse it.",
        ),
        preformatted(decoded),
      ],
    );
    panel.tell(verdict);
  };
};
