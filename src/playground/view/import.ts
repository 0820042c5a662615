/**
 * The tab "Import": other programs' configurations, and the policy that does the same.
 *
 * @module
 */
/// <reference lib="dom" />
import { ENVIRONMENTS, SECRET_FILE } from "../../cli/policy/import/choices.ts";
import type { Foreign } from "../answers/convert.ts";
import { byId, element, preformatted } from "./dom.ts";
import { LongText } from "./long_text.ts";
import { unanswered, type View } from "./panel.ts";

/** More than these are only counted, in the line above. */
const MAX_REMARKS = 200;

const PROGRAMS = ["pam-oauth-py", "oauth-ssh", "opkssh"] as const;
const TEXTS = ["line", "conf", "providers", "auth-id", "config"] as const;
const WORDS = ["fqdns", "secret-file"] as const;

export const importView: View = (panel) => {
  const target = byId("imported", HTMLElement);
  const use = byId("import-use", HTMLButtonElement);
  const from = byId("import-from", HTMLSelectElement);
  const environment = byId("import-environment", HTMLSelectElement);
  environment.append(...ENVIRONMENTS.map((name) => new Option(name, name)));
  byId("import-secret-file", HTMLInputElement).value = SECRET_FILE;
  const texts = new Map(TEXTS.map((name) => [
    name,
    new LongText(byId(`import-${name}`, HTMLTextAreaElement), {
      what: `"${name}"`,
      changed: (byPerson) => byPerson && panel.changed(),
    }),
  ]));
  const text = (name: typeof TEXTS[number]) => texts.get(name)?.text ?? "";
  const word = (name: typeof WORDS[number]) =>
    byId(`import-${name}`, HTMLInputElement).value;
  for (const name of WORDS) {
    byId(`import-${name}`, HTMLInputElement)
      .addEventListener("input", panel.changed);
  }
  environment.addEventListener("change", panel.changed);
  from.addEventListener("change", () => {
    for (const program of PROGRAMS) {
      byId(`from-${program}`, HTMLElement).hidden = program !== from.value;
    }
    panel.changed();
  });
  const foreign = (): Foreign => {
    switch (from.value) {
      case "oauth-ssh":
        return {
          from: "oauth-ssh",
          text: text("conf"),
          fqdns: word("fqdns"),
          secretFile: word("secret-file"),
          environment: environment.value,
        };
      case "opkssh":
        return {
          from: "opkssh",
          providers: text("providers"),
          auth_id: text("auth-id"),
          config: text("config"),
        };
      default:
        return { from: "pam-oauth-py", line: text("line") };
    }
  };
  let made: string | null = null;
  use.addEventListener("click", () => {
    if (made !== null) panel.replace(made);
  });
  return async () => {
    const given = foreign();
    made = null;
    use.hidden = true;
    const { from: _, secretFile: __, environment: ___, ...texts } = given as
      & Foreign
      & Record<string, string>;
    if (Object.values(texts).every((each) => each.trim() === "")) {
      target.replaceChildren();
      panel.tell("nothing to import yet");
      return;
    }
    const outcome = await panel.ask("convert", given);
    if (outcome === null) return;
    if (outcome.type !== "answer") {
      const words = unanswered(outcome, "no policy was made");
      target.replaceChildren(element("p", "bad", words));
      panel.tell(words);
      return;
    }
    const { policy, remarks } = outcome.value;
    made = policy;
    use.hidden = policy === null;
    target.replaceChildren(
      element(
        "ul",
        "findings",
        ...remarks.slice(0, MAX_REMARKS).map(({ place, level, message }) =>
          element(
            "li",
            "",
            `${place}: `,
            element("span", `level-${level}`, level),
            ` ${message}`,
          )
        ),
      ),
      ...policy === null ? [] : [preformatted(policy)],
    );
    panel.tell(
      policy === null
        ? "no policy can be made of it"
        : `a policy was made, with ${remarks.length} remarks`,
    );
  };
};
