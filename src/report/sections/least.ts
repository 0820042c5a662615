/**
 * "The least that is admitted": for each account and rule, what somebody needs at least to get in.
 *
 * @module
 */
import { hasEnded, type Reach, type Way } from "../../analysis/who.ts";
import {
  requirements,
  until,
  whence,
  whereto,
  whose,
} from "../../analysis/who_words.ts";
import { WITNESS_NOW } from "../../analysis/diff/space.ts";
import { plural } from "../../lib/text.ts";
import { instant, instantText } from "../../policy/instant.ts";
import type { ReportFacts } from "../facts.ts";
import type { RuleFact } from "../facts/rules.ts";
import { type Html, html, type Part } from "../html.ts";
import { claimWords, conditionWords, listed } from "../words.ts";
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

/** Rows of a page; there are never more, because no more questions are asked. */
export function leastSection(facts: ReportFacts): Html {
  const { who, rules } = facts;
  const byId = new Map(rules.map((rule) => [rule.id, rule]));
  const reached = who.accounts.filter(({ ways }) => ways.length > 0);
  const nobody = who.accounts.filter(({ ways, whole }) =>
    ways.length === 0 && whole
  );
  const certain = who.limits.length === 0;
  const now = facts.now === null ? null : instant(facts.now);
  return section(
    "least",
    "The least that is admitted",
    html`${
      paragraph(
        "Each line is a request that this policy admits by the rule in it; without any one thing that " +
          "is named, the rule does not admit it.",
      )
    }${
      limits(
        "Not everything is told: who is not in this table may get in all the same.",
        who.limits,
      )
    }${
      reached.length === 0
        ? paragraph(
          certain
            ? "Nobody is admitted to any account."
            : "Cannot tell who is admitted.",
        )
        : table(
          `${
            plural(
              reached.reduce((sum, { ways }) => sum + ways.length, 0),
              "way",
            )
          } to ${plural(reached.length, "account")}`,
          ["account", "rule", "service", "from", "at least", "asked for"],
          reached.flatMap((reach) =>
            reach.ways.map((way) =>
              row(reach, way, { rule: byId.get(way.rule), now })
            )
          ),
        )
    }${
      nobody.length === 0 ? [] : paragraph(
        html`${certain ? "Nobody reaches" : "Nobody was found who reaches"} ${
          listed(
            nobody.map(({ account, example }) =>
              example ? `${account} and others of its sort` : account
            ),
            { most: 50 },
          )
        }.`,
      )
    }`,
  );
}

function row(
  reach: Reach,
  way: Way,
  { rule, now }: { rule: RuleFact | undefined; now: number | null },
): Part[] {
  const { account, example } = reach;
  return [
    lines([
      code(account),
      ...(example
        ? [html`<small>stands for all others of its sort</small>`]
        : []),
      html`<small>${whose(way)}</small>`,
    ]),
    lines([
      rule === undefined ? way.rule : lineLink(rule.line, way.rule),
      html`<small>issuer ${way.issuer}</small>`,
      ...(reach.except.length === 0 ? [] : [
        html`<small>but for those whom ${listed(reach.except)} denies</small>`,
      ]),
    ]),
    lines([code(way.least.service), html`<small>${whereto(way)}</small>`]),
    lines([
      way.least.rhost === null ? "no address needed" : code(way.least.rhost),
      html`<small>${[whence(way), ...until(way)].join(", ")}</small>`,
      ...(hasEnded(way, now) ? [badge("plain", "has ended")] : []),
    ]),
    lines(leastWords(way)),
    lines([...way.when.map(conditionWords), ...requirements(way)]),
  ];
}

/** What the token says, and all else that there must be. */
function leastWords({ least, doubts }: Way): Part[] {
  const { claims, now, mapFiles, host } = least;
  const told = claimWords(claims, now);
  return [
    ...(told.length === 0 ? ["any token of the issuer"] : told),
    ...(now === WITNESS_NOW ? [] : [`at ${instantText(now)}`]),
    ...(host === null ? [] : ["a system account on this host"]),
    ...Object.entries(mapFiles).map(([path, held]) =>
      html`where ${code(path)} has the line ${code(held.join("; "))}`
    ),
    ...doubts.map((doubt) => html`<em>but ${doubt}</em>`),
  ];
}
