/**
 * The pages of lint rules, for people and for programs.
 *
 * @module
 */
import { listOf, nearest } from "../../../lib/text.ts";
import {
  CATALOGUE,
  RULE_IDS,
  ruleById,
} from "../../../analysis/lint/catalogue.ts";
import type { LintRule } from "../../../analysis/lint/lint_rule.ts";
import { UsageError } from "../../arguments.ts";
import { jsonDocument } from "../../output/json.ts";

/** `--explain ID`. Throws {@link UsageError} when there is no such rule. */
export function explainRule(id: string, options: { json: boolean }): string {
  const rule = ruleById(id);
  if (rule === undefined) throw unknownRule(id);
  if (options.json) {
    return jsonDocument("oauth-pam/lint-rule@1", {
      ...listed(rule),
      ...rule.page,
    });
  }
  const { summary, avoid, prefer, why } = rule.page;
  return [
    `${rule.id} (${rule.level}, confidence ${rule.confidence})`,
    summary,
    "",
    "Avoid:",
    indented(avoid),
    "",
    "Prefer:",
    indented(prefer),
    "",
    "Why:",
    indented(why),
    "",
    suppressible(rule)
      ? `To suppress it, with a reason: # oauth-pam: ignore[${rule.id}] because …`
      : "It cannot be suppressed.",
    "",
  ].join("\n");
}

/** `--list-rules`. */
export function listRules(options: { json: boolean }): string {
  if (options.json) {
    return jsonDocument("oauth-pam/lint-rules@1", {
      rules: CATALOGUE.map(listed),
    });
  }
  const width = Math.max(...RULE_IDS.map((id) => id.length));
  return CATALOGUE.map(({ id, level, page }) =>
    `${id.padEnd(width)}  ${level.padEnd(7)}  ${page.summary}\n`
  ).join("");
}

function listed(rule: LintRule) {
  return {
    id: rule.id,
    level: rule.level,
    confidence: rule.confidence,
    summary: rule.page.summary,
    suppressible: suppressible(rule),
  };
}

/** What a login refuses the policy for stays, and so do findings about suppressions. */
function suppressible({ id, found, level }: LintRule): boolean {
  return !id.startsWith("file/") &&
    (found === "check" || (found === "parser" && level !== "error"));
}

function unknownRule(id: string): UsageError {
  const suggestion = nearest(id, RULE_IDS);
  const family = RULE_IDS.filter((each) =>
    each.startsWith(`${id.split("/")[0]}/`)
  );
  return new UsageError(
    `there is no lint rule ${JSON.stringify(id)}, expected ${
      family.length === 0
        ? 'one that "--list-rules" shows'
        : `one of ${listOf(family, 30)}`
    }` +
      (suggestion === undefined ? "" : `\nhint: did you mean "${suggestion}"?`),
  );
}

function indented(text: string): string {
  return text.split("\n").map((line) => `  ${line}`.trimEnd()).join("\n");
}
