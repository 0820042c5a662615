/**
 * What lint found, with links to the lines.
 *
 * @module
 */
import {
  type Diagnostic,
  type Level,
  worstFirst,
} from "../../policy/diagnostic.ts";
import type { ReportFacts } from "../facts.ts";
import { type Html, html, type Part } from "../html.ts";
import {
  badge,
  code,
  lineLink,
  lines,
  paragraph,
  section,
  table,
} from "./parts.ts";

/** Others are counted. */
const MAX_ROWS = 500;

const BADGES = {
  error: "bad",
  warning: "middling",
  info: "plain",
} as const satisfies Record<Level, string>;

export function findingsSection(facts: ReportFacts): Html {
  const { findings, suppressed, file, now } = facts;
  return section(
    "findings",
    "Findings",
    html`${
      now === null
        ? paragraph(
          "No time was given, so that it was not looked at which rules have ended.",
        )
        : []
    }${
      findings.length === 0 ? paragraph("No findings.") : table(
        "The worst first",
        ["level", "place", "what is wrong"],
        worstFirst(findings).slice(0, MAX_ROWS).map((finding) => [
          badge(BADGES[finding.level], finding.level),
          placePart(finding, file),
          lines([
            html`${finding.message} ${code(finding.id)}`,
            ...(finding.hint === undefined
              ? []
              : [html`<small>${finding.hint}</small>`]),
          ]),
        ]),
      )
    }${
      findings.length <= MAX_ROWS
        ? []
        : paragraph(`and ${findings.length - MAX_ROWS} more`)
    }${
      suppressed.length === 0 ? [] : table(
        "Suppressed in the policy, with the reason",
        ["place", "what is wrong", "reason"],
        suppressed.slice(0, MAX_ROWS).map(({ finding, reason }) => [
          placePart(finding, file),
          html`${finding.message} ${code(finding.id)}`,
          reason,
        ]),
      )
    }`,
  );
}

/** Lines of another file are not on the page. */
function placePart({ file, line, column }: Diagnostic, own: string): Part {
  return file === own
    ? lineLink(line, `${line}:${column}`)
    : `${file}:${line}:${column}`;
}
