/**
 * The policy the other way round: for each account by which rules it can be reached, from where, for
 * which service, with what assurance, and the least that is admitted.
 *
 * @module
 */
import { combine, type Requirements } from "../policy/evaluate/assurance.ts";
import { addTo } from "../lib/multimap.ts";
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

/** Whether it is over at that time, in seconds since the epoch; `null`: at no time that is known. */
export function hasEnded({ notAfter }: Way, now: number | null): boolean {
  return now !== null && notAfter !== null && !(now < notAfter);
}

/** Who reaches one account. */
export interface Reach {
  readonly account: string;
  /** True where the account stands for all of its sort that no policy names. */
  readonly example: boolean;
  readonly ways: readonly Way[];
  /** The deny rules that can take some of them away, by their ids. */
  readonly except: readonly string[];
  /** False where not every rule was asked about it: there may be more ways. */
  readonly whole: boolean;
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

interface WhoOptions {
  /** Only these, instead of all that the policy names and an example of each sort of others. */
  readonly accounts?: readonly string[];
  /**
   * How many questions about one rule and one account are asked; a fixed number is the same effort
   * whenever it is asked for. Without, as many as there are.
   */
  readonly questions?: number;
}

/** Tells who reaches the accounts: all that the policy names and a few examples, or those given. */
export function whoReaches(
  policy: Policy,
  { accounts, questions = Infinity }: WhoOptions = {},
): Who {
  const limits = new Set<string>();
  const cache: GlobCache = new Map();
  const found = accounts === undefined ? accountsToCompare(policy) : {
    accounts: accounts.map((account) => ({ account, example: false })),
    limits: [],
  };
  found.limits.forEach((limit) => limits.add(limit));
  // a number of questions is a bound of its own
  const cut = accounts === undefined && questions === Infinity &&
    found.accounts.length > MAX_ACCOUNTS;
  if (cut) {
    limits.add(
      `${found.accounts.length} accounts are too many to show: name those that matter with --account`,
    );
  }
  const all = cut ? found.accounts.slice(0, MAX_ACCOUNTS) : found.accounts;
  const openings = policy.issuers.flatMap((issuer) =>
    openingsOf({ policy, issuer })
  );
  const asking = askingOf(all, { openings, questions });
  asking.limits.forEach((limit) => limits.add(limit));
  return {
    accounts: asking.accounts.map(({ account, example, asked, whole }) => ({
      account,
      example,
      ways: asked.flatMap((opening) =>
        waysBy(opening, account, { limits, cache })
      ),
      except: policy.rules.filter((rule) =>
        rule.effect === "deny" && sourcesFor(rule, account)?.length !== 0
      ).map(({ id }) => id),
      whole,
    })),
    limits: [...limits],
  };
}

interface Account {
  readonly account: string;
  readonly example: boolean;
}

/** An account, and the rules that are asked about it. */
interface Asking extends Account {
  readonly asked: readonly Opening[];
  readonly whole: boolean;
}

/**
 * What is asked: everything about all accounts, where that is not too much. Otherwise each rule about
 * one account, so that none is left out, and then everything about as many accounts as can be.
 */
function askingOf(
  all: readonly Account[],
  { openings, questions }: {
    openings: readonly Opening[];
    questions: number;
  },
): { accounts: Asking[]; limits: string[] } {
  const given = byAccount(openings);
  let count = 0;
  const asking: Asking[] = [];
  for (const one of all) {
    const asked = given(one.account);
    count += asked.length;
    if (count > questions) return fewer(all, { openings, questions, given });
    asking.push({ ...one, asked, whole: true });
  }
  return { accounts: asking, limits: [] };
}

/** The same where there are more questions than may be asked. */
function fewer(
  all: readonly Account[],
  { openings, questions, given }: {
    openings: readonly Opening[];
    questions: number;
    given: (account: string) => readonly Opening[];
  },
): { accounts: Asking[]; limits: string[] } {
  let left = questions;
  const chosen = new Map<string, Set<Opening>>();
  for (const opening of openings.slice(0, questions)) {
    const account = ownAccount(opening.rule, all);
    if (account === undefined) continue;
    chosen.set(account, (chosen.get(account) ?? new Set()).add(opening));
    left -= 1;
  }
  const whole = new Set<string>();
  for (const { account } of all) {
    const asked = given(account);
    const more = asked.length - (chosen.get(account)?.size ?? 0);
    if (more > left) break;
    left -= more;
    chosen.set(account, new Set(asked));
    whole.add(account);
  }
  const rules = openings.length > questions
    ? `of ${openings.length} rules and issuers only ${questions} were looked at`
    : "every rule was asked about one account at least";
  return {
    limits: [
      `there are too many rules and accounts to ask each rule about each account: ${rules}, and ${whole.size} of ${all.length} accounts about every rule`,
    ],
    accounts: all.filter(({ account }) => chosen.has(account)).map((one) => ({
      ...one,
      asked: [...chosen.get(one.account) ?? []],
      whole: whole.has(one.account),
    })),
  };
}

/** The openings that can give an account, in their order. */
function byAccount(
  openings: readonly Opening[],
): (account: string) => Opening[] {
  const named = new Map<string, Opening[]>();
  const open = openings.filter(({ rule }) =>
    rule.accounts?.some(({ source }) => source !== "names" && source !== "map")
  );
  for (const opening of openings) {
    for (const source of opening.rule.accounts ?? []) {
      const names = source.source === "names"
        ? source.names
        : source.source === "map"
        ? source.map.flatMap(({ accounts }) => accounts)
        : [];
      for (const name of new Set(names)) addTo(named, name, opening);
    }
  }
  const order = new Map(openings.map((opening, index) => [opening, index]));
  const place = (opening: Opening) => order.get(opening) ?? 0;
  return (account) => {
    const gives = ({ rule }: Opening) =>
      sourcesFor(rule, account)?.length !== 0;
    const found = new Set([...named.get(account) ?? [], ...open.filter(gives)]);
    return [...found].sort((a, b) => place(a) - place(b));
  };
}

/** The account that tells most of a rule: one that it names, or an example of those that it does not. */
function ownAccount(
  rule: Rule,
  all: readonly Account[],
): string | undefined {
  for (const source of rule.accounts ?? []) {
    const named = source.source === "names"
      ? source.names[0]
      : source.source === "map"
      ? source.map[0]?.accounts[0]
      : undefined;
    if (named !== undefined) return named;
  }
  const gives = ({ account }: Account) =>
    sourcesFor(rule, account)?.length !== 0;
  return (all.find((one) => one.example && gives(one)) ?? all.find(gives))
    ?.account;
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
