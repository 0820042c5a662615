/**
 * What always refuses: rules that deny, protected accounts, and what must never be.
 *
 * @module
 */
import type { ReportFacts } from "../facts.ts";
import type { RuleFact } from "../facts/rules.ts";
import { type Html, html, type Part } from "../html.ts";
import { listed } from "../words.ts";
import {
  badge,
  code,
  limits,
  lineLink,
  lines,
  list,
  paragraph,
  section,
  table,
} from "./parts.ts";

/** Of one kind; others are counted. */
const MAX_ROWS = 300;

export function refusalsSection({ refusals, rules }: ReportFacts): Html {
  const denies = rules.filter(({ effect }) => effect === "deny");
  return section(
    "refused",
    "What always refuses",
    html`${
      paragraph(
        "A rule that denies wins over every rule that allows, and what no rule allows is refused.",
      )
    }${
      denies.length === 0 ? paragraph("No rule denies.") : html`${
        table(
          "Rules that deny",
          ["rule", "whom", "accounts", "where"],
          denies.slice(0, MAX_ROWS).map(denyRow),
        )
      }${more(denies.length)}`
    }${
      paragraph("Protected accounts, which only a rule that names them opens:")
    }${
      list(
        refusals.protected.slice(0, MAX_ROWS).map(({ account, openedBy }) =>
          html`${code(account)}: ${
            openedBy.length === 0
              ? "no rule opens it"
              : `opened by ${listed(openedBy)}`
          }`
        ),
      )
    }${more(refusals.protected.length)}${never(refusals)}`,
  );
}

function more(count: number): Part {
  return count <= MAX_ROWS ? [] : paragraph(`and ${count - MAX_ROWS} more`);
}

function denyRow(rule: RuleFact): Part[] {
  const { id, line, description, issuers, conditions, accounts } = rule;
  return [
    lines([
      lineLink(line, id),
      ...(description === null ? [] : [html`<small>${description}</small>`]),
    ]),
    lines([
      issuers === null ? "of any issuer" : `of ${listed(issuers)}`,
      ...(conditions.length === 0 ? ["everybody"] : conditions),
    ]),
    accounts === null ? "every account" : lines(accounts),
    lines([
      rule.label,
      ...(rule.until === null ? [] : [`until ${rule.until}`]),
    ]),
  ];
}

const VERDICTS = {
  proved: badge("good", "proved"),
  broken: badge("bad", "broken"),
  unproved: badge("middling", "not proved"),
};

function never({ never, unread }: ReportFacts["refusals"]): Part {
  return [
    ...(never.length === 0 ? [] : [
      table(
        "What must never be",
        ["entry", "over all requests", "why"],
        never.slice(0, MAX_ROWS).map(({ name, line, verdict, texts }) => [
          lineLink(line, name),
          VERDICTS[verdict],
          lines(texts),
        ]),
      ),
      more(never.length),
    ]),
    limits("What must never be cannot be read, and is not looked at.", unread),
  ];
}
