/**
 * Would any test notice? Changes one condition of the policy at a time and names the changes that
 * make no test fail.
 *
 * @module
 */
import type { Decision, RuleOutcome } from "../../policy/decision.ts";
import { evaluate } from "../../policy/evaluate/evaluate.ts";
import {
  askedOf,
  conditionsOf,
  failureOf,
  type RuleCondition,
} from "../../policy/evaluate/rule.ts";
import type { Policy, Rule } from "../../policy/model.ts";
import { Effects } from "./mutation_effect.ts";
import { changedWith, type Mutation, mutationsOf } from "./mutations.ts";
import type { DefaultsDocument } from "./schema.ts";
import { meets, type TestResult } from "./expectation.ts";
import { testText, type WrittenTest } from "./write.ts";
import type { Path } from "../../policy/syntax/yaml.ts";

/** A change that no test noticed. */
export interface Unnoticed {
  /** A sentence. */
  readonly message: string;
  readonly path: Path;
  readonly rule: string | null;
}

/** One that changes a decision. */
export interface Survivor extends Unnoticed {
  /** A test that would notice it: as data, and as text to paste. */
  readonly test: WrittenTest;
  readonly yaml: string;
}

export interface MutationReport {
  readonly tried: number;
  /** At least one test fails. */
  readonly noticed: number;
  /** No test fails, and it is proved that no request is decided differently. */
  readonly equivalent: number;
  readonly survived: readonly Survivor[];
  /** No test fails, and it could not be told whether any could. */
  readonly unknown: readonly Unnoticed[];
  /** They only matter for accounts that the host keeps for the system, of which no test can tell. */
  readonly host: readonly Unnoticed[];
}

interface MutateOptions {
  /** Defaults of the file that the missing tests will be pasted into. */
  readonly defaults: DefaultsDocument;
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Tries all mutations against tests that all pass.
 *
 * A mutation is noticed when a test that passed would fail. Does not run mutations of what login
 * checks before the policy decides (audiences, algorithms, times): tests take tokens as verified.
 */
export function mutate(
  policy: Policy,
  results: readonly TestResult[],
  options: MutateOptions,
): MutationReport {
  const mutations = mutationsOf(policy);
  const noticing = new Noticing(policy, results);
  const effects = new Effects(policy, options);
  const survived: Survivor[] = [];
  const unknown: Unnoticed[] = [];
  const host: Unnoticed[] = [];
  let [noticed, equivalent] = [0, 0];
  for (const [done, mutation] of mutations.entries()) {
    options.onProgress?.(done, mutations.length);
    if (noticing.notices(mutation)) {
      noticed++;
      continue;
    }
    const { description, path, rule } = mutation;
    const about = (says: string): Unnoticed => ({
      message: `${description} ${says}`,
      path,
      rule,
    });
    const effect = effects.of(mutation);
    switch (effect.kind) {
      case "none":
        equivalent++;
        break;
      case "shown": {
        const { test } = effect;
        const yaml = testText(test);
        survived.push({ ...about("changes no test"), test, yaml });
        break;
      }
      case "unknown":
        unknown.push(
          about(`changes no test, and may change a decision: ${effect.why}`),
        );
        break;
      case "host":
        host.push(
          about("only matters for accounts that the host keeps for the system"),
        );
        break;
    }
  }
  const tried = mutations.length;
  return { tried, noticed, equivalent, survived, unknown, host };
}

/** Which mutations make a test fail. */
export class Noticing {
  readonly #policy: Policy;
  readonly #results: readonly TestResult[];
  readonly #positions: ReadonlyMap<string, number>;
  readonly #matched = new Map<TestResult, readonly Rule[]>();
  readonly #near = new Map<Rule, readonly Near[]>();

  constructor(policy: Policy, results: readonly TestResult[]) {
    this.#policy = policy;
    this.#results = results;
    this.#positions = new Map(policy.rules.map(({ id }, index) => [id, index]));
  }

  /** Whether a test fails under the mutation. */
  notices(mutation: Mutation): boolean {
    const position = this.#positions.get(mutation.rule ?? "") ?? -1;
    const rule = this.#policy.rules[position];
    if (rule === undefined) {
      return this.#results.some((result) => this.#fails(result, mutation));
    }
    const alone = changedWith(this.#policy, mutation, [rule]);
    const near = this.#concerned(rule, mutation);
    return near.some((result) => {
      const { request, mapFiles } = result.test;
      // what sessions may use is not an answer of the rule
      if (result.test.expected.ssh !== undefined) {
        return this.#fails(result, mutation, rule);
      }
      const answer = evaluate(alone, request, { mapFiles });
      // other rules have the same to say as before
      return !sameAnswer(answer, result.actual, position) &&
        !isAdmittedAnyway(result, answer) &&
        this.#fails(result, mutation, rule);
    });
  }

  #fails(result: TestResult, mutation: Mutation, rule?: Rule): boolean {
    const { request, mapFiles, expected } = result.test;
    const matched = this.#matchedIn(result);
    // rules that did not match cannot match now, but for the one that is changed
    const rules = rule === undefined || matched.includes(rule)
      ? matched
      : [...matched, rule];
    const changed = changedWith(this.#policy, mutation, rules);
    const decision = evaluate(changed, request, { mapFiles });
    return !meets(expected, decision, changed);
  }

  #matchedIn(result: TestResult): readonly Rule[] {
    const known = this.#matched.get(result);
    if (known !== undefined) return known;
    const { reason, rules } = result.actual;
    const found = this.#policy.rules.filter((_, index) =>
      // where the decision failed, nothing is known about any rule
      reason === "internal_error" || rules[index]?.matched === true
    );
    this.#matched.set(result, found);
    return found;
  }

  /** The tests in which the changed rule may have something else to say. */
  #concerned(rule: Rule, { changed, path }: Mutation): readonly TestResult[] {
    const turned = changed !== null && changed.effect !== rule.effect;
    // whether accounts cannot be told is only asked of a deny rule
    const [, , ...place] = turned ? ["", "", "accounts"] : path;
    // what other conditions keep from matching, the change of one does not make match
    return this.#nearTo(rule).filter(({ failing }) =>
      failing?.every((step, index) => step === place[index]) ?? true
    ).map(({ result }) => result);
  }

  #nearTo(rule: Rule): readonly Near[] {
    const known = this.#near.get(rule);
    if (known !== undefined) return known;
    const policy = this.#policy;
    // a deny rule does not ask whether there is such an account
    const conditions = conditionsOf(rule, policy).filter(({ asks, needed }) =>
      needed === "to match" && asks !== "host"
    );
    const found = this.#results.flatMap((result) =>
      nearness(rule, { conditions, policy, result }) ?? []
    );
    this.#near.set(rule, found);
    return found;
  }
}

/** A test in which at most one condition keeps a rule from matching. */
interface Near {
  readonly result: TestResult;
  /** The path of the condition in the rule; `null` where there is none, or it cannot be told. */
  readonly failing: readonly string[] | null;
}

/** `null` where two or more conditions fail. */
function nearness(
  rule: Rule,
  { conditions, policy, result }: {
    conditions: readonly RuleCondition[];
    policy: Policy;
    result: TestResult;
  },
): Near | null {
  const { request, mapFiles } = result.test;
  const issuer = policy.issuers.find(({ name }) =>
    name === request.subject.issuer
  );
  let failing: Near["failing"] = null;
  if (issuer === undefined) return { result, failing };
  const asked = askedOf(rule, request, { policy, issuer, mapFiles });
  try {
    for (const condition of conditions) {
      const failure = failureOf(condition, asked);
      // what cannot be told is enough for a deny rule, which the rule may be turned into
      if (failure === null || failure.untold) continue;
      if (failing !== null) return null;
      failing = condition.path;
    }
  } catch {
    failing = null;
  }
  return { result, failing };
}

/** Another rule admits, and no more is expected; the changed rule on its own does not deny. */
function isAdmittedAnyway(
  { test, actual }: TestResult,
  alone: Decision,
): boolean {
  const [own] = alone.rules;
  return own?.effect === "allow" && actual.decision === "allow" &&
    actual.rule !== own.id && test.expected.decision === "allow" &&
    test.expected.rule === undefined;
}

/** Whether one rule on its own still says what it said among all. */
function sameAnswer(
  alone: Decision,
  actual: Decision,
  position: number,
): boolean {
  if (alone.reason === "internal_error") return false;
  return sameOutcome(alone.rules[0], actual.rules[position]);
}

/** Whether a rule, or its absence, has the same to say for a decision. */
function sameOutcome(
  one: RuleOutcome | undefined,
  other: RuleOutcome | undefined,
): boolean {
  if (one?.matched !== true || other?.matched !== true) {
    return (one?.matched ?? false) === (other?.matched ?? false);
  }
  return one.effect === other.effect && one.granted === other.granted &&
    one.because === other.because;
}
