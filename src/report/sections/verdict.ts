/**
 * The first line: how much there is, and what was found.
 *
 * @module
 */
import { plural } from "../../lib/text.ts";
import type { Level } from "../../policy/diagnostic.ts";
import type { ReportFacts } from "../facts.ts";
import { type Html, html } from "../html.ts";
import { badge, paragraph, section } from "./parts.ts";

/** `12 rules, 2 issuers, 3 findings (1 error, 2 warnings), coverage 100 % (17 of 17)`. */
export function verdictWords(facts: ReportFacts): string {
  const { rules, issuers, tests, who } = facts;
  return [
    plural(rules.length, "rule"),
    plural(issuers.length, "issuer"),
    findingWords(facts),
    tests.coverage === null
      ? "coverage not known"
      : `coverage ${tests.coverage.percent} % (${tests.coverage.covered} of ${tests.coverage.total})`,
    ...(tests.passed < tests.total
      ? [
        `${tests.total - tests.passed} of ${
          plural(tests.total, "test")
        } failed`,
      ]
      : []),
    ...(who.limits.length > 0 ? ["not everything could be told"] : []),
  ].join(", ");
}

function findingWords({ findings }: ReportFacts): string {
  if (findings.length === 0) return "no findings";
  const count = (level: Level) =>
    findings.filter((finding) => finding.level === level).length;
  const levels = [
    [count("error"), "error"],
    [count("warning"), "warning"],
  ] as const;
  const told = levels.filter(([many]) => many > 0).map(([many, word]) =>
    plural(many, word)
  );
  const info = count("info");
  return `${plural(findings.length, "finding")} (${
    [...told, ...(info > 0 ? [`${info} info`] : [])].join(", ")
  })`;
}

export function verdictSection(facts: ReportFacts): Html {
  const { findings, tests, who, refusals, changes, now } = facts;
  const bad = findings.some(({ level }) => level === "error") ||
    tests.passed < tests.total || tests.findings.length > 0 ||
    refusals.never.some(({ verdict }) => verdict === "broken");
  const unclear = who.limits.length > 0 || tests.coverage === null ||
    tests.mutation === null || refusals.unread.length > 0 ||
    refusals.never.some(({ verdict }) => verdict === "unproved") ||
    (changes !== null && changes.limits.length > 0) ||
    findings.length > 0;
  const mark = bad
    ? badge("bad", "not right")
    : unclear
    ? badge("middling", "look closer")
    : badge("good", "nothing was found");
  return section(
    "verdict",
    "In short",
    html`${paragraph(html`${mark} ${verdictWords(facts)}`, "verdict")}${
      now === null ? [] : paragraph(`As of ${now}`)
    }`,
  );
}
