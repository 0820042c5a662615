/**
 * The accounts that a comparison has to look at: those that a policy names or could be made to
 * name, and one example for each sort of account that none does.
 *
 * @module
 */
import type { Policy, Rule } from "../../policy/model.ts";
import {
  type AccountPattern,
  isAccountName,
  MAX_ACCOUNT_NAME,
} from "../../policy/account_name.ts";
import { stripped } from "../../policy/evaluate/accounts.ts";
import { matchesGlob } from "../../policy/evaluate/conditions.ts";
import { attributeLocations } from "../../policy/identity_claims.ts";
import { claimPath, locationOf } from "../../policy/claims.ts";
import { hasDomain, placeInName, widestPattern } from "../account_words.ts";
import { globClasses, type GlobProbe } from "./globs.ts";
import { isLinked, type IssuerPair, rulesOf, type Side } from "./side.ts";
import { Uses } from "./space.ts";
import { addUses } from "./uses.ts";

interface AccountsToCompare {
  /** Sorted. */
  readonly named: readonly string[];
  /** Each stands for all others of its sort. */
  readonly examples: readonly string[];
  readonly limits: readonly string[];
}

const LETTERS = "xyzuvwqkjhabcdefgilmnoprst_0123456789";

/** Globs and suffixes that account names are told apart by. */
const MAX_PROBES = 1_000;

/** Readable names for accounts that nobody mentions. */
const READABLE = [
  "someone",
  "someone@domain.example",
  "Someone",
  "20261231",
];

/** What tells names apart that patterns of the policy's own allow, if nothing else does. */
const BEYOND_POSIX = ["@", "\\", "X", "7"];

/** `rules` are those on which the answer depends: others need not tell accounts apart. */
export function accountsOf(
  policies: readonly Policy[],
  { pairs, rules }: {
    pairs: readonly IssuerPair[];
    rules: ReadonlySet<Rule>;
  },
): AccountsToCompare {
  const named = new Set<string>();
  const probes = new Map<string, GlobProbe>();
  for (const policy of policies) addNames(policy, named);
  const widest = widestPattern(policies);
  for (const pair of pairs) {
    addDerived(pair, { named, probes, rules, pattern: widest });
  }
  // of more than that, telling apart would take minutes; one example is looked at, and that is said
  const all = [...probes.values()];
  const asked = all.slice(0, MAX_PROBES);
  const patterns = [
    ...new Set(policies.map(({ accounts_pattern }) => accounts_pattern)),
  ];
  const sort = sortOfNames(patterns, rules);
  const { examples, complete } = globClasses(asked, {
    letters: LETTERS,
    allowed: (text) => placeInName(text, widest) !== null,
    exclude: named,
    ...(widest === "posix" ? { maxLength: 32 } : {
      maxLength: MAX_ACCOUNT_NAME,
      also: BEYOND_POSIX,
      place: (text) =>
        patterns.map((pattern) => placeInName(text, pattern)).join(),
      sort: (text) => isAccountName(text, widest) ? sort(text) : null,
    }),
  });
  const signature = (name: string) =>
    sort(name) +
    asked.map(({ pattern, suffix }) => matchesGlob(pattern, name + suffix))
      .join();
  const readable = new Map(
    READABLE.filter((name) => isAccountName(name, widest) && !named.has(name))
      .map((name) => [signature(name), name] as const).reverse(),
  );
  return {
    named: [...named].sort(),
    examples: examples.map((example) =>
      readable.get(signature(example)) ?? example
    ),
    limits: complete && all.length === asked.length
      ? []
      : ["too many combinations of globs for account names"],
  };
}

/**
 * In what names differ to the policies beside the globs: whether a policy's accounts can be called so,
 * and whether what is left of a claim without its suffix can be.
 */
function sortOfNames(
  patterns: readonly AccountPattern[],
  rules: ReadonlySet<Rule>,
): (name: string) => string {
  const cuts = [...rules].some(({ accounts }) =>
    accounts?.some((source) =>
      "strip_suffix" in source && source.strip_suffix !== null
    )
  );
  return (name) =>
    [
      ...patterns.map((pattern) => isAccountName(name, pattern)),
      cuts && hasDomain(name),
    ].join();
}

/** All accounts of one policy, and an example of each sort of others that its rules tell apart. */
export function accountsToCompare(policy: Policy): {
  accounts: { account: string; example: boolean }[];
  limits: readonly string[];
} {
  const { named, examples, limits } = accountsOf([policy], {
    pairs: policy.issuers.map((issuer) => ({
      old: null,
      new: { policy, issuer },
    })),
    rules: new Set(policy.rules),
  });
  return {
    accounts: [
      ...named.map((account) => ({ account, example: false })),
      ...examples.map((account) => ({ account, example: true })),
    ],
    limits,
  };
}

function addNames(policy: Policy, named: Set<string>): void {
  policy.protected_accounts.forEach((name) => named.add(name));
  for (const rule of policy.rules) {
    for (const source of rule.accounts ?? []) {
      if (source.source === "names") {
        source.names.forEach((name) => named.add(name));
      } else if (source.source === "map") {
        source.map.flatMap(({ accounts }) => accounts)
          .forEach((name) => named.add(name));
      }
    }
  }
}

/** What account names come of the values and globs that rules mention for the same claim. */
function addDerived(
  pair: IssuerPair,
  found: {
    named: Set<string>;
    probes: Map<string, GlobProbe>;
    rules: ReadonlySet<Rule>;
    pattern: AccountPattern;
  },
): void {
  const uses = new Uses();
  const sides = [pair.old, pair.new].filter((side) => side !== null);
  const rulesOfSide = (side: Side) =>
    rulesOf(side).filter((rule) => found.rules.has(rule));
  for (const side of sides) {
    for (const rule of rulesOfSide(side)) {
      addUses(uses, rule, { side, account: null });
    }
  }
  const sources = new Map(
    sides.flatMap((side) => claimSources(side, rulesOfSide(side)))
      .map((source) => [JSON.stringify(source), source]),
  );
  for (const { location, suffix } of sources.values()) {
    const use = uses.claims.get(locationOf(claimPath(location)));
    for (const value of use?.scalars ?? []) {
      const name = stripped(value, suffix);
      if (name !== null && isAccountName(name, found.pattern)) {
        found.named.add(name);
      }
    }
    for (const pattern of use?.globs ?? []) {
      const probe = { pattern, suffix: suffix ?? "" };
      found.probes.set(JSON.stringify(probe), probe);
    }
  }
}

function claimSources(
  side: Side,
  rules: readonly Rule[],
): { location: string; suffix: string | null }[] {
  return rules.flatMap(({ accounts }) => accounts ?? []).flatMap(
    (source) => {
      if (source.source === "claim") {
        return [{ location: source.claim, suffix: source.strip_suffix }];
      }
      if (source.source !== "identity" || isLinked(side)) return [];
      return attributeLocations(source.attribute, side.issuer).map(
        (location) => ({ location, suffix: source.strip_suffix }),
      );
    },
  );
}
