/**
 * How much of a policy its tests exercise: conditions are counted, not lines.
 *
 * For each rule: it matched in a test, it decided a test, and each of its conditions was seen to
 * hold and to fail. Besides: no rule matched, and a protected account was opened where a rule may.
 *
 * @module
 */
import {
  type AccountSource,
  type Assurance,
  NO_ASSURANCE,
  type Policy,
  type Rule,
} from "../../policy/model.ts";
import type { TestResult } from "./expectation.ts";
import type { Path } from "../../policy/syntax/yaml.ts";
import {
  type MapFiles,
  mappedAccounts,
  untoldSource,
} from "../../policy/evaluate/accounts.ts";
import { assuranceFailure, combine } from "../../policy/evaluate/assurance.ts";
import { isMet, judgeCondition } from "../../policy/evaluate/conditions.ts";
import { contains, parseAddress, parseNetwork } from "../../policy/network.ts";
import type { AccessRequest } from "../../policy/request.ts";

type CoverageOutcome =
  | "holds"
  | "fails"
  | "matched"
  | "decided"
  | "opened"
  | "reached";

/** Something that no test has shown. */
interface Uncovered {
  /** `null` for the deny by default. */
  readonly rule: string | null;
  /** The path of the condition in the rule, or `null` for the rule as a whole. */
  readonly condition: readonly string[] | null;
  readonly outcome: CoverageOutcome;
  /** A sentence. */
  readonly message: string;
  /** Where in the policy it is written. */
  readonly path: Path;
}

export interface Coverage {
  readonly covered: number;
  readonly total: number;
  /** Whole percent, rounded down: 100 means everything. */
  readonly percent: number;
  readonly uncovered: readonly Uncovered[];
}

interface Point extends Uncovered {
  seen: boolean;
}

/**
 * The coverage of a policy by tests that were run against it.
 *
 * Does not ask whether a test passed: a wrong expectation exercises as much as a right one.
 */
export function coverageOf(
  policy: Policy,
  results: readonly TestResult[],
): Coverage {
  const points = [
    ...policy.rules.flatMap((rule) => rulePoints(rule, policy, results)),
    defaultPoint(results),
  ];
  const uncovered = points.filter(({ seen }) => !seen)
    .map(({ seen: _, ...point }) => point);
  return counted(points.length - uncovered.length, points.length, uncovered);
}

function counted(
  covered: number,
  total: number,
  uncovered: readonly Uncovered[],
): Coverage {
  const percent = percentage(covered, total);
  return { covered, total, percent, uncovered };
}

/** Whole percent, rounded down, so that 100 is never said of less than all. */
export function percentage(covered: number, total: number): number {
  return total === 0 ? 100 : Math.floor((covered * 100) / total);
}

function rulePoints(
  rule: Rule,
  policy: Policy,
  results: readonly TestResult[],
): Point[] {
  const position = policy.rules.indexOf(rule);
  const about = (
    outcome: CoverageOutcome,
    message: string,
    seen: (result: TestResult) => boolean,
  ): Point => ({
    rule: rule.id,
    condition: null,
    outcome,
    message: `the rule "${rule.id}" ${message} in no test`,
    path: ["rules", rule.id],
    seen: results.some(seen),
  });
  const effect = rule.effect === "allow" ? "allows" : "denies";
  const decides = ({ actual }: TestResult) =>
    actual.rule === rule.id && actual.decision === rule.effect;
  const points = [
    about(
      "matched",
      "matches",
      ({ actual }) => actual.rules[position]?.matched === true,
    ),
    about("decided", effect, decides),
  ];
  if (opensProtected(rule, policy)) {
    points.push({
      ...about(
        "opened",
        "opens a protected account",
        (result) =>
          decides(result) &&
          policy.protected_accounts.includes(result.test.request.account),
      ),
      condition: ["allow_protected"],
      path: ["rules", rule.id, "allow_protected"],
    });
  }
  const probes = probesOf(rule, policy);
  return [...points, ...probes.flatMap((probe) => outcomes(probe, results))];
}

/** Whether `allow_protected` of a rule does anything that a test can show. */
function opensProtected(rule: Rule, policy: Policy): boolean {
  return rule.allow_protected &&
    (rule.accounts ?? []).some((source) =>
      source.source === "names" &&
      source.names.some((name) => policy.protected_accounts.includes(name))
    );
}

function outcomes(
  probe: ConditionProbe,
  results: readonly TestResult[],
): Point[] {
  let held = false;
  let failed = !probe.canFail;
  for (const { test } of results) {
    if (held && failed) break;
    const holds = outcome(probe, test);
    if (holds === true) held = true;
    if (holds === false) failed = true;
  }
  const what = `"${probe.condition.join(".")}" of the rule "${probe.rule}"`;
  const point = (outcome: "holds" | "fails", seen: boolean): Point => ({
    rule: probe.rule,
    condition: probe.condition,
    outcome,
    message: `in no test ${what} ${outcome}`,
    path: probe.path,
    seen,
  });
  return probe.canFail
    ? [point("holds", held), point("fails", failed)]
    : [point("holds", held)];
}

/** An error shows nothing. */
function outcome(probe: ConditionProbe, sight: TestInput): boolean | null {
  try {
    return probe.holds(sight);
  } catch {
    return null;
  }
}

function defaultPoint(results: readonly TestResult[]): Point {
  return {
    rule: null,
    condition: null,
    outcome: "reached",
    message: "no test is denied because no rule matches",
    path: ["rules"],
    seen: results.some(({ actual }) =>
      actual.rule === null && actual.reason === "account_not_permitted"
    ),
  };
}

// What of a policy tests can cover: every rule, and every condition in both its outcomes.
//
// A point is only counted where a test can reach it: `issuers` that name all issuers never fail,
// so nobody is asked for a test in which they do.

interface TestInput {
  readonly request: AccessRequest;
  readonly mapFiles: MapFiles;
}

/** One condition of a rule, looked at on its own: nothing before it can hide it. */
interface ConditionProbe {
  readonly rule: string;
  /** The path inside the rule, such as `["when", "groups", "any"]`. */
  readonly condition: readonly string[];
  /** Where it is written. */
  readonly path: Path;
  /** Whether a test can see it fail. */
  readonly canFail: boolean;
  /** `null` where the question does not arise. Throws where the evaluation would. */
  holds(sight: TestInput): boolean | null;
}

/** Every condition of a rule. */
function probesOf(rule: Rule, policy: Policy): ConditionProbe[] {
  return [
    ...scopeProbes(rule, policy),
    ...rule.when.map((condition): ConditionProbe => ({
      rule: rule.id,
      condition: ["when", condition.claim, condition.operator],
      path: ["rules", rule.id, "when", condition.claim, condition.operator],
      canFail: true,
      holds: concerning(rule, ({ request }) => {
        const issuer = issuerOf(policy, request);
        const { claims } = request.subject;
        const result = judgeCondition(condition, { issuer, claims });
        return isMet(result, rule.effect);
      }),
    })),
    ...accountProbes(rule, policy),
    ...(rule.effect === "allow" ? assuranceProbes(rule, policy) : []),
  ];
}

/** Conditions of a rule say something about tests of its own issuers only. */
function concerning(
  rule: Rule,
  holds: (sight: TestInput) => boolean | null,
): ConditionProbe["holds"] {
  return (sight) =>
    rule.issuers === null || rule.issuers.includes(sight.request.subject.issuer)
      ? holds(sight)
      : null;
}

function issuerOf(policy: Policy, request: AccessRequest) {
  const { issuer } = request.subject;
  const found = policy.issuers.find(({ name }) => name === issuer);
  if (found === undefined) throw new Error(`no issuer "${issuer}"`);
  return found;
}

function scopeProbes(rule: Rule, policy: Policy): ConditionProbe[] {
  const { issuers, services, rhosts } = rule;
  const probes: ConditionProbe[] = [];
  const base = (key: string) => ({
    rule: rule.id,
    condition: [key],
    path: ["rules", rule.id, key],
    canFail: true,
  });
  if (issuers !== null) {
    probes.push({
      ...base("issuers"),
      canFail: policy.issuers.some(({ name }) => !issuers.includes(name)),
      holds: ({ request }) => issuers.includes(request.subject.issuer),
    });
  }
  if (services !== null) {
    probes.push({
      ...base("services"),
      holds: concerning(
        rule,
        ({ request }) => services.includes(request.service),
      ),
    });
  }
  if (rhosts !== null) {
    const networks = rhosts.map(parseNetwork).filter((network) =>
      network !== null
    );
    probes.push({
      ...base("rhosts"),
      holds: concerning(rule, ({ request }) => {
        const address = request.rhost === null
          ? null
          : parseAddress(request.rhost);
        return address !== null &&
          networks.some((network) => contains(network, address));
      }),
    });
  }
  return probes;
}

function accountProbes(rule: Rule, policy: Policy): ConditionProbe[] {
  return (rule.accounts ?? []).map((source, index) => ({
    rule: rule.id,
    condition: ["accounts", String(index)],
    path: ["rules", rule.id, "accounts", index],
    canFail: true,
    holds: concerning(rule, (sight) => {
      const { subject } = sight.request;
      const issuer = issuerOf(policy, sight.request);
      return identities([source], sight).length > 0 ||
        (rule.effect === "deny" &&
          untoldSource([source], subject, { issuer }) !== null);
    }),
  }));
}

/** The identities by which sources map to the requested account. */
function identities(
  sources: readonly AccountSource[],
  { request, mapFiles }: TestInput,
) {
  return mappedAccounts(sources, request.subject, { mapFiles })
    .filter(({ account }) => account === request.account);
}

/** Every requirement in force for the rule, wherever it is written. */
function assuranceProbes(rule: Rule, policy: Policy): ConditionProbe[] {
  return requirements(rule, policy).map(([key, path, assurance]) => ({
    rule: rule.id,
    condition: path[0] === "assurance"
      ? ["policy", "assurance", key]
      : ["assurance", key],
    path,
    canFail: true,
    holds: concerning(rule, (sight) => {
      const mapped = identities(rule.accounts ?? [], sight);
      const shared = mapped.some(({ source }) => source === "names");
      if (key === "same_identity" && (mapped.length === 0 || shared)) {
        return null; // nobody's account, or everybody's
      }
      return assuranceFailure(
        combine(NO_ASSURANCE, assurance),
        sight.request.subject.authentications,
        {
          issuer: issuerOf(policy, sight.request),
          now: sight.request.now,
          mapping: shared ? null : mapped.map(({ identity }) => identity),
        },
      ) === null;
    }),
  }));
}

type Requirement = [keyof Assurance, Path, Assurance];

function requirements(rule: Rule, policy: Policy): Requirement[] {
  const here: Path = ["rules", rule.id, "assurance"];
  const both = [
    { path: ["assurance"] as Path, assurance: policy.assurance },
    { path: here, assurance: rule.assurance },
  ];
  const found: Requirement[] = [];
  for (const { path, assurance } of both) {
    const { permitted_idps } = assurance;
    if (permitted_idps === null) continue;
    found.push(["permitted_idps", [...path, "permitted_idps"], {
      ...NO_ASSURANCE,
      permitted_idps,
    }]);
  }
  for (const key of ["mfa", "same_identity"] as const) {
    // once is enough: written twice it asks for no more
    const place = both.find(({ assurance }) => assurance[key]);
    if (place === undefined) continue;
    found.push([key, [...place.path, key], { ...NO_ASSURANCE, [key]: true }]);
  }
  const { maxAuthAge } = combine(policy.assurance, rule.assurance);
  const place = both.find(({ assurance }) =>
    assurance.max_auth_age === maxAuthAge
  );
  if (maxAuthAge !== null && place !== undefined) {
    found.push(["max_auth_age", [...place.path, "max_auth_age"], {
      ...NO_ASSURANCE,
      max_auth_age: maxAuthAge,
    }]);
  }
  return found;
}
