/**
 * Rules that no request can be of both, which is plain to see: they are about other issuers, services
 * or accounts.
 *
 * @module
 */
import type { Rule } from "../policy/model.ts";

/** What a rule is about; `null` stands for everything. */
export interface Sets {
  readonly rule: Rule;
  readonly issuers: ReadonlySet<string> | null;
  readonly services: ReadonlySet<string> | null;
  /** The accounts of the rule, where they are a fixed list. */
  readonly names: ReadonlySet<string> | null;
}

const known = new WeakMap<Rule, Sets>();

/** Worked out once for each rule. */
export function setsOf(rule: Rule): Sets {
  const sets = known.get(rule) ?? {
    rule,
    issuers: rule.issuers === null ? null : new Set(rule.issuers),
    services: rule.services === null ? null : new Set(rule.services),
    names: fixedNames(rule),
  };
  known.set(rule, sets);
  return sets;
}

/** What keeps two rules from meeting, in words; `null`: they may meet. */
export function apart(
  one: Rule,
  other: Rule,
): "issuers" | "services" | "accounts" | null {
  const [a, b] = [setsOf(one), setsOf(other)];
  if (!share(a.issuers, b.issuers)) return "issuers";
  if (!share(a.services, b.services)) return "services";
  return share(a.names, b.names) ? null : "accounts";
}

export function share(
  one: ReadonlySet<string> | null,
  other: ReadonlySet<string> | null,
): boolean {
  if (one === null || other === null) return true;
  for (const item of one) if (other.has(item)) return true;
  return false;
}

/**
 * All accounts that a rule can be about; `null` where they cannot be listed. A map of a deny rule
 * also counts where it cannot be told.
 */
function fixedNames({ effect, accounts }: Rule): ReadonlySet<string> | null {
  if (accounts === null) return null;
  const names = new Set<string>();
  for (const source of accounts) {
    if (source.source === "names") {
      source.names.forEach((name) => names.add(name));
    } else if (source.source === "map" && effect === "allow") {
      source.map.flatMap((entry) => entry.accounts)
        .forEach((name) => names.add(name));
    } else return null;
  }
  return names;
}
