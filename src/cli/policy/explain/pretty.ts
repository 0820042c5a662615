/**
 * A decision and its reasons for a person at a terminal.
 *
 * @module
 */
import type { Because, RuleOutcome } from "../../../policy/decision.ts";
import type { Explanation } from "../../../analysis/explain/explain.ts";
import type { AccessRequest } from "../../../policy/request.ts";
import { shown, visible } from "../../../lib/text.ts";

const MAX_SHOWN = 200;

const WORDS: Readonly<Record<Because, string>> = {
  issuer_mismatch: "it is for other issuers",
  service_mismatch: "it is for other services",
  rhost_mismatch: "it is for other networks",
  claim_missing: "the claim is missing",
  claim_type: "the claim is of another type",
  claim_distributed: "the issuer keeps the claim elsewhere",
  identities_untold: "the issuer did not tell all linked identities",
  claim_mismatch: "the claim has another value",
  account_mismatch: "the identity does not map to the account",
  account_protected: "the account is protected",
  reauthentication_required: "the user authenticated too long ago",
  mfa_required: "several factors are required",
  idp_not_permitted: "the identity provider is not permitted",
};

interface ExplainPrettyOptions {
  readonly color: boolean;
  /** What was asked; `null` when it never came to the rules. */
  readonly request: AccessRequest | null;
}

export function explainPretty(
  explanation: Explanation,
  { color, request }: ExplainPrettyOptions,
): string {
  const { decision } = explanation;
  const allowed = decision.decision === "allow";
  const paint = (style: string, text: string) =>
    color ? `\x1b[${style}m${text}\x1b[0m` : text;
  const deciding = decision.rules.filter(({ id }) => id === decision.rule);
  const others = decision.rules.filter(({ id }) => id !== decision.rule);
  const verdict = decision.rule === null ? "no rule decided" : "";
  const lines = [
    `${paint(allowed ? "32" : "31", decision.decision)}: ${decision.reason}${
      verdict === "" ? "" : ` (${verdict}: deny by default)`
    }`,
    ...(decision.detail === undefined ? [] : [`  ${visible(decision.detail)}`]),
    ...circumstances(explanation, request),
    ...hintLines(explanation, null),
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
    lines.push("", paint("1", deciding.length > 0 ? "other rules:" : "rules:"));
    lines.push(...others.flatMap((rule) => ruleLines(rule, explanation)));
  }
  return `${lines.join("\n")}\n`;
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
      `at ${time(request.now)}`,
    );
  }
  return [`  ${parts.join(", ")}`];
}

/** RFC 3339; times that no calendar has, in seconds. */
function time(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime())
    ? `${seconds} s`
    : date.toISOString().replace(".000Z", "Z");
}

function ruleLines(rule: RuleOutcome, explanation: Explanation): string[] {
  const { because, condition } = rule;
  const place = condition === null ? "" : `: ${visible(condition.join("."))}`;
  const said = rule.granted
    ? "matches and grants"
    : rule.matched && rule.effect === "deny"
    ? because === null
      ? "matches and denies"
      : `matches and denies, because it cannot be told${place}: ${
        WORDS[because]
      }`
    : `${
      rule.matched ? "matches, but does not grant" : "does not match"
    }${place}` +
      (because === null ? "" : `: ${WORDS[because]}`);
  return [
    `  ${visible(rule.id)} (${rule.effect}): ${said}`,
    ...(because === null ? [] : [
      `    expected ${visibleValue(rule.expected)}`,
      `    actual   ${visibleValue(rule.actual)}`,
    ]),
    ...hintLines(explanation, rule.id),
  ];
}

function hintLines({ hints }: Explanation, rule: string | null): string[] {
  return hints.filter((hint) => hint.rule === rule)
    .map(({ message }) => `    hint: ${visible(message)}`);
}

/** A value as JSON, safe for a terminal and not too long. */
export function visibleValue(value: unknown): string {
  return visible(shown(value, MAX_SHOWN));
}
