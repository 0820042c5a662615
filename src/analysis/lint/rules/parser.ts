/**
 * Pages of what the parser finds. All of it makes a login refuse the policy, apart from warnings.
 *
 * @module
 */
import { foundElsewhere } from "../lint_rule.ts";

const ONE_READING =
  `A security file has one reading only. Other tools, and other versions of YAML, must not find
something else in it than a login does. Login refuses such a file.`;

function yamlRule(
  name: string,
  page: { summary: string; avoid: string; prefer: string; why?: string },
) {
  return foundElsewhere("parser", `yaml/${name}`, {
    page: { why: ONE_READING, ...page },
  });
}

const YAML_RULES = [
  yamlRule("syntax", {
    summary: "the file is not valid YAML",
    avoid: `rules: {staff: {accounts: [{claim: sub}]}`,
    prefer: `rules: {staff: {accounts: [{claim: sub}]}}`,
  }),
  yamlRule("empty", {
    summary: "the file holds no document",
    avoid: `# nothing but comments`,
    prefer: `version: 1`,
    why: `An empty policy grants nothing to anybody, which is hardly meant.`,
  }),
  yamlRule("too-large", {
    summary: "the file has more than 8 Mi characters",
    avoid: `map: {… a million people …}`,
    prefer: `map_file: /etc/oauth-pam/accounts.map`,
    why: `Login reads the whole file every time.`,
  }),
  yamlRule("too-deep", {
    summary: "the file is nested deeper than a policy can be",
    avoid: `[[[[[[…]]]]]]`,
    prefer: `version: 1`,
    why: `Deep nesting is how readers of YAML are made to run out of memory.`,
  }),
  yamlRule("control-character", {
    summary: "a control character, or a lone carriage return",
    avoid: `version: 1\\u0085rules: …`,
    prefer: `version: 1
rules: …`,
    why:
      `Some readers end a line where others do not: keys can be hidden in what looks like a comment.`,
  }),
  yamlRule("several-documents", {
    summary: "more than one YAML document",
    avoid: `version: 1
---
version: 1`,
    prefer: `version: 1`,
  }),
  yamlRule("directive", {
    summary: "a YAML directive",
    avoid: `%YAML 1.1
---
version: 1`,
    prefer: `version: 1`,
  }),
  yamlRule("tag", {
    summary: "a tag",
    avoid: `version: !!str 1`,
    prefer: `version: 1`,
  }),
  yamlRule("anchor", {
    summary: "an anchor",
    avoid: `audiences: &ours [ssh]`,
    prefer: `audiences: [ssh]`,
  }),
  yamlRule("alias", {
    summary: "an alias",
    avoid: `audiences: *ours`,
    prefer: `audiences: [ssh]`,
  }),
  yamlRule("merge-key", {
    summary: "a merge key",
    avoid: `<<: {effect: deny}`,
    prefer: `effect: deny`,
  }),
  yamlRule("duplicate-key", {
    summary: "a key that is set twice",
    avoid: `rules:
  staff: {…}
  staff: {…}`,
    prefer: `rules:
  staff: {…}
  staff-by-map: {…}`,
    why:
      `Most readers of YAML silently keep the last one. Login refuses the file.`,
  }),
  yamlRule("key-type", {
    summary: "a key that is not a string, or names JavaScript's machinery",
    avoid: `map: {1: [joe]}`,
    prefer: `map: {"1": [joe]}`,
  }),
  yamlRule("ambiguous-scalar", {
    summary: "a value that YAML 1.1 and YAML 1.2 read differently",
    avoid: `when: {country: no}`,
    prefer: `when: {country: "no"}`,
  }),
];

const POLICY_RULES = [
  foundElsewhere("parser", "policy/unknown-key", {
    page: {
      summary: "a key that policies do not have",
      avoid: `audience: [ssh]`,
      prefer: `audiences: [ssh]`,
      why:
        `A misspelt restriction that is ignored is a grant. Login refuses the policy.`,
    },
  }),
  foundElsewhere("parser", "policy/missing-key", {
    page: {
      summary: "a key that must be there is not",
      avoid: `campus: {issuer: https://login.example.edu}`,
      prefer:
        `campus: {issuer: https://login.example.edu, audiences: [ssh-prod]}`,
      why:
        `There is no safe default for it: tokens for another service must not open this one.`,
    },
  }),
  foundElsewhere("parser", "policy/type", {
    page: {
      summary: "a value of the wrong type",
      avoid: `audiences: ssh`,
      prefer: `audiences: [ssh]`,
      why: `Values are never converted. Login refuses the policy.`,
    },
  }),
  foundElsewhere("parser", "policy/value", {
    page: {
      summary: "a value that is not allowed here",
      avoid: `algorithms: [none]`,
      prefer: `algorithms: [RS256]`,
      why:
        `The message says which values are. "policy schema" prints the whole shape as JSON Schema.`,
    },
  }),
  foundElsewhere("parser", "match/network-host-bits", {
    level: "warning",
    page: {
      summary: "a network has bits set behind its prefix",
      avoid: `rhosts: [10.1.0.0/8]`,
      prefer: `rhosts: [10.1.0.0/16]`,
      why:
        `The bits behind the prefix are ignored: the example lets in all of 10.0.0.0/8, which the author
may not have meant.`,
    },
  }),
];

export const PARSER_RULES = [...YAML_RULES, ...POLICY_RULES];
