/**
 * What a test expects, and whether a decision is that.
 *
 * @module
 */
import { type Decision, POLICY_REASONS } from "../../policy/decision.ts";
import { type Reason, REASONS } from "../../lib/reason.ts";
import { evaluate } from "../../policy/evaluate/evaluate.ts";
import { permitsOf } from "../../policy/evaluate/permit.ts";
import type { Permit } from "../../policy/permits.ts";
import type { Issue } from "../../policy/diagnostic.ts";
import { listOf, nearest } from "../../lib/text.ts";
import type { Policy } from "../../policy/model.ts";
import type { TestDocument } from "./schema.ts";
import type { MapFiles } from "../../policy/evaluate/accounts.ts";
import type { AccessRequest } from "../../policy/request.ts";
import type { Path } from "../../policy/syntax/yaml.ts";

/** What a test can expect: what a policy answers, and a name that is no account's. */
const EXPECTED_REASONS: readonly Reason[] = [
  ...POLICY_REASONS,
  "request_invalid",
];

/** The expectation in full, or `null` where it could never hold. */
export function expectationOf(
  written: TestDocument["expect"],
  at: {
    policy: Policy;
    way: TestDocument["way"];
    report: (issue: Omit<Issue, "level">) => void;
  },
): Expectation | null {
  if (typeof written === "string") return { decision: written };
  const decision = written?.decision ?? decisionOf(written?.reason);
  if (written === undefined || decision === null) {
    at.report({
      id: "test/no-expectation",
      message: "the test expects nothing",
      hint: "add expect: allow, expect: deny, or a mapping with decision",
      path: written === undefined ? [] : ["expect"],
      at: "key",
    });
    return null;
  }
  const { reason, rule, ssh } = written;
  const unfit = ssh === undefined
    ? null
    : permitProblem(ssh.permit, { decision, way: at.way });
  if (unfit !== null) {
    at.report({ ...unfit, path: ["expect", "ssh"], at: "key" });
    return null;
  }
  const rules = at.policy.rules.map(({ id }) => id);
  if (typeof rule === "string" && !rules.includes(rule)) {
    at.report(
      unknown("rule", { name: rule, names: rules, path: ["expect", "rule"] }),
    );
    return null;
  }
  const rest = {
    ...(rule === undefined ? {} : { rule }),
    ...(ssh === undefined ? {} : { ssh }),
  };
  if (reason === undefined) return { decision, ...rest };
  const problem = reasonProblem(reason, decision);
  if (problem !== null) {
    at.report({ ...problem, path: ["expect", "reason"] });
    return null;
  }
  return { decision, reason: reason as Reason, ...rest };
}

function permitProblem(
  permit: Permitted,
  { decision, way }: {
    decision: "allow" | "deny";
    way: TestDocument["way"];
  },
): Omit<Issue, "level" | "path"> | null {
  if (decision === "deny") {
    return {
      id: "test/value",
      message: '"ssh" has no meaning where nobody is admitted',
      hint: 'remove it, or expect "allow"',
    };
  }
  if (way !== "certificate") {
    return {
      id: "test/value",
      message: '"ssh" is about sessions by certificate alone',
      hint:
        'add "way: certificate" to the test: nothing else can be restricted',
    };
  }
  return permit.includes("all") && permit.length > 1
    ? {
      id: "test/value",
      message:
        '"all" beside other words: where nothing is restricted, it stands alone',
    }
    : null;
}

function decisionOf(reason: string | undefined): "allow" | "deny" | null {
  if (reason === undefined) return null;
  return reason === "allowed" ? "allow" : "deny";
}

function reasonProblem(
  reason: string,
  decision: "allow" | "deny",
): Omit<Issue, "level" | "path"> | null {
  if (!REASONS.includes(reason as Reason)) {
    const { path: _, ...issue } = unknown("reason", {
      name: reason,
      names: EXPECTED_REASONS,
      path: [],
    });
    return issue;
  }
  if (!EXPECTED_REASONS.includes(reason as Reason)) {
    return {
      id: "test/unknown-reason",
      message:
        `the reason "${reason}" is not the policy's to give: a test is about a verified token`,
      hint: `expected one of ${listOf(EXPECTED_REASONS)}`,
    };
  }
  return decision === decisionOf(reason) ? null : {
    id: "test/value",
    message: `the reason "${reason}" never comes with the decision ${decision}`,
  };
}

/** The finding for a name that the policy does not know, with the nearest one that it does, or all. */
export function unknown(
  what: "issuer" | "rule" | "reason",
  at: { name: string; names: readonly string[]; path: Path },
): Omit<Issue, "level"> {
  const suggestion = nearest(at.name, at.names);
  return {
    id: `test/unknown-${what}`,
    message: `there is no ${what} ${JSON.stringify(at.name)}`,
    ...(at.names.length === 0 ? {} : {
      hint: suggestion === undefined
        ? `expected one of ${listOf(at.names)}`
        : `did you mean "${suggestion}"?`,
    }),
    path: at.path,
  };
}

export interface TestResult {
  readonly test: TestCase;
  readonly passed: boolean;
  readonly actual: Decision;
  /** What the session may use; only of a certificate that is admitted. */
  readonly permit?: Permitted;
}

/** What a session may use; only "all": nothing is restricted. */
type Permitted = readonly (Permit | "all")[];

/** Runs one test. Never throws. */
export function runTest(policy: Policy, test: TestCase): TestResult {
  const { request, mapFiles } = test;
  const actual = evaluate(policy, request, { mapFiles });
  return {
    test,
    passed: meets(test.expected, actual, policy),
    actual,
    ...(test.way === "certificate" && actual.decision === "allow"
      ? { permit: permittedBy(policy, actual) }
      : {}),
  };
}

/** What a session may use that the policy admits by certificate. */
export function permittedBy(policy: Policy, decision: Decision): Permitted {
  return permitsOf(policy, decision) ?? ["all"];
}

/** Whether a decision of the policy is what was expected: exactly, in everything that the test names. */
export function meets(
  expected: Expectation,
  actual: Decision,
  policy: Policy,
): boolean {
  return expected.decision === actual.decision &&
    (expected.reason === undefined || expected.reason === actual.reason) &&
    (expected.rule === undefined || expected.rule === actual.rule) &&
    (expected.ssh === undefined ||
      samePermit(expected.ssh.permit, permittedBy(policy, actual)));
}

function samePermit(one: Permitted, other: Permitted): boolean {
  return one.every((permit) => other.includes(permit)) &&
    other.every((permit) => one.includes(permit));
}

export interface Expectation {
  readonly decision: "allow" | "deny";
  readonly reason?: Reason;
  /** `null`: no rule decides. */
  readonly rule?: string | null;
  readonly ssh?: { readonly permit: Permitted };
}

export interface TestCase {
  readonly name: string;
  readonly file: string;
  /** Where the test begins, from 1. */
  readonly line: number;
  /** Left out: any way but that. */
  readonly way?: "certificate";
  readonly request: AccessRequest;
  readonly mapFiles: MapFiles;
  readonly expected: Expectation;
}
