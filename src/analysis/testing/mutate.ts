/**
 * Would any test notice? Changes one condition of the policy at a time and names the changes that
 * make no test fail.
 *
 * @module
 */
import type { Decision, RuleOutcome } from "../../policy/decision.ts";
import { evaluate } from "../../policy/evaluate/evaluate.ts";
import type { Policy } from "../../policy/model.ts";
import { decisionAfter, effectOf } from "./mutation_effect.ts";
import { type Mutation, mutationsOf } from "./mutations.ts";
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

interface MutationReport {
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
  const survived: Survivor[] = [];
  const unknown: Unnoticed[] = [];
  const host: Unnoticed[] = [];
  let [noticed, equivalent] = [0, 0];
  for (const [done, mutation] of mutations.entries()) {
    options.onProgress?.(done, mutations.length);
    if (isNoticed(policy, mutation, results)) {
      noticed++;
      continue;
    }
    const { description, path, rule } = mutation;
    const about = (says: string): Unnoticed => ({
      message: `${description} ${says}`,
      path,
      rule,
    });
    const effect = effectOf(policy, mutation, options);
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

/** Whether a test fails under the mutation. */
export function isNoticed(
  policy: Policy,
  mutation: Mutation,
  results: readonly TestResult[],
): boolean {
  const { rule } = mutation;
  const narrow: Policy | null = rule === null ? null : {
    ...mutation.policy,
    rules: mutation.policy.rules.filter(({ id }) => id === rule),
  };
  const position = policy.rules.findIndex(({ id }) => id === rule);
  return results.some(({ test, actual }) => {
    const { request, mapFiles, expected } = test;
    if (narrow !== null) {
      // other rules have the same to say as before
      const alone = evaluate(narrow, request, { mapFiles });
      if (sameAnswer(alone, actual, position)) return false;
    }
    const after = decisionAfter(mutation, {
      request,
      mapFiles,
      before: actual,
    });
    return !meets(expected, after);
  });
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
