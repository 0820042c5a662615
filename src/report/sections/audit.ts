/**
 * What was recorded of logins.
 *
 * @module
 */
import { plural } from "../../lib/text.ts";
import type { ReportFacts } from "../facts.ts";
import type { AuditFacts, RuleUse } from "../facts/audit.ts";
import { type Html, html, type Part } from "../html.ts";
import {
  badge,
  code,
  limits,
  lineLink,
  paragraph,
  section,
  table,
} from "./parts.ts";

/** Others are counted. */
const MAX_REASONS = 100;

/** Nothing, where no audit file was read. */
export function auditSection({ audit }: ReportFacts): Html {
  if (audit === null) return html``;
  const { records, allowed, denied, first, last, until, days } = audit;
  return section(
    "audit",
    "What was used",
    html`${
      paragraph(
        first === null || last === null
          ? "There is no record."
          : `${
            plural(records, "record")
          }, ${first} to ${last}: ${allowed} allowed, ${denied} denied`,
      )
    }${
      table(
        `When each rule last decided${
          until === null ? "" : `; ${days} days are counted back from ${until}`
        }`,
        ["rule", "last use", "allowed", "denied", "verdict"],
        audit.rules.map((rule) => [
          lineLink(rule.line, rule.id),
          rule.last ?? "none recorded",
          rule.allowed,
          rule.denied,
          verdictPart(rule, audit),
        ]),
      )
    }${
      audit.strange === 0 ? [] : paragraph(
        `Records name ${
          plural(audit.strange, "rule")
        } that this policy does not have.`,
      )
    }${
      audit.refusals.length === 0 ? [] : table(
        "Refusals by reason",
        ["reason", "count", "last"],
        audit.refusals.slice(0, MAX_REASONS).map(({ reason, count, last }) => [
          reason === null ? "others, which are too many" : code(reason),
          count,
          last,
        ]),
      )
    }${
      audit.refusals.length <= MAX_REASONS
        ? []
        : paragraph(`and ${audit.refusals.length - MAX_REASONS} more reasons`)
    }${limits("Lines that were of no use:", audit.unusable)}`,
  );
}

function verdictPart(
  { verdict, effect }: RuleUse,
  { days }: AuditFacts,
): Part {
  switch (verdict) {
    case "used":
      return badge("good", "used");
    case "unused":
      return effect === "allow"
        ? html`${
          badge("middling", "candidate for removal")
        } unused for ${days} days`
        // it is there for the day on which somebody tries
        : html`${
          badge("plain", "unused")
        } for ${days} days; it denies, so keep it unless what it denies cannot be`;
    case "unknown":
      return html`${
        badge("plain", "cannot tell")
      } records do not show ${days} days`;
  }
}
