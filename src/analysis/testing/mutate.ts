/**
 * Would any test notice? Changes one condition of the policy at a time and names the changes that
 * make no test fail.
 *
 * @module
 */
import type { MapFiles } from "../../policy/evaluate/accounts.ts";
import type { Decision } from "../../policy/decision.ts";
import { evaluate } from "../../policy/evaluate/evaluate.ts";
import type { Policy } from "../../policy/model.ts";
import { findWitness, sameOutcome, type Witness } from "./mutation_probe.ts";
import { type Mutation, mutationsOf } from "./mutations.ts";
import type { DefaultsDocument } from "./schema.ts";
import { meets, type TestResult } from "./expectation.ts";
import { testText, type WrittenTest, writtenTest } from "./write.ts";
import { instant } from "../../policy/instant.ts";
import { DEFAULT_NOW } from "./time.ts";
import type { Path } from "../../policy/syntax/yaml.ts";

/** A change that no test noticed, although it changes a decision. */
export interface Survivor {
  /** A sentence. */
  readonly message: string;
  readonly path: Path;
  readonly rule: string | null;
  /** A test that would notice it: as data, and as text to paste. */
  readonly test: WrittenTest;
  readonly yaml: string;
}

interface MutationReport {
  readonly tried: number;
  /** At least one test fails. */
  readonly noticed: number;
  /** No test fails, and no request was found that is decided differently. */
  readonly equivalent: number;
  readonly survived: readonly Survivor[];
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
  const mapFiles = mergedMapFiles(results);
  const now = instant(options.defaults.now ?? DEFAULT_NOW) ?? 0;
  const mutations = mutationsOf(policy);
  const survived: Survivor[] = [];
  let [noticed, equivalent] = [0, 0];
  for (const [done, mutation] of mutations.entries()) {
    options.onProgress?.(done, mutations.length);
    if (isNoticed(policy, mutation, results)) {
      noticed++;
      continue;
    }
    const witness = findWitness(policy, mutation, { mapFiles, now });
    if (witness === null) equivalent++;
    else survived.push(survivor(policy, mutation, { witness, options }));
  }
  return { tried: mutations.length, noticed, equivalent, survived };
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
    return !meets(expected, evaluate(mutation.policy, request, { mapFiles }));
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

function survivor(
  policy: Policy,
  mutation: Mutation,
  at: { witness: Witness; options: MutateOptions },
): Survivor {
  const { request, decision } = at.witness;
  const does = decision.decision === "allow" ? "is admitted" : "is refused";
  const test = writtenTest(
    `${request.account} ${does}, which ${mutation.description} would change`,
    request,
    {
      policy,
      defaults: at.options.defaults,
      expected: {
        decision: decision.decision,
        ...(decision.decision === "deny"
          ? { reason: decision.reason }
          : { rule: decision.rule }),
      },
    },
  );
  return {
    message: `${mutation.description} changes no test`,
    path: mutation.path,
    rule: mutation.rule,
    test,
    yaml: testText(test),
  };
}

/** The contents of map files in tests, where several tests give some the first one's. */
function mergedMapFiles(results: readonly TestResult[]): MapFiles {
  const merged = new Map<string, string>();
  const seen = new Set<MapFiles>();
  for (const { test: { mapFiles } } of results) {
    if (seen.has(mapFiles)) continue;
    seen.add(mapFiles);
    for (const [path, text] of mapFiles) {
      if (!merged.has(path)) merged.set(path, text);
    }
  }
  return merged;
}
