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
import { accountsOf } from "./accounts.ts";
import {
  compareAccount,
  type Difference,
  differenceKey,
  directionOf,
  rulesInvolved,
} from "./compare.ts";
import { sameRules } from "./scene.ts";
import {
  combined,
  type SettingChange,
  settingChanges,
  type Verdict,
} from "./settings.ts";
import { type IssuerPair, issuerPairs } from "./side.ts";
import type { Budget } from "./solver.ts";
import type { Witness } from "./witness.ts";
import type { Decision } from "../../policy/decision.ts";
import type { Policy } from "../../policy/model.ts";

export type { SettingChange, Verdict, Witness };

interface DiffOptions {
  /** Only these accounts; otherwise all that a policy names and examples of all others. */
  readonly accounts?: readonly string[];
  /** Effort of the search in all and for one account and issuer, in constraints looked at. */
  readonly bound?: { readonly total: number; readonly each: number };
  /** Only accounts that the host does not keep for the system: tests know no host. */
  readonly ordinary?: boolean;
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
  readonly old: Decision;
  readonly new: Decision;
  /** Ids of the rules that do not say the same to the witness. */
  readonly rules: readonly string[];
}

interface AccountVerdict {
  readonly account: string;
  readonly example: boolean;
  readonly verdict: Verdict | "sampled";
}

export interface Diff {
  /** "sampled": no change was found, but not everything was looked at. */
  readonly verdict: Verdict | "sampled";
  readonly exhaustive: boolean;
  /** Why it is not exhaustive. */
  readonly limits: readonly string[];
  readonly accounts: readonly AccountVerdict[];
  readonly changes: readonly Change[];
  readonly settings: readonly SettingChange[];
}

/** Compares two policies. Pure and, for the same input, always the same. */
export function diffPolicies(
  old: Policy,
  next: Policy,
  options: DiffOptions = {},
): Diff {
  const decisions = diffDecisions(old, next, options);
  const settings = settingChanges(old, next);
  const verdict = combined([
    ...decisions.changes.map((change) => change.verdict),
    ...settings.map((setting) => setting.verdict),
  ]);
  const unknown = verdict === "equivalent" && !decisions.exhaustive;
  return { verdict: unknown ? "sampled" : verdict, ...decisions, settings };
}

/** Only what the policies decide: not where they keep things, nor which tokens they accept. */
export function diffDecisions(
  old: Policy,
  next: Policy,
  options: DiffOptions = {},
): Omit<Diff, "verdict" | "settings"> {
  const pairs = issuerPairs(old, next).filter((pair) => !sameRules(pair));
  const known = options.accounts === undefined
    ? accountsOf([old, next], pairs)
    : { named: options.accounts, examples: [], limits: [] };
  const limits = new Set(pairs.length === 0 ? [] : known.limits);
  const accounts = [
    ...known.named.map((account) => ({ account, example: false })),
    ...known.examples.map((account) => ({ account, example: true })),
  ];
  const bound = options.bound ?? DIFF_BOUND;
  const total: Budget = { steps: bound.total };
  const cache: GlobCache = options.cache ?? new Map();
  const changes: Change[] = [];
  const verdicts: AccountVerdict[] = [];
  for (const [index, { account, example }] of accounts.entries()) {
    const own = accountChanges(account, pairs, {
      total,
      each: bound.each,
      cache,
      ordinary: options.ordinary ?? false,
    });
    own.limits.forEach((limit) => limits.add(limit));
    const found = own.differences.map((one) => changeOf(one, { example }));
    changes.push(...found);
    const verdict = combined(
      own.differences.map(({ decisions }) => directionOf(decisions)),
    );
    const unknown = verdict === "equivalent" && own.limits.length > 0;
    verdicts.push({ account, example, verdict: unknown ? "sampled" : verdict });
    options.progress?.(index + 1, accounts.length);
    if (options.until !== undefined && found.some(options.until)) {
      limits.add("the comparison ended with the first change");
      break;
    }
  }
  return {
    exhaustive: limits.size === 0,
    limits: [...limits],
    accounts: verdicts,
    changes,
  };
}

function accountChanges(
  account: string,
  pairs: readonly IssuerPair[],
  bound: { total: Budget; each: number; cache: GlobCache; ordinary: boolean },
): { differences: Difference[]; limits: string[] } {
  const differences = new Map<string, Difference>();
  const wanted = { wider: WITNESSES, narrower: WITNESSES };
  const limits: string[] = [];
  for (const pair of pairs) {
    const budget = { steps: Math.min(bound.each, bound.total.steps) };
    const before = budget.steps;
    const own = compareAccount(account, pair, {
      budget,
      wanted,
      cache: bound.cache,
      ordinary: bound.ordinary,
    });
    bound.total.steps -= before - budget.steps;
    limits.push(...own.limits);
    for (const difference of own.differences) {
      // the same rules at work for another issuer show nothing new
      const key = differenceKey(difference.decisions);
      if (differences.has(key)) continue;
      differences.set(key, difference);
      wanted[directionOf(difference.decisions)] -= 1;
    }
  }
  return { differences: [...differences.values()], limits };
}

function changeOf(
  difference: Difference,
  { example }: { example: boolean },
): Change {
  const { pair, witness, decisions } = difference;
  const [before, after] = [pair.old?.issuer.name, pair.new?.issuer.name];
  return {
    account: witness.account,
    example,
    verdict: directionOf(decisions),
    issuer: after ?? before ?? "",
    oldIssuer: before === undefined || after === undefined || before === after
      ? null
      : before,
    witness,
    old: decisions.old,
    new: decisions.new,
    rules: rulesInvolved(decisions),
  };
}
