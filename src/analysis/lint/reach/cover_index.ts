/**
 * LintFinding the rules that may cover a rule without comparing each with each.
 *
 * A rule with a condition such as `groups: {any: [a, b]}` can only cover rules that speak of "a"
 * or "b" of the same claim; one without can only cover rules that share an account source. Each
 * rule is filed under the rarest words that will do.
 *
 * @module
 */
import type { Condition, Scalar } from "../../../policy/model.ts";
import { accountWords } from "./account_reach.ts";
import { namedValues } from "../context.ts";
import type { RuleReach } from "./subset.ts";

export class CoverIndex {
  readonly #filed = new Map<string, RuleReach[]>();
  readonly #anywhere: RuleReach[] = [];

  constructor(rules: readonly RuleReach[]) {
    const counts = new Map<string, number>();
    for (const word of rules.flatMap(allWords)) {
      counts.set(word, (counts.get(word) ?? 0) + 1);
    }
    const count = (word: string) => counts.get(word) ?? 0;
    for (const reach of rules) {
      const words = coverWords(reach, count);
      if (words === null) this.#anywhere.push(reach);
      for (const word of words ?? []) {
        const earlier = this.#filed.get(word);
        if (earlier === undefined) this.#filed.set(word, [reach]);
        else earlier.push(reach);
      }
    }
  }

  /** All rules that may cover this one, the rule itself among them; some may come twice. */
  *candidates(reach: RuleReach): Iterable<RuleReach> {
    yield* this.#anywhere;
    for (const words of lookups(reach)) {
      let best: readonly RuleReach[] | undefined;
      for (const word of words) {
        const filed = this.#filed.get(word) ?? [];
        if (best === undefined || filed.length < best.length) best = filed;
      }
      yield* best ?? [];
    }
  }
}

/**
 * A rule that is filed under these words can only cover a rule that is looked up by one of them;
 * `null`: it can cover any.
 */
function coverWords(
  { conditions, rule }: RuleReach,
  count: (word: string) => number,
): readonly string[] | null {
  const choices = [...conditions].flatMap(([place, list]) =>
    list.filter(({ operator }) => operator !== "like").map((condition) => {
      const words = wordsOf(place, condition);
      // whoever is covered has all of them: one will do
      return condition.operator === "all" || condition.operator === "none"
        ? [rarest(words, count)]
        : words;
    })
  );
  if (choices.length === 0) {
    return rule.accounts === null
      ? null
      : [...new Set(rule.accounts.flatMap(accountWords))];
  }
  const cost = (words: readonly string[]) => Math.min(...words.map(count));
  return choices.reduce((best, words) =>
    cost(words) < cost(best) ? words : best
  );
}

function rarest(
  words: readonly string[],
  count: (word: string) => number,
): string {
  return words.reduce((best, word) => count(word) < count(best) ? word : best);
}

/**
 * Sets of words of the rule. A rule that covers it by a set is filed under all words of that set,
 * so that looking up the rarest is enough.
 */
function* lookups({ constraints, rule }: RuleReach): Iterable<string[]> {
  for (const [place, { values, any, all, none }] of constraints) {
    if (values !== null) yield values.map((value) => word("is", place, value));
    for (const set of any) {
      yield [...set].map((value) => word("is", place, value));
    }
    for (const value of all) yield [word("is", place, value)];
    for (const value of none) yield [word("no", place, value)];
  }
  const [first] = rule.accounts ?? [];
  if (first !== undefined) yield [...accountWords(first)];
}

function allWords({ conditions, rule }: RuleReach): string[] {
  return [
    ...[...conditions].flatMap(([place, list]) =>
      list.flatMap((condition) => wordsOf(place, condition))
    ),
    ...(rule.accounts ?? []).flatMap(accountWords),
  ];
}

function wordsOf(place: string, condition: Condition): string[] {
  const kind = condition.operator === "none" ? "no" : "is";
  return namedValues(condition).map((value) => word(kind, place, value));
}

function word(kind: string, place: string, value: Scalar): string {
  return `${kind} ${place} ${typeof value} ${value}`;
}
