/**
 * Whether what must never be is ruled out by the rules.
 *
 * @module
 */
import { prove, readInvariants } from "../../never/invariants.ts";
import { breachText, unprovedText } from "../../never/words.ts";
import type { LintContext } from "../context.ts";
import { type LintFinding, lintRule } from "../lint_rule.ts";

function* shape({ policy, source }: LintContext): Iterable<LintFinding> {
  for (const issue of readInvariants(policy, source).issues) {
    const { message, hint, path, at } = issue;
    yield {
      message,
      ...(hint === undefined ? {} : { hint }),
      place: { path, ...(at === undefined ? {} : { at }) },
    };
  }
}

function* broken({ policy, source }: LintContext): Iterable<LintFinding> {
  for (const invariant of readInvariants(policy, source).invariants) {
    for (const breach of prove(policy, invariant).breaches) {
      yield {
        message: breachText(invariant, breach),
        hint:
          `narrow the rule, add a deny rule, or say the exception under never.${invariant.name}.unless`,
        place: { path: ["rules", breach.rule], at: "key" },
      };
    }
  }
}

function* unproved({ policy, source }: LintContext): Iterable<LintFinding> {
  for (const invariant of readInvariants(policy, source).invariants) {
    const { breaches, limits } = prove(policy, invariant);
    const [why] = limits;
    if (breaches.length > 0 || why === undefined) continue;
    yield {
      message: unprovedText(invariant, why),
      place: { path: ["never", invariant.name], at: "key" },
    };
  }
}

const EXAMPLE = `never:
  deploy-from-outside:
    accounts: [deploy]
    unless: {rhosts: [10.0.0.0/8]}
rules:`;

export const NEVER_RULES = [
  lintRule("never/shape", {
    level: "error",
    check: shape,
    page: {
      summary: "an entry of never cannot be read",
      avoid: "never: {deploy: {account: deploy}}",
      prefer: "never: {deploy: {accounts: [deploy]}}",
      why:
        `What cannot be read is not checked. Login does not look at never, so that it goes on.`,
    },
  }),
  lintRule("never/broken", {
    level: "error",
    check: broken,
    page: {
      summary: "a rule admits what must never be",
      avoid: `${EXAMPLE}
  ci: {accounts: [{names: [deploy]}], when: {job: release}}`,
      prefer: `${EXAMPLE}
  ci: {accounts: [{names: [deploy]}], when: {job: release}, rhosts: [10.0.0.0/8]}`,
      why:
        `never says what no change of the policy may bring about. The request in the message is admitted,
although an entry of never is about it and nothing under its "unless" holds.`,
    },
  }),
  lintRule("never/unproved", {
    level: "error",
    check: unproved,
    page: {
      summary: "it could not be proved that what must never be is ruled out",
      avoid: "rules that look at one claim in very many ways",
      prefer: "fewer globs on one claim",
      why:
        `No request was found that breaks the entry, but not everything could be looked at.`,
    },
  }),
] as const;
