/**
 * The rules of a policy by what they ask for first, so that a request need not be held against each
 * of thousands.
 *
 * @module
 */
import { addTo } from "../lib/multimap.ts";
import { readClaim } from "../policy/claims.ts";
import { claimLocation } from "../policy/evaluate/conditions.ts";
import type { Condition, Policy, Rule, Scalar } from "../policy/model.ts";
import type { AccessRequest } from "../policy/request.ts";
import type { Decision } from "../policy/decision.ts";
import { evaluate } from "../policy/evaluate/evaluate.ts";

/** What a rule needs of a claim. */
interface Needed {
  readonly claim: string;
  /** One of these values, alone or in a list. */
  readonly values: readonly Scalar[];
  /** A text that ends like this; `null`: one of the values. */
  readonly end: string | null;
  /** How well it tells rules apart. */
  readonly worth: number;
}

export class RuleIndex {
  readonly #policy: Policy;
  readonly #byAccount = new Map<string, Rule[]>();
  readonly #byValue = new Map<string, Map<unknown, Rule[]>>();
  readonly #byEnd = new Map<string, Map<string, Rule[]>>();
  readonly #others: Rule[] = [];
  readonly #places: ReadonlyMap<Rule, number>;

  constructor(policy: Policy) {
    this.#policy = policy;
    this.#places = new Map(policy.rules.map((rule, place) => [rule, place]));
    for (const rule of policy.rules) {
      const names = onlyNames(rule);
      const needed = neededBy(rule);
      if (names !== null) {
        for (const name of new Set(names)) addTo(this.#byAccount, name, rule);
      } else if (needed === null) this.#others.push(rule);
      else if (needed.end !== null) {
        addTo(inner(this.#byEnd, needed.claim), needed.end, rule);
      } else {
        const values = inner(this.#byValue, needed.claim);
        for (const value of new Set(needed.values)) addTo(values, value, rule);
      }
    }
  }

  /** All rules that match the request, and few others, in the order of the policy. */
  rulesFor(request: AccessRequest): Rule[] {
    const place = (rule: Rule) => this.#places.get(rule) ?? 0;
    return this.#found(request).sort((a, b) => place(a) - place(b));
  }

  #found({ account, subject }: AccessRequest): Rule[] {
    const issuer = this.#policy.issuers.find(({ name }) =>
      name === subject.issuer
    );
    const found = new Set(this.#byAccount.get(account));
    if (issuer === undefined) return [...found, ...this.#others];
    for (const [claim, rules] of this.#byValue) {
      const value = readClaim(subject.claims, claimLocation(issuer, claim));
      for (const one of Array.isArray(value) ? value : [value]) {
        rules.get(one)?.forEach((rule) => found.add(rule));
      }
    }
    for (const [claim, rules] of this.#byEnd) {
      const value = readClaim(subject.claims, claimLocation(issuer, claim));
      if (typeof value !== "string") continue;
      for (let at = 0; at < value.length; at++) {
        rules.get(value.slice(at))?.forEach((rule) => found.add(rule));
      }
    }
    return [...found, ...this.#others];
  }
}

function inner<Key>(
  outer: Map<string, Map<Key, Rule[]>>,
  claim: string,
): Map<Key, Rule[]> {
  const found = outer.get(claim) ?? new Map<Key, Rule[]>();
  outer.set(claim, found);
  return found;
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

/** The accounts of a rule that gives accounts by their names alone. */
function onlyNames({ accounts }: Rule): string[] | null {
  const names: string[] = [];
  for (const source of accounts ?? [null]) {
    if (source?.source !== "names") return null;
    names.push(...source.names);
  }
  return names;
}

/** Only of an allow rule: a deny rule also matches what cannot be told. */
function neededBy({ effect, when }: Rule): Needed | null {
  if (effect === "deny") return null;
  let best: Needed | null = null;
  for (const needed of when.flatMap(neededFor)) {
    if (best === null || needed.worth > best.worth) best = needed;
  }
  return best;
}

function neededFor(condition: Condition): Needed[] {
  const { claim } = condition;
  switch (condition.operator) {
    case "any":
    case "all":
    case "in":
      return [{ claim, values: condition.values, end: null, worth: 4 }];
    case "equals": {
      const { value } = condition;
      const worth = typeof value === "boolean" ? 1 : 3;
      return [{ claim, values: [value], end: null, worth }];
    }
    case "like": {
      const { pattern } = condition;
      if (!pattern.includes("*")) {
        return [{ claim, values: [pattern], end: null, worth: 3 }];
      }
      const end = pattern.slice(pattern.lastIndexOf("*") + 1);
      return end === "" ? [] : [{ claim, values: [], end, worth: 2 }];
    }
    case "none":
      return [];
  }
}
