/**
 * The policy the other way round: for each account by which rules it can be reached, from where, for
 * which service, with what assurance, and the least that is admitted.
 *
 * @module
 */
import { combine, type Requirements } from "../policy/evaluate/assurance.ts";
import type { Condition, Policy, Rule } from "../policy/model.ts";
import { accountsToCompare } from "./diff/accounts.ts";
import type { GlobCache } from "./diff/atoms.ts";
import { compareAccount } from "./diff/compare.ts";
import { isShared, rulesOf, type Side, sourcesFor } from "./diff/side.ts";
import { doubtsOf, type Witness } from "./diff/witness.ts";

/** One rule that opens an account to people of one issuer. */
export interface Way {
  readonly rule: string;
  readonly issuer: string;
  /** Whether the account belongs to all whom the rule admits, and to no single person. */
  readonly shared: boolean;
  /** `null`: all services. */
  readonly services: readonly string[] | null;
  /** `null`: from everywhere. */
  readonly rhosts: readonly string[] | null;
  /** When it ends, in seconds since the epoch; `null`: never. */
  readonly notAfter: number | null;
  readonly when: readonly Condition[];
  /** Of the policy and the rule together. */
  readonly assurance: Requirements;
  /** A request that the policy admits by this rule, with nothing in it that it could do without. */
  readonly least: Witness;
  /** Why tokens are not known to be like that, one sentence each. */
  readonly doubts: readonly string[];
}

/** Who reaches one account. */
export interface Reach {
  readonly account: string;
  /** True where the account stands for all of its sort that no policy names. */
  readonly example: boolean;
  readonly ways: readonly Way[];
  /** The deny rules that can take some of them away, by their ids. */
  readonly except: readonly string[];
}

export interface Who {
  readonly accounts: readonly Reach[];
  /** Why there may be more than is told; empty where there is not. */
  readonly limits: readonly string[];
}

/** Effort for one account and issuer, in constraints looked at. */
const STEPS = 1_000_000;
/** More accounts than a person reads; others are asked for by name. */
const MAX_ACCOUNTS = 200;

/** Tells who reaches the accounts: all that the policy names and a few examples, or those given. */
export function whoReaches(
  policy: Policy,
  { accounts }: { accounts?: readonly string[] } = {},
): Who {
  const limits = new Set<string>();
  const cache: GlobCache = new Map();
  const found = accounts === undefined ? accountsToCompare(policy) : {
    accounts: accounts.map((account) => ({ account, example: false })),
    limits: [],
  };
  found.limits.forEach((limit) => limits.add(limit));
  if (found.accounts.length > MAX_ACCOUNTS && accounts === undefined) {
    limits.add(
      `${found.accounts.length} accounts are too many to show: name those that matter with --account`,
    );
  }
  const asked = accounts === undefined
    ? found.accounts.slice(0, MAX_ACCOUNTS)
    : found.accounts;
  const openings = policy.issuers.flatMap((issuer) =>
    openingsOf({ policy, issuer })
  );
  return {
    accounts: asked.map(({ account, example }) => ({
      account,
      example,
      ways: openings.flatMap((opening) =>
        waysBy(opening, account, { limits, cache })
      ),
      except: policy.rules.filter((rule) =>
        rule.effect === "deny" && sourcesFor(rule, account)?.length !== 0
      ).map(({ id }) => id),
    })),
    limits: [...limits],
  };
}

/** An allow rule under the policy without all others: what those admit says nothing about this one. */
interface Opening {
  readonly rule: Rule;
  readonly alone: Side;
}

function openingsOf(side: Side): Opening[] {
  const denies = side.policy.rules.filter(({ effect }) => effect === "deny");
  return rulesOf(side).filter(({ effect }) => effect === "allow").map((
    rule,
  ) => ({
    rule,
    alone: { ...side, policy: { ...side.policy, rules: [...denies, rule] } },
  }));
}

/** The least that the rule admits to the account, where it admits anybody. */
function waysBy(
  { rule, alone }: Opening,
  account: string,
  { limits, cache }: { limits: Set<string>; cache: GlobCache },
): Way[] {
  const { differences, limits: own } = compareAccount(
    account,
    { old: null, new: alone },
    {
      changed: { old: [], new: [rule] },
      budget: { steps: STEPS },
      wanted: { wider: 1, narrower: 0 },
      known: new Set<string>(),
      cache,
      covered: new Map(),
      ordinary: false,
      from: -Infinity,
    },
  );
  own.forEach((limit) => limits.add(limit));
  return differences.map(({ witness }) =>
    wayOf(rule, { account, side: alone, least: witness })
  );
}

function wayOf(
  rule: Rule,
  { account, side, least }: { account: string; side: Side; least: Witness },
): Way {
  return {
    rule: rule.id,
    issuer: side.issuer.name,
    shared: isShared(rule, account),
    services: rule.services,
    rhosts: rule.rhosts,
    notAfter: rule.not_after,
    when: rule.when,
    assurance: combine(side.policy.assurance, rule.assurance),
    least,
    doubts: doubtsOf(side, least),
  };
}
