/**
 * All that a report says, as plain JSON data: the sections only choose words for it and put it in
 * its place, so that the command line and the playground tell the same.
 *
 * @module
 */
import type { AuditSummary } from "../analysis/audit/summary.ts";
import { diffPolicies, type SettingChange } from "../analysis/diff/diff.ts";
import { lint, type Suppressed } from "../analysis/lint/lint.ts";
import { sidecarTests } from "../analysis/lint/sidecar_tests.ts";
import type { TestSource } from "../analysis/testing/suite.ts";
import { type Who, whoReaches } from "../analysis/who.ts";
import { type Diagnostic, sortDiagnostics } from "../policy/diagnostic.ts";
import { instantText } from "../policy/instant.ts";
import type { Policy } from "../policy/model.ts";
import type { ParsedPolicy, PolicySource } from "../policy/syntax/parse.ts";
import { type AuditFacts, auditFacts } from "./facts/audit.ts";
import { type ChangeFacts, changeFacts } from "./facts/changes.ts";
import { type Matrix, matrixOf } from "./facts/matrix.ts";
import { type Refusals, refusalsOf } from "./facts/refusals.ts";
import { type RuleFact, ruleFacts } from "./facts/rules.ts";
import { type TestFacts, testFacts } from "./facts/tests.ts";

export interface ReportInput {
  /** The policy's name, as it is shown. */
  readonly file: string;
  readonly text: string;
  /** Of the text's bytes, in hexadecimal; `null` where nobody worked it out. */
  readonly sha256: string | null;
  /** The text as it was read, and the same as a policy: it must be usable. */
  readonly parsed: ParsedPolicy;
  readonly policy: Policy;
  /** When the report is made, in seconds since the epoch; `null`: no time is told or compared with. */
  readonly now: number | null;
  /** Files of tests that belong to the policy, and what is wrong with them. */
  readonly tests: {
    readonly sources: readonly TestSource[];
    readonly diagnostics: readonly Diagnostic[];
  };
  readonly against: Against | null;
  readonly audit: AuditSummary | null;
}

/** The policy that this one is compared with. */
interface Against {
  readonly file: string;
  readonly policy: Policy;
  /** Of settings that only the written policies show. */
  readonly further: readonly SettingChange[];
}

export interface ReportFacts {
  readonly file: string;
  readonly sha256: string | null;
  /** RFC 3339; `null`: no time was given. */
  readonly now: string | null;
  readonly issuers: readonly { readonly name: string; readonly url: string }[];
  readonly rules: readonly RuleFact[];
  readonly who: Who;
  readonly refusals: Refusals;
  readonly matrix: Matrix;
  readonly tests: TestFacts;
  readonly findings: readonly Diagnostic[];
  readonly suppressed: readonly Suppressed[];
  readonly changes: ChangeFacts | null;
  readonly audit: AuditFacts | null;
  /** The policy as it is written, line by line. */
  readonly lines: readonly string[];
}

/** Questions about who reaches what: some hundred milliseconds, and rows that fit on a page. */
const QUESTIONS = 1_300;

/** Works everything out. Pure: the same for the same input, whenever and wherever. */
export function reportFacts(input: ReportInput): ReportFacts {
  const { policy, parsed, now, tests, against, audit } = input;
  const source = sourceOf(parsed);
  const who = whoReaches(policy, { questions: QUESTIONS });
  const rules = ruleFacts(policy, source);
  const { findings, suppressed } = lint(parsed, {
    facts: {
      sidecarTests: sidecarTests(tests),
      ...(now === null ? {} : { now }),
    },
  });
  return {
    file: input.file,
    sha256: input.sha256,
    now: now === null ? null : instantText(now),
    issuers: policy.issuers.map(({ name, issuer }) => ({ name, url: issuer })),
    rules,
    who,
    refusals: refusalsOf(policy, source),
    matrix: matrixOf(policy, who, now),
    tests: testFacts(policy, source, tests),
    findings: sortDiagnostics([...findings, ...tests.diagnostics]),
    suppressed,
    changes: against === null ? null : changeFacts(
      diffPolicies(against.policy, policy, { further: against.further }),
      { file: against.file, source },
    ),
    audit: audit === null ? null : auditFacts(audit, { rules, now }),
    lines: input.text.replace(/^\ufeff/, "").replace(/\r?\n$/, "")
      .split(/\r?\n/),
  };
}

/** A usable policy has one. */
function sourceOf({ source }: ParsedPolicy): PolicySource {
  if (source === null) throw new Error("a policy without its text");
  return source;
}
