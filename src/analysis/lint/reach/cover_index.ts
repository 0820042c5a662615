/**
 * Finds the rules that may cover a rule without comparing each with each.
 *
 * A rule with a condition such as `groups: {any: [a, b]}` can only cover rules that speak of "a"
 * or "b" of the same claim, and only rules that share its account sources. Each rule is filed under
 * the rarest words that will do.
 *
 * @module
 */
import { addTo } from "../../../lib/multimap.ts";
import { wordsOf } from "../../../policy/evaluate/conditions.ts";
import { globEnd } from "./claim_constraint.ts";
import type { Condition, Scalar } from "../../../policy/model.ts";
import type { Network } from "../../../policy/network.ts";
import { networkWord, wordsAround } from "../../network_words.ts";
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
        addTo(this.#filed, word, reach);
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
  { conditions, networks, rule }: RuleReach,
  count: (word: string) => number,
): readonly string[] | null {
  const choices = [...conditions].flatMap(([place, list]) =>
    list.filter(hasWords).map((condition) => {
      const words = wordsFor(place, condition);
      // whoever is covered has all of them: one will do
      return condition.operator === "all" || condition.operator === "none"
        ? [rarest(words, count)]
        : words;
    })
  );
  if (networks !== null && networks.length > 0) {
    choices.push(networks.map(networkWord));
  }
  if (rule.accounts !== null) {
    choices.push([...new Set(rule.accounts.flatMap(accountWords))]);
  }
  if (choices.length === 0) return null;
  const cost = (words: readonly string[]) => Math.min(...words.map(count));
  return choices.reduce((best, words) =>
    cost(words) < cost(best) ? words : best
  );
}

/** Whether the condition says anything that a rule within it must say as well. */
function hasWords(condition: Condition): boolean {
  return condition.operator !== "like" || /^[^*]|[^*]$/.test(condition.pattern);
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
function* lookups(
  { constraints, networks, rule }: RuleReach,
): Iterable<string[]> {
  yield* wider(networks ?? []);
  for (const [place, constraint] of constraints) {
    const { values, globs, any, all, none, words, members } = constraint;
    if (values !== null) yield values.map((value) => word("is", place, value));
    const [first] = values ?? [];
    const texts = typeof first === "string" ? [first, ...globs] : globs;
    for (const text of texts) yield* endsOf(place, text);
    for (const set of any) {
      yield [...set].map((value) => word("is", place, value));
    }
    for (const text of texts.slice(0, values === null ? 0 : 1)) {
      for (const one of wordsOf(text)) yield [word("word", place, one)];
    }
    for (const one of words) yield [word("word", place, one)];
    for (const one of members) yield [word("has", place, one)];
    for (const value of all) yield [word("is", place, value)];
    for (const value of none) yield [word("no", place, value)];
  }
  // all accounts are covered: the rarest will do
  yield (rule.accounts ?? []).flatMap(accountWords);
}

/** A glob that covers this one, or this value, ends or begins like it. */
function* endsOf(place: string, glob: string): Iterable<string[]> {
  const end = globEnd(glob);
  for (let at = 0; at < end.length; at++) {
    yield [`end ${place} ${end.slice(at)}`];
  }
  const start = glob.split("*")[0] ?? "";
  for (let to = 1; to <= start.length; to++) {
    yield [`start ${place} ${start.slice(0, to)}`];
  }
}

/** The networks that hold the narrowest one: a rule that covers all of them has one of these. */
function* wider(networks: readonly Network[]): Iterable<string[]> {
  const [first] = networks;
  if (first === undefined) return;
  const narrowest = networks.reduce((best, net) =>
    net.prefix > best.prefix ? net : best
  );
  for (const word of wordsAround(narrowest)) yield [word];
}

function allWords({ conditions, networks, rule }: RuleReach): string[] {
  return [
    ...(networks ?? []).map(networkWord),
    ...[...conditions].flatMap(([place, list]) =>
      list.flatMap((condition) => wordsFor(place, condition))
    ),
    ...(rule.accounts ?? []).flatMap(accountWords),
  ];
}

function wordsFor(place: string, condition: Condition): string[] {
  if (condition.operator === "like") {
    const { pattern } = condition;
    if (!pattern.includes("*")) return [word("is", place, pattern)];
    const end = globEnd(pattern);
    return end !== ""
      ? [`end ${place} ${end}`]
      : [`start ${place} ${pattern.slice(0, pattern.indexOf("*"))}`];
  }
  const kind = KIND[condition.operator] ?? "is";
  return namedValues(condition).map((value) => word(kind, place, value));
}

const KIND: Partial<Record<Condition["operator"], string>> = {
  none: "no",
  word: "word",
  has: "has",
};

function word(kind: string, place: string, value: Scalar): string {
  return `${kind} ${place} ${typeof value} ${value}`;
}
