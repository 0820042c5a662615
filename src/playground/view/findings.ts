/**
 * The list of findings, each with a button that leads to its place.
 *
 * @module
 */
/// <reference lib="dom" />
import { plural } from "../../lib/text.ts";
import type { Findings } from "../answers/findings.ts";
import { button, element } from "./dom.ts";

/** More than these are only counted. */
const MAX_SHOWN = 200;

/** Draws the list; `go` puts the caret at a place in the policy. */
export function drawFindings(
  target: HTMLElement,
  { findings }: Findings,
  go: (line: number, column: number) => void,
): void {
  const items = findings.slice(0, MAX_SHOWN).map((finding) => {
    const { line, column, level, message, hint, id, file } = finding;
    const place = `Line ${line}, column ${column}`;
    const inPolicy = file === "policy.yaml";
    const leads = inPolicy
      ? button(place, () => go(line, column))
      : element("span", "quiet", `${file}, ${place.toLowerCase()} `);
    if (inPolicy) leads.setAttribute("aria-label", `${place}: ${message}`);
    return element(
      "li",
      "",
      leads,
      element("span", `level-${level}`, level),
      ` ${message} `,
      element("span", "quiet", `[${id}]`),
      ...hint === undefined ? [] : [element("p", "quiet", `hint: ${hint}`)],
    );
  });
  const more = findings.length - items.length;
  target.replaceChildren(
    ...items.length === 0
      ? [element("p", "good", "Nothing was found.")]
      : [element("ul", "findings", ...items)],
    ...more > 0
      ? [element("p", "quiet", `and ${plural(more, "finding")} more`)]
      : [],
  );
}

/** `2 errors, 1 warning`. */
export function findingsSummary({ findings, suppressed, usable }: Findings) {
  const count = (level: string) =>
    findings.filter((finding) => finding.level === level).length;
  return [
    plural(count("error"), "error"),
    plural(count("warning"), "warning"),
    ...count("info") > 0 ? [`${count("info")} info`] : [],
    ...suppressed > 0 ? [`${suppressed} suppressed`] : [],
    ...usable ? [] : ["a login would refuse this policy"],
  ].join(", ");
}
