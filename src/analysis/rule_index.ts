/**
 * The rules of a policy by what they ask for first, so that a request need not be held against each
 * of thousands.
 *
 * @module
 */
import { addTo } from "../lib/multimap.ts";
import { readClaim } from "../policy/claims.ts";
import {
  claimLocation,
  isScalar,
  wordsOf,
} from "../policy/evaluate/conditions.ts";
import { parseAddress, parseNetwork } from "../policy/network.ts";
import { setsOf } from "./apart.ts";
import { networkWord, wordsAround } from "./network_words.ts";
import type { Condition, Policy, Rule, Scalar } from "../policy/model.ts";
import type { AccessRequest } from "../policy/request.ts";
import type { Decision } from "../policy/decision.ts";
import { evaluate } from "../policy/evaluate/evaluate.ts";

/** The rules of one policy, each under words of which a request that it matches has at least one. */
export class RuleIndex {
  readonly #policy: Policy;
  readonly #filed = new Map<string, Rule[]>();
  readonly #others: Rule[] = [];
  readonly #places: ReadonlyMap<Rule, number>;
  /** What of a request is looked up, other than the account. */
  readonly #claims = new Set<string>();
  #networks = false;

  constructor(policy: Policy) {
    this.#policy = policy;
    this.#places = new Map(policy.rules.map((rule, place) => [rule, place]));
    const choices = policy.rules.map((rule) => ({ rule, ways: waysTo(rule) }));
    const counts = new Map<string, number>();
    for (const { words } of choices.flatMap(({ ways }) => ways)) {
      for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
    }
    const cost = ({ words }: Way) =>
      words.reduce((sum, word) => sum + (counts.get(word) ?? 0), 0);
    for (const { rule, ways } of choices) {
      const [first, ...rest] = ways;
      if (first === undefined) {
        this.#others.push(rule);
        continue;
      }
      // the words that the fewest rules have
      const best = rest.reduce(
        (one, other) => cost(other) < cost(one) ? other : one,
        first,
      );
      if (best.claim !== null) this.#claims.add(best.claim);
      this.#networks ||= best.networks;
      for (const word of new Set(best.words)) addTo(this.#filed, word, rule);
    }
  }

  /** All rules that match the request, and few others, in the order of the policy. */
  rulesFor(request: AccessRequest): Rule[] {
    const found = new Set(this.#others);
    for (const word of this.#wordsOf(request)) {
      this.#filed.get(word)?.forEach((rule) => found.add(rule));
    }
    const place = (rule: Rule) => this.#places.get(rule) ?? 0;
    return [...found].sort((a, b) => place(a) - place(b));
  }

  *#wordsOf({ account, rhost, subject }: AccessRequest): Iterable<string> {
    yield accountWord(account);
    const address = this.#networks && rhost !== null
      ? parseAddress(rhost)
      : null;
    if (address !== null) yield* wordsAround(address);
    const issuer = this.#policy.issuers.find(({ name }) =>
      name === subject.issuer
    );
    if (issuer === undefined) return; // which no rule matches
    for (const claim of this.#claims) {
      const value = readClaim(subject.claims, claimLocation(issuer, claim));
      for (const one of Array.isArray(value) ? value : [value]) {
        if (isScalar(one)) yield valueWord(claim, one);
      }
      if (typeof value !== "string") continue;
      for (const one of wordsOf(value)) yield wordWord(claim, one);
      for (let at = 0; at < value.length; at++) {
        yield endWord(claim, value.slice(at));
      }
    }
  }
}

/** Words of which a request must have one for the rule to match. */
interface Way {
  readonly words: readonly string[];
  /** The claim that the words are about. */
  readonly claim: string | null;
  readonly networks: boolean;
}

const accountWord = (account: string) => `account ${account}`;
const valueWord = (claim: string, value: Scalar) =>
  `value ${claim} ${typeof value} ${value}`;
const wordWord = (claim: string, text: string) => `word ${claim} ${text}`;
const endWord = (claim: string, end: string) => `end ${claim} ${end}`;

function waysTo(rule: Rule): Way[] {
  const { names } = setsOf(rule);
  const networks = rule.rhosts?.map(parseNetwork);
  return [
    ...names === null
      ? []
      : [{ words: [...names].map(accountWord), claim: null, networks: false }],
    ...networks === undefined || networks.includes(null) ? [] : [{
      words: networks.flatMap((net) => net === null ? [] : networkWord(net)),
      claim: null,
      networks: true,
    }],
    // only of an allow rule: a deny rule also matches what cannot be told
    ...rule.effect === "deny" ? [] : rule.when.flatMap(wordsFor),
  ];
}

function wordsFor(condition: Condition): Way[] {
  const { claim } = condition;
  const way = (words: readonly string[]) => [{ words, claim, networks: false }];
  const values = (list: readonly Scalar[]) =>
    way(list.map((value) => valueWord(claim, value)));
  switch (condition.operator) {
    case "any":
    case "all":
    case "in":
      return values(condition.values);
    case "equals":
      return values([condition.value]);
    case "like": {
      const { pattern } = condition;
      if (!pattern.includes("*")) return values([pattern]);
      const end = pattern.slice(pattern.lastIndexOf("*") + 1);
      return end === "" ? [] : way([endWord(claim, end)]);
    }
    case "word":
      return way([wordWord(claim, condition.text)]);
    case "has":
    case "none":
      return [];
  }
}

/** A policy of fewer rules is decided before its rules are looked up. */
const FEW = 32;

const indexes = new WeakMap<Policy, RuleIndex>();

/**
 * What {@link evaluate} decides, which then tells only of the rules that match, and of few others.
 * Never throws.
 */
export function decide(
  policy: Policy,
  request: AccessRequest,
  known: Parameters<typeof evaluate>[2],
): Decision {
  if (policy.rules.length < FEW) return evaluate(policy, request, known);
  const index = indexes.get(policy) ?? new RuleIndex(policy);
  indexes.set(policy, index);
  const rules = index.rulesFor(request);
  return evaluate({ ...policy, rules }, request, known);
}
