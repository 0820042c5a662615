/**
 * A decision and its reasons for a person at a terminal.
 *
 * @module
 */
import type {
  Explanation,
  ToldRule,
} from "../../../analysis/explain/explain.ts";
import { instantText } from "../../../policy/instant.ts";
import type { RuleOutcome } from "../../../policy/decision.ts";
import type { AccessRequest } from "../../../policy/request.ts";
import { visibleValue } from "../../../analysis/explain/words.ts";
import { visible } from "../../../lib/text.ts";

/** Conditions of the nearest rule that one line names. */
const MAX_CONDITIONS = 3;

interface ExplainPrettyOptions {
  readonly color: boolean;
  /** What was asked; `null` when it never came to the rules. */
  readonly request: AccessRequest | null;
  /** What a session by certificate may use; `null` where there is none. */
  readonly permit: readonly string[] | null;
}

export function explainPretty(
  explanation: Explanation,
  { color, request, permit }: ExplainPrettyOptions,
): string {
  const { decision, order } = explanation;
  const allowed = decision.decision === "allow";
  const paint = (style: string, text: string) =>
    color ? `\x1b[${style}m${text}\x1b[0m` : text;
  const decided = ({ outcome }: ToldRule) => outcome.id === decision.rule;
  const deciding = order.filter(decided);
  const others = order.filter((rule) => !decided(rule));
  const verdict = decision.rule === null ? "no rule decided" : "";
  const lines = [
    `${paint(allowed ? "32" : "31", decision.decision)}: ${decision.reason}${
      verdict === "" ? "" : ` (${verdict}: deny by default)`
    }`,
    ...(decision.detail === undefined ? [] : [`  ${visible(decision.detail)}`]),
    ...circumstances(explanation, request),
    ...(permit === null ? [] : [`  the session may use ${used(permit)}`]),
    ...hintLines(explanation, null),
    ...leading(explanation).map((line) => paint("1", line)),
  ];
  if (decision.rules.length === 0) {
    // nothing was asked of the rules, so nothing was denied by default
    lines[0] = `${paint("31", decision.decision)}: ${decision.reason}`;
  }
  if (deciding.length > 0) {
    lines.push("", paint("1", "the rule that decided:"));
    lines.push(...deciding.flatMap((rule) => ruleLines(rule, explanation)));
  }
  if (others.length > 0) {
    const title = deciding.length > 0 ? "other rules" : "rules";
    // where none comes near, there is no order to tell of
    const order = explanation.nearest !== null && others.length > 1
      ? ", the nearest first"
      : "";
    lines.push("", paint("1", `${title}${order}:`));
    lines.push(...others.flatMap((rule) => ruleLines(rule, explanation)));
  }
  return `${lines.join("\n")}\n`;
}

function used(permit: readonly string[]): string {
  return permit.includes("all")
    ? "all that sshd allows"
    : permit.length === 0
    ? "a command, and nothing else"
    : `${permit.join(", ")}, and nothing else`;
}

function circumstances(
  { account, issuer }: Explanation,
  request: AccessRequest | null,
): string[] {
  const parts = [`account ${visibleValue(account)}`];
  if (issuer !== null) parts.push(`issuer ${visibleValue(issuer)}`);
  if (request !== null) {
    parts.push(
      `service ${visibleValue(request.service)}`,
      request.rhost === null
        ? "no remote address"
        : `from ${visibleValue(request.rhost)}`,
      `at ${instantText(request.now)}`,
    );
  }
  return [`  ${parts.join(", ")}`];
}

/** What somebody who was refused wants to know first. */
function leading(explanation: Explanation): string[] {
  const { decision, denial, nearest } = explanation;
  const lines: string[] = [];
  if (denial !== null) {
    const matching = decision.rules.filter(({ effect, matched }) =>
      effect === "deny" && matched
    ).map(({ id }) => id);
    const also = matching.filter((id) => id !== decision.rule);
    const granting = decision.rules.find(({ granted }) => granted);
    const others = also.length === 0 ? "" : ` (and by ${named(also)})`;
    const without = granting === undefined || also.length > 0
      ? ""
      : ` (otherwise rule ${visibleValue(granting.id)} would admit)`;
    lines.push(
      `denied by: rule ${visibleValue(decision.rule)}: ${
        visible(denial)
      }${others}${without}`,
    );
  }
  if (nearest !== null) {
    const { rule, conditions } = nearest;
    const short = `${count(conditions.length)} short`;
    const shownHere = conditions.slice(0, MAX_CONDITIONS)
      .map(({ message }) => visible(message)).join("; ");
    const more = conditions.length > MAX_CONDITIONS ? "; …" : "";
    lines.push(
      `nearest: rule ${visibleValue(rule)}, ${short}: ${shownHere}${more}`,
    );
  }
  return lines;
}

function named(ids: readonly string[]): string {
  return ids.map((id) => visibleValue(id)).join(", ");
}

const NUMBERS = ["no", "one", "two", "three", "four", "five"];

function count(conditions: number): string {
  return `${NUMBERS[conditions] ?? conditions} condition${
    conditions === 1 ? "" : "s"
  }`;
}

function ruleLines(
  { outcome: rule, told }: ToldRule,
  explanation: Explanation,
): string[] {
  const { condition } = rule;
  const place = condition === null ? "" : `: ${visible(condition.join("."))}`;
  const because = told === null ? "" : `: ${visible(told.because)}`;
  const said = rule.granted
    ? "matches and grants"
    : rule.matched && rule.effect === "deny"
    ? told === null
      ? "matches and denies"
      : `matches and denies, because it cannot be told${place}${because}`
    : `${
      rule.matched ? "matches, but does not grant" : "does not match"
    }${place}${because}`;
  const lacking = missing(rule);
  return [
    `  ${visible(rule.id)} (${rule.effect}): ${said}`,
    ...(told === null ? [] : [
      `    expected ${visible(told.expected)}`,
      `    actual   ${visible(told.actual)}`,
    ]),
    ...(lacking.length === 0 ? [] : [`    missing  ${visibleValue(lacking)}`]),
    ...hintLines(explanation, rule.id),
  ];
}

/** Which values are not there, of a condition that wants all of them. */
function missing({ condition, expected, actual }: RuleOutcome): unknown[] {
  return condition?.[0] === "when" && condition.at(-1) === "all" &&
      Array.isArray(expected) && Array.isArray(actual)
    ? expected.filter((value) => !actual.includes(value))
    : [];
}

function hintLines({ hints }: Explanation, rule: string | null): string[] {
  return hints.filter((hint) => hint.rule === rule)
    .map(({ message }) => `    hint: ${visible(message)}`);
}
