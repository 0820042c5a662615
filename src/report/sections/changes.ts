/**
 * What changed since another policy.
 *
 * @module
 */
import { type Row, whose } from "../../analysis/diff/rows.ts";
import { plural } from "../../lib/text.ts";
import type { ReportFacts } from "../facts.ts";
import type { ChangeFacts } from "../facts/changes.ts";
import { type Html, html, type Part } from "../html.ts";
import { listed } from "../words.ts";
import {
  badge,
  code,
  limits,
  lineLink,
  lines,
  paragraph,
  section,
  table,
} from "./parts.ts";

const KINDS = {
  equivalent: "good",
  narrower: "middling",
  wider: "bad",
  incomparable: "bad",
  sampled: "middling",
} as const;

/** Nothing, where there is no other policy. */
export function changesSection({ changes }: ReportFacts): Html {
  if (changes === null) return html``;
  const { against, verdict, words, rows, sessions, settings, same } = changes;
  return section(
    "changes",
    "Changes",
    html`${
      paragraph(
        html`Since ${code(against)}: ${
          badge(KINDS[verdict], verdict)
        } ${words}.`,
      )
    }${limits("Not everything was looked at.", changes.limits)}${
      changeTable("What changes", rows, ["gains", "loses"])
    }${
      changeTable("What sessions by certificate may use", sessions, [
        "more",
        "less",
      ])
    }${changes.left === null ? [] : paragraph(`and ${changes.left}`)}${
      settings.length === 0 ? [] : settingsTable(settings)
    }${same === 0 ? [] : paragraph(`${plural(same, "account")}: equivalent`)}`,
  );
}

function changeTable(
  caption: string,
  rows: readonly Row[],
  [wider, narrower]: readonly [string, string],
): Part {
  return rows.length === 0 ? [] : table(
    caption,
    ["who", "account", "rule", "what changes", "a request that shows it"],
    rows.map((row) => [
      row.verdict === "wider"
        ? badge("bad", wider)
        : badge("middling", narrower),
      whose(row),
      row.rules.length === 0
        ? (row.line === null ? "every rule" : lineLink(row.line, "every rule"))
        : lines(
          row.rules.slice(0, 8).map(({ id, line }) =>
            line === null ? `${id} (gone)` : lineLink(line, id)
          ),
        ),
      row.text,
      lines(row.request),
    ]),
  );
}

function settingsTable(settings: ChangeFacts["settings"]): Html {
  const most = 200;
  return html`${
    table(
      "Settings",
      ["setting", "verdict", "what changes"],
      settings.slice(0, most).map(({ path, verdict, description }) => [
        code(path),
        verdict === "equivalent"
          ? badge("plain", "no say in who gets in")
          : badge(KINDS[verdict], verdict),
        description,
      ]),
    )
  }${
    settings.length <= most ? [] : paragraph(
      `and ${listed(settings.slice(most).map(({ path }) => path))}`,
    )
  }`;
}
