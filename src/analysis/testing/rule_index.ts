/**
 * The rules of a policy by what they ask for first, so that a request need not be held against each
 * of thousands.
 *
 * @module
 */
import { addTo } from "../../lib/multimap.ts";
import { readClaim } from "../../policy/claims.ts";
import { claimLocation } from "../../policy/evaluate/conditions.ts";
import type { Policy, Rule, Scalar } from "../../policy/model.ts";
import type { AccessRequest } from "../../policy/request.ts";

/** A claim of which a rule needs one of these values, alone or in a list. */
interface Needed {
  readonly claim: string;
  readonly values: readonly Scalar[];
}

export class RuleIndex {
  readonly #policy: Policy;
  readonly #byAccount = new Map<string, Rule[]>();
  readonly #byValue = new Map<string, Map<unknown, Rule[]>>();
  readonly #others: Rule[] = [];

  constructor(policy: Policy) {
    this.#policy = policy;
    for (const rule of policy.rules) {
      const names = onlyNames(rule);
      const needed = neededBy(rule);
      if (names !== null) {
        for (const name of new Set(names)) addTo(this.#byAccount, name, rule);
      } else if (needed !== null) {
        const values = this.#byValue.get(needed.claim) ?? new Map();
        this.#byValue.set(needed.claim, values);
        for (const value of new Set(needed.values)) addTo(values, value, rule);
      } else this.#others.push(rule);
    }
  }

  /** All rules that match the request, and few others. */
  rulesFor({ account, subject }: AccessRequest): Rule[] {
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
    return [...found, ...this.#others];
  }
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
  for (const condition of when) {
    const { claim } = condition;
    switch (condition.operator) {
      case "any":
      case "all":
      case "in":
        return { claim, values: condition.values };
      case "equals":
        best ??= { claim, values: [condition.value] };
        break;
      default:
        break;
    }
  }
  return best;
}
