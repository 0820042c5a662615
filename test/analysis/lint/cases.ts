/**
 * Cases of the linter in a table: rules as flow YAML, and the findings that they give.
 *
 * @module
 */

import assert from "node:assert/strict";
import { lintPolicy } from "../../../src/analysis/lint/lint.ts";
import { parsePolicy } from "../../../src/policy/syntax/parse.ts";

export const ISSUERS = `
  campus: {issuer: https://login.example.edu, audiences: [ssh]}
  google: {issuer: https://accounts.google.com, audiences: [ssh]}
  entra: {issuer: https://login.microsoftonline.com/common/v2.0, audiences: [ssh]}
  github: {issuer: https://token.actions.githubusercontent.com, audiences: [ssh]}
  globus: {kind: globus, issuer: https://auth.globus.org, audiences: [ssh], client_id: x, client_secret_file: /etc/oauth-pam/secret}
`;

export interface Case {
  readonly rule?: string;
  readonly rules?: Record<string, string>;
  readonly issuers?: string;
  readonly rest?: string;
  /** `level id` of each finding, sorted. */
  readonly finds: readonly string[];
}

// the issuers above are for all cases, the one of no tenant among them
const QUIET = ["test/none", "issuer/unused", "issuer/never-named"];

function findingsOf(each: Case): string[] {
  const rules = Object.entries(each.rules ?? { r: each.rule ?? "" })
    .map(([id, body]) => `  ${id}: {${body}}\n`).join("");
  const text = `version: 1\nissuers:${each.issuers ?? ISSUERS}${
    each.rest ?? ""
  }\nrules:\n${rules}`;
  return lintPolicy(parsePolicy(text, { file: "x.yaml" }))
    .filter(({ id }) => !QUIET.includes(id))
    .map(({ level, id }) => `${level} ${id}`).sort();
}

export const SUB = "accounts: [{claim: sub}]";
export const NAMES = "accounts: [{names: [deploy]}]";

/** A test a case: the title is the claim. */
export function testCases(cases: Readonly<Record<string, Case>>): void {
  for (const [title, each] of Object.entries(cases)) {
    Deno.test(`lintPolicy(): ${title}`, () => {
      assert.deepEqual(findingsOf(each), [...each.finds].sort());
    });
  }
}
