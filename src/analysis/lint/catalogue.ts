/**
 * All lint rules.
 *
 * @module
 */
import { ACCOUNT_RULES } from "./rules/accounts.ts";
import { ASSURANCE_RULES } from "./rules/assurance.ts";
import { CLAIM_RULES } from "./rules/claim.ts";
import { DENY_RULES } from "./rules/deny.ts";
import { FILE_RULES } from "./rules/file.ts";
import { GRANT_RULES } from "./rules/grant.ts";
import { IDENTIFIER_RULES } from "./rules/identifier.ts";
import { ISSUER_RULES } from "./rules/issuer.ts";
import type { LintRule } from "./lint_rule.ts";
import { MATCH_RULES } from "./rules/match.ts";
import { NEVER_RULES } from "./rules/never.ts";
import { NAME_RULES } from "./rules/names.ts";
import { NETWORK_RULES } from "./rules/networks.ts";
import { OVERLAP_RULES } from "./rules/overlap.ts";
import { PARSER_RULES } from "./rules/parser.ts";
import { RULE_RULES } from "./rules/rule.ts";
import { SSH_RULES } from "./rules/ssh.ts";
import { SUPPRESS_RULES } from "./suppress.ts";
import { TEST_RULES } from "./rules/tests.ts";
import { TEXT_RULES } from "./rules/text.ts";

/** Sorted by id. */
export const CATALOGUE: readonly LintRule[] = [
  ...GRANT_RULES,
  ...MATCH_RULES,
  ...NETWORK_RULES,
  ...IDENTIFIER_RULES,
  ...NAME_RULES,
  ...OVERLAP_RULES,
  ...CLAIM_RULES,
  ...ASSURANCE_RULES,
  ...ACCOUNT_RULES,
  ...DENY_RULES,
  ...RULE_RULES,
  ...ISSUER_RULES,
  ...SSH_RULES,
  ...FILE_RULES,
  ...NEVER_RULES,
  ...TEST_RULES,
  ...TEXT_RULES,
  ...SUPPRESS_RULES,
  ...PARSER_RULES,
].sort((a, b) => (a.id < b.id ? -1 : 1));

const BY_ID = new Map(CATALOGUE.map((rule) => [rule.id, rule]));

export const RULE_IDS: readonly string[] = CATALOGUE.map(({ id }) => id);

export function ruleById(id: string): LintRule | undefined {
  return BY_ID.get(id);
}
