/**
 * Policies with tests as text, read and run the way `policy test` does it.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { Policy } from "../../src/policy/model.ts";
import {
  parsePolicy,
  type PolicySource,
  usable,
} from "../../src/policy/syntax/parse.ts";
import {
  runTest,
  type TestResult,
} from "../../src/analysis/testing/expectation.ts";
import {
  readTestFile,
  type TestSuite,
  testSuite,
} from "../../src/analysis/testing/suite.ts";
import { prettyLines } from "./policy_fixtures.ts";

/** Two issuers, a claim with a suffix, conditions, assurance, and a deny rule. */
export const POLICY = `version: 1
issuers:
  campus: {issuer: https://login.example.edu, audiences: [ssh]}
  partner: {issuer: https://login.example.org, audiences: [ssh]}
assurance: {mfa: true}
rules:
  staff:
    issuers: [campus]
    services: [sshd]
    when:
      groups: {any: [staff, faculty]}
      email_verified: true
    assurance: {max_auth_age: 1h}
    accounts: [{claim: email, strip_suffix: "@example.edu"}]
  nobody-as-backup:
    effect: deny
    accounts: [{names: [backup]}]
`;

/** What a member of staff shows. */
export const STAFF =
  "{sub: u1, email: alice@example.edu, email_verified: true, groups: [staff], " +
  "amr: [pwd, mfa], auth_time: now-5m}";

export interface ReadSuite {
  readonly policy: Policy;
  readonly source: PolicySource;
  readonly suite: TestSuite;
  readonly results: readonly TestResult[];
  /** The findings about the tests, in the form of the `.out` fixtures. */
  readonly findings: string;
}

/** Reads a policy that must be usable, with its tests and those of files beside it. */
export function readSuite(
  text: string,
  beside: Readonly<Record<string, string>> = {},
): ReadSuite {
  const parsed = parsePolicy(text, { file: "site.yaml" });
  const policy = usable(parsed);
  assert.ok(policy, prettyLines(parsed.diagnostics));
  assert.ok(parsed.source);
  const sources = Object.entries(beside).map(([file, content]) => {
    const { source, diagnostics } = readTestFile(content, { file });
    assert.ok(source, prettyLines(diagnostics));
    return source;
  });
  const suite = testSuite(policy, { own: parsed.source, beside: sources });
  return {
    policy,
    source: parsed.source,
    suite,
    results: suite.cases.map((test) => runTest(policy, test)),
    findings: prettyLines(suite.findings),
  };
}
