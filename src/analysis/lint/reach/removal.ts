/**
 * Rules that decide nothing, as `policy diff` knows it: without them every request is decided the
 * same.
 *
 * @module
 */
import type { Policy, Rule } from "../../../policy/model.ts";
import { Effects, type Effort } from "../../testing/mutation_effect.ts";

/** A rule that can be taken out. */
interface Removable {
  readonly rule: Rule;
  /** Rules that decide in its place, as far as the proof needed any, in the order of the policy. */
  readonly by: readonly Rule[];
}

/** In a policy of more rules only those are found that another one covers by itself. */
const MAX_RULES = 500;

/** Requests that are put to the policy, in all and for one rule; an ordinary rule needs one. */
const EFFORT = { total: 4_000, each: 400 };

/** Effort of one comparison, in constraints looked at. */
const BOUND = { total: 200_000, each: 50_000 };

/**
 * Rules that can be taken out, one after the other: of several that say the same, one stays. `known`
 * are taken out beforehand, and `kept` are not tried. What is not proved is not among them.
 *
 * Deny rules come first, while all allow rules are there: of an allow rule and the deny rule that
 * covers it, only the allow rule is one that does nothing.
 */
export function removable(
  policy: Policy,
  { known, kept }: { known: ReadonlySet<Rule>; kept: ReadonlySet<Rule> },
): Removable[] {
  if (policy.rules.length > MAX_RULES) return [];
  const effort: Effort = { left: EFFORT.total };
  const found: Removable[] = [];
  let rest = policy.rules;
  for (const tried of ["deny", "allow"]) {
    rest = rest.filter((rule) => rule.effect !== tried || !known.has(rule));
    let removal = new Removal({ ...policy, rules: rest }, effort);
    for (const rule of rest.toReversed()) {
      if (rule.effect !== tried || kept.has(rule)) continue;
      const by = removal.of(rule);
      if (by === null) continue;
      found.push({ rule, by });
      rest = rest.filter((other) => other !== rule);
      removal = new Removal({ ...policy, rules: rest }, effort);
    }
  }
  return found;
}

/** What it means to take a rule out of one policy. */
class Removal {
  readonly #policy: Policy;
  readonly #effects: Effects;

  constructor(policy: Policy, effort: Effort) {
    this.#policy = policy;
    this.#effects = new Effects(policy, {
      defaults: {},
      effort,
      rounds: EFFORT.each,
      bound: BOUND,
    });
  }

  /** The rules by which nothing changes without this one; `null`: something may. */
  of(rule: Rule): Rule[] | null {
    const policy = this.#policy;
    const effect = this.#effects.of({
      description: "",
      path: ["rules", rule.id],
      rule: rule.id,
      changed: null,
      policy: {
        ...policy,
        rules: policy.rules.filter((other) => other !== rule),
      },
    });
    return effect.kind === "none"
      ? policy.rules.filter(({ id }) => effect.by.includes(id))
      : null;
  }
}
