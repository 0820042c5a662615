/**
 * The list of findings, each with a button that leads to its place.
 *
 * @module
 */
/// <reference lib="dom" />
import { plural } from "../../lib/text.ts";
import type { FindingsShown } from "../answers/findings.ts";
import { POLICY_FILE } from "../names.ts";
import { button, element } from "./dom.ts";

/** Draws the list; `go` puts the caret at a place in the policy. */
export function drawFindings(
  target: HTMLElement,
  { findings, counts }: FindingsShown,
  go: (line: number, column: number) => void,
): void {
  const items = findings.map((finding) => {
    const { line, column, level, message, hint, id, file } = finding;
    const place = `Line ${line}, column ${column}`;
    const inPolicy = file === POLICY_FILE;
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
  const { error, warning, info } = counts;
  const more = error + warning + info - items.length;
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
export function findingsSummary(
  { counts, suppressed, usable }: FindingsShown,
): string {
  return [
    plural(counts.error, "error"),
    plural(counts.warning, "warning"),
    ...counts.info > 0 ? [`${counts.info} info`] : [],
    ...suppressed > 0 ? [`${suppressed} suppressed`] : [],
    ...usable ? [] : ["a login would refuse this policy"],
  ].join(", ");
}
