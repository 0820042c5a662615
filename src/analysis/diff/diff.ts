/**
 * What changes between two policies: for each account, with requests that show it.
 *
 * Not the texts are compared but the decisions. The rules of both policies cut the space of all
 * requests into finitely many parts (see `atoms.ts`), and a complete search (`diff/solver.ts`)
 * looks for a part that one policy admits and the other refuses. What it finds is put to
 * `evaluate()` before it is reported. An answer is only called exhaustive when the search was
 * complete; the contents of map files count as unknown, and equal for equal paths.
 *
 * @module
 */
import type { GlobCache } from "./atoms.ts";
import { type Cause, causeKey } from "./cause.ts";
import { accountsOf } from "./accounts.ts";
import { compareAccount, type Difference } from "./compare.ts";
import { differenceKey, rulesInvolved } from "./decisions.ts";
import { changedRules, type RulesOfSides } from "./scene.ts";
import { type PermitChange, permitChanges } from "./permits.ts";
import {
  combined,
  type SettingChange,
  settingChanges,
  type Verdict,
} from "./settings.ts";
import { type IssuerPair, issuerPairs } from "./side.ts";
import type { Budget } from "./solver.ts";
import { doubtsOf, type Witness } from "./witness.ts";
import type { Decision } from "../../policy/decision.ts";
import type { Policy, Rule } from "../../policy/model.ts";

export type { Cause, PermitChange, SettingChange, Verdict, Witness };

export interface DiffOptions {
  /** Only these accounts; otherwise all that a policy names and examples of all others. */
  readonly accounts?: readonly string[];
  /** Effort of the search in all and for one account and issuer, in constraints looked at. */
  readonly bound?: { readonly total: number; readonly each: number };
  /** Changes beside those of rules and settings, which only the written policies show. */
  readonly further?: readonly SettingChange[];
  /** Only accounts that the host does not keep for the system: tests know no host. */
  readonly ordinary?: boolean;
  /** Only requests from this time on, in seconds since the epoch; otherwise those of all times. */
  readonly from?: number;
  /** What several comparisons of much the same rules have in common. */
  readonly cache?: GlobCache;
  /** Ends the comparison, which is then not exhaustive, with the first change of which it is true. */
  readonly until?: (change: Change) => boolean;
  /** Told after each account. */
  readonly progress?: (done: number, total: number) => void;
}

/** Some seconds in all; ordinary policies of 100 rules need a hundredth of it. */
const DIFF_BOUND = { total: 10_000_000, each: 1_000_000 } as const;

/** Enough for a person: differences of one direction that are shown for one account. */
const WITNESSES = 3;

/** A decision that changes. */
export interface Change {
  readonly account: string;
  /** True where the account stands for all of its sort that no policy names. */
  readonly example: boolean;
  /** "wider": the new policy admits what the old one refuses; "narrower": the reverse. */
  readonly verdict: "wider" | "narrower";
  /** The issuer's local name: in the new policy, or in the old one where it is only there. */
  readonly issuer: string;
  /** Its local name in the old policy, where that is another one. */
  readonly oldIssuer: string | null;
  readonly witness: Witness;
  /** Why tokens are not known to be like the witness's, one sentence each. */
  readonly doubts: readonly string[];
  readonly old: Decision;
  readonly new: Decision;
  /** Ids of the rules that do not say the same to the witness. */
  readonly rules: readonly string[];
}

/** The place that makes a change, and one change that shows it. */
interface CausedChange {
  readonly cause: Cause;
  readonly change: Change;
}

interface AccountVerdict {
  readonly account: string;
  readonly example: boolean;
  readonly verdict: Verdict | "sampled";
}

export interface Diff {
  /** "sampled": no change was found, but not everything was looked at. */
  readonly verdict: Verdict | "sampled";
  /** Whether only some accounts were compared, because they alone were asked for. */
  readonly restricted: boolean;
  readonly exhaustive: boolean;
  /** Why it is not exhaustive. */
  readonly limits: readonly string[];
  readonly accounts: readonly AccountVerdict[];
  readonly changes: readonly Change[];
  /** Every condition and rule that admits more, or refuses more, each with one change. */
  readonly causes: readonly CausedChange[];
  readonly settings: readonly SettingChange[];
  /** Requests that both policies admit, by certificate, with sessions that may use something else. */
  readonly permits: readonly PermitChange[];
}

/** Compares two policies. Pure and, for the same input, always the same. */
export function diffPolicies(
  old: Policy,
  next: Policy,
  options: DiffOptions = {},
): Diff {
  const decisions = diffDecisions(old, next, options);
  const permits = permitChanges(
    old,
    next,
    (before, after) => diffDecisions(before, after, options),
  );
  const settings = [
    ...settingChanges(old, next),
    ...permits.settings,
    ...options.further ?? [],
  ];
  const verdict = combined([
    ...decisions.changes.map((change) => change.verdict),
    ...settings.map((setting) => setting.verdict),
    ...permits.changes.map((change) => change.verdict),
  ]);
  const limits = [...new Set([...decisions.limits, ...permits.limits])];
  const exhaustive = limits.length === 0;
  const unknown = verdict === "equivalent" && !exhaustive;
  return {
    verdict: unknown ? "sampled" : verdict,
    ...decisions,
    restricted: options.accounts !== undefined,
    exhaustive,
    limits,
    settings,
    permits: permits.changes,
  };
}

/** Only what the policies decide: not where they keep things, nor which tokens they accept. */
export function diffDecisions(
  old: Policy,
  next: Policy,
  options: DiffOptions = {},
): Omit<Diff, "verdict" | "restricted" | "settings" | "permits"> {
  const pairs = issuerPairs(old, next).map((pair) => ({
    pair,
    changed: changedRules(pair),
  })).filter(({ changed }) => changed.old.length + changed.new.length > 0);
  const comparison = new AccountComparison(pairs, {
    ...options,
    policies: { old, new: next },
  });
  if (options.accounts === undefined) comparison.all();
  else {
    for (const account of options.accounts) {
      comparison.one(account, false);
      if (comparison.ended) break;
    }
  }
  const { limits, accounts, changes, causes } = comparison;
  return {
    exhaustive: limits.size === 0,
    limits: [...limits],
    accounts,
    changes,
    causes: [...causes.values()],
  };
}

/** Named accounts first, in their order; examples as they were found. */
function byExampleAndName(a: AccountVerdict, b: AccountVerdict): number {
  if (a.example !== b.example) return a.example ? 1 : -1;
  return a.example || a.account === b.account
    ? 0
    : a.account < b.account
    ? -1
    : 1;
}

interface ChangedPair {
  readonly pair: IssuerPair;
  readonly changed: RulesOfSides;
}

interface ComparisonOptions extends DiffOptions {
  readonly policies: { readonly old: Policy; readonly new: Policy };
}

/** The comparison, account by account. */
class AccountComparison {
  readonly limits = new Set<string>();
  readonly accounts: AccountVerdict[] = [];
  readonly changes: Change[] = [];
  readonly causes = new Map<string, CausedChange>();
  /** Whether a change was found that was enough for the asker. */
  ended = false;
  readonly #pairs: readonly ChangedPair[];
  readonly #options: ComparisonOptions;
  readonly #total: Budget;
  readonly #cache: GlobCache;
  readonly #covered = new Map<
    IssuerPair,
    Map<string, (readonly string[] | null)[]>
  >();
  readonly #used: ReadonlyMap<
    IssuerPair,
    Record<keyof RulesOfSides, Set<Rule>>
  >;

  constructor(pairs: readonly ChangedPair[], options: ComparisonOptions) {
    this.#pairs = pairs;
    this.#options = options;
    this.#cache = options.cache ?? new Map();
    this.#total = { steps: this.#bound.total };
    this.#used = new Map(pairs.map(({ pair, changed }) => [pair, {
      old: new Set(changed.old),
      new: new Set(changed.new),
    }]));
  }

  get #bound() {
    return this.#options.bound ?? DIFF_BOUND;
  }

  /**
   * All accounts that a policy names, and an example of each sort of others. Which sorts there are
   * depends on the rules that the answers depend on; those are known when the answers are.
   */
  all(): void {
    const { policies } = this.#options;
    const done = new Set<string>();
    while (true) {
      const rules = new Set(
        [...this.#used.values()].flatMap((used) => [...used.old, ...used.new]),
      );
      const found = accountsOf([policies.old, policies.new], {
        pairs: this.#pairs.map(({ pair }) => pair),
        rules,
      });
      found.limits.forEach((limit) => this.limits.add(limit));
      const todo = [
        ...found.named.map((account) => ({ account, example: false })),
        ...found.examples.map((account) => ({ account, example: true })),
      ].filter(({ account }) => !done.has(account));
      if (todo.length === 0) break;
      for (const [index, { account, example }] of todo.entries()) {
        done.add(account);
        this.one(account, example);
        this.#options.progress?.(index + 1, todo.length);
        if (this.ended) break;
      }
      if (this.ended) break;
    }
    this.accounts.sort(byExampleAndName);
  }

  one(account: string, example: boolean): void {
    const differences = new Map<string, Difference>();
    const wanted = { wider: WITNESSES, narrower: WITNESSES };
    const limits = new Set<string>();
    for (const { pair, changed } of this.#pairs) {
      const budget = { steps: Math.min(this.#bound.each, this.#total.steps) };
      const before = budget.steps;
      const own = compareAccount(account, pair, {
        policies: this.#options.policies,
        changed,
        budget,
        wanted,
        known: this.causes,
        cache: this.#cache,
        covered: this.#coveredIn(pair),
        ordinary: this.#options.ordinary ?? false,
        from: this.#options.from ?? -Infinity,
      });
      this.#total.steps -= before - budget.steps;
      own.limits.forEach((limit) => limits.add(limit));
      const used = this.#used.get(pair);
      own.used.old.forEach((rule) => used?.old.add(rule));
      own.used.new.forEach((rule) => used?.new.add(rule));
      for (const difference of own.differences) {
        this.#keepCause(difference, example);
        // the same rules at work for another issuer show nothing new
        const key = differenceKey(difference.decisions);
        if (differences.has(key)) continue;
        const { direction } = difference;
        if (wanted[direction] <= 0) continue;
        differences.set(key, difference);
        wanted[direction] -= 1;
      }
    }
    limits.forEach((limit) => this.limits.add(limit));
    const verdict = combined(
      [...differences.values()].map(({ direction }) => direction),
    );
    const found = [...differences.values()].map((one) =>
      changeOf(one, { example })
    );
    this.changes.push(...found);
    const { until } = this.#options;
    if (until !== undefined && found.some(until)) {
      this.ended = true;
      this.limits.add("the comparison ended with the first change");
    }
    const unknown = verdict === "equivalent" && limits.size > 0;
    this.accounts.push({
      account,
      example,
      verdict: unknown ? "sampled" : verdict,
    });
  }

  #coveredIn(pair: IssuerPair) {
    const covered = this.#covered.get(pair) ??
      new Map<string, (readonly string[] | null)[]>();
    this.#covered.set(pair, covered);
    return covered;
  }

  #keepCause(difference: Difference, example: boolean): void {
    const { cause } = difference;
    const key = causeKey(cause);
    if (this.causes.has(key)) return;
    const change = changeOf(difference, { example });
    this.causes.set(key, { cause, change });
  }
}

function changeOf(
  difference: Difference,
  { example }: { example: boolean },
): Change {
  const { pair, witness, decisions } = difference;
  const side = pair.new ?? pair.old;
  const [before, after] = [pair.old?.issuer.name, pair.new?.issuer.name];
  return {
    account: witness.account,
    example,
    verdict: difference.direction,
    issuer: after ?? before ?? "",
    oldIssuer: before === undefined || after === undefined || before === after
      ? null
      : before,
    witness,
    doubts: side === null ? [] : doubtsOf(side, witness),
    old: decisions.old,
    new: decisions.new,
    rules: rulesInvolved(decisions),
  };
}
