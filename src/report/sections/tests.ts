/**
 * What the tests of a policy show, and what they would not notice.
 *
 * @module
 */
import {
  coverageCount,
  mutationCount,
  uncoveredLine,
} from "../../analysis/testing/words.ts";
import { findingText } from "../../policy/diagnostic.ts";
import { plural } from "../../lib/text.ts";
import type { ReportFacts } from "../facts.ts";
import type { TestFacts } from "../facts/tests.ts";
import { type Html, html, type Part } from "../html.ts";
import {
  limits,
  lineLink,
  list,
  paragraph,
  preformatted,
  section,
  table,
} from "./parts.ts";

/** Of one kind; others are counted. */
const MAX_ROWS = 100;

export function testsSection({ tests }: ReportFacts): Html {
  const { total, passed, failing, findings, coverage, mutation } = tests;
  return section(
    "tests",
    "Tests",
    html`${
      paragraph(
        `${plural(total, "test")}, ${passed} passed, ${total - passed} failed`,
      )
    }${
      failing.length === 0 ? [] : table(
        "Tests that fail",
        ["test", "place", "what is decided"],
        failing.slice(0, MAX_ROWS).map(({ name, file, line, message }) => [
          name,
          `${file}:${line}`,
          message,
        ]),
      )
    }${more(failing)}${
      limits(
        "Something is wrong with the tests themselves.",
        findings.slice(0, MAX_ROWS).map(findingText),
      )
    }${coverage === null ? [] : coveragePart(coverage)}${
      mutation === null ? [] : mutationPart(mutation)
    }${limits("Not looked at:", tests.unknown)}`,
  );
}

function more(items: readonly unknown[]): Part {
  return items.length <= MAX_ROWS
    ? []
    : paragraph(`and ${items.length - MAX_ROWS} more`);
}

function coveragePart(coverage: NonNullable<TestFacts["coverage"]>): Part {
  const { uncovered } = coverage;
  return [
    paragraph(coverageCount(coverage, null)),
    list(
      uncovered.slice(0, MAX_ROWS).map((item) =>
        html`${lineLink(item.line)}: ${
          uncoveredLine(item).slice(`${item.file}:${item.line}: `.length)
        }`
      ),
    ),
    more(uncovered),
  ];
}

function mutationPart(mutation: NonNullable<TestFacts["mutation"]>): Part {
  const { survived, unknown, host } = mutation;
  return [
    paragraph(mutationCount(mutation)),
    survived.length === 0 ? [] : table(
      "Changes that no test notices",
      ["place", "change", "a test that notices it"],
      survived.slice(0, MAX_ROWS).map(({ line, message, yaml }) => [
        lineLink(line),
        message,
        preformatted(yaml),
      ]),
    ),
    more(survived),
    list(
      [...unknown, ...host].slice(0, MAX_ROWS).map(({ line, message }) =>
        html`${lineLink(line)}: ${message}`
      ),
    ),
    more([...unknown, ...host]),
  ];
}
