/**
 * `policy explain --format json`.
 *
 * @module
 */
import type { Explanation } from "../../../analysis/explain/explain.ts";
import { jsonDocument } from "../../output/json.ts";
import { visible } from "../../../lib/text.ts";

export function explainJson(
  explanation: Explanation,
  permit: readonly string[] | null,
): string {
  const { decision, account, issuer, hints, nearest } = explanation;
  return safeDocument("oauth-pam/explain@1", {
    decision: decision.decision,
    reason: decision.reason,
    account,
    issuer,
    rule: decision.rule,
    ...(permit === null ? {} : { ssh: { permit } }),
    ...(decision.detail === undefined ? {} : { detail: decision.detail }),
    rules: decision.rules.map((rule) => ({
      id: rule.id,
      effect: rule.effect,
      matched: rule.matched,
      granted: rule.granted,
      because: rule.because,
      expected: rule.expected,
      actual: rule.actual,
      ...(rule.condition === null ? {} : { condition: rule.condition }),
    })),
    nearest,
    hints: hints.map(({ rule, kind, message }) => ({ rule, kind, message })),
  });
}

/**
 * A document that a terminal may be shown: what JSON leaves as it is and a terminal would obey is
 * escaped. Those characters only stand in strings, where the escape means the same.
 */
export function safeDocument(
  schema: string,
  members: Readonly<Record<string, unknown>>,
): string {
  return jsonDocument(schema, members).split("\n").map(visible).join("\n");
}
