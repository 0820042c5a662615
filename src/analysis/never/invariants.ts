/**
 * `never`: requests that no rule may admit, whatever else the policy says. Each is proved over all
 * requests, or a request shows that it does not hold, or it is said that neither could be done.
 *
 * @module
 */
import type { Issue } from "../../policy/diagnostic.ts";
import type { Policy, Rule } from "../../policy/model.ts";
import { nameIssue } from "../../policy/syntax/meaning.ts";
import { policyOf } from "../../policy/syntax/defaults.ts";
import type { PolicySource } from "../../policy/syntax/parse.ts";
import { PolicySchema } from "../../policy/syntax/schema.ts";
import { readShape } from "../../policy/syntax/shape.ts";
import { apart } from "../apart.ts";
import { accountsToCompare } from "../diff/accounts.ts";
import type { GlobCache } from "../diff/atoms.ts";
import { type Breach, breachOf } from "../diff/breach.ts";
import { sourcesFor } from "../diff/side.ts";
import { type NeverDocument, NeverSchema } from "./schema.ts";

/** One entry of `never`, as two rules: what it is about, and what makes it right after all. */
export interface Invariant {
  readonly name: string;
  /** `null`: every account. */
  readonly accounts: readonly string[] | null;
  /** A deny rule: what cannot be told counts as meant. */
  readonly about: Rule;
  /** An allow rule: what cannot be told excuses nothing. */
  readonly unless: Rule | null;
}

/** What was found out about an invariant. */
export interface Proof {
  readonly invariant: Invariant;
  /** One for each rule that admits what must never be, at most twenty; empty where it holds. */
  readonly breaches: readonly Breach[];
  /** Why it could not be proved; empty where it could. */
  readonly limits: readonly string[];
}

/** The entries of `never` in a policy as it is written, and what is wrong with their shape. */
export function readInvariants(
  policy: Policy,
  source: PolicySource,
): { invariants: Invariant[]; issues: Issue[] } {
  const written = source.document.never;
  if (written === undefined) return { invariants: [], issues: [] };
  const shape = readShape(NeverSchema, written);
  if (shape.output === null) {
    return {
      invariants: [],
      issues: shape.issues.map((issue) => ({
        ...issue,
        level: "error" as const,
        path: ["never", ...issue.path],
      })),
    };
  }
  const names = policy.issuers.map(({ name }) => name);
  const entries = Object.entries(written as NeverDocument);
  const named = entries.flatMap(([name, { accounts = [] }]) =>
    accounts.flatMap((account, index) =>
      nameIssue(account, {
        pattern: policy.accounts_pattern,
        path: ["never", name, "accounts", index],
      }) ?? []
    )
  );
  const unknown = entries.flatMap(([name, { issuers = [], unless }]) =>
    [
      { path: ["never", name, "issuers"], list: issuers },
      {
        path: ["never", name, "unless", "issuers"],
        list: unless?.issuers ?? [],
      },
    ].flatMap(({ path, list }) =>
      list.flatMap((issuer, index): Issue[] =>
        names.includes(issuer) ? [] : [{
          id: "issuer/undefined",
          level: "error",
          message: `there is no issuer "${issuer}"`,
          path: [...path, index],
        }]
      )
    )
  );
  const issues = [...named, ...unknown];
  return {
    invariants: issues.length > 0
      ? []
      : entries.map(([name, entry]) => invariantOf(name, entry)),
    issues,
  };
}

function invariantOf(
  name: string,
  { description: _, accounts, unless, ...about }: NeverDocument[string],
): Invariant {
  const rules: Record<string, unknown> = {
    about: {
      effect: "deny",
      ...about,
      ...(accounts === undefined ? {} : { accounts: [{ names: accounts }] }),
    },
    // any account will do here: which one is asked for is the other rule's business
    unless: {
      ...unless,
      accounts: [{ names: ["any"] }],
      allow_protected: true,
    },
  };
  const { output } = readShape(PolicySchema, {
    version: 1,
    issuers: { any: { issuer: "https://any.example", audiences: ["any"] } },
    rules,
  });
  const found = output === null ? [] : policyOf(output).rules;
  const [first, second] = found;
  if (first === undefined || second === undefined) {
    throw new Error(`never.${name} has no form as rules`);
  }
  return {
    name,
    accounts: accounts ?? null,
    about: first,
    unless: unless === undefined ? null : second,
  };
}

/** Rules that are named for one entry. */
const MAX_BREACHES = 20;
/** Questions about one rule and one account: some seconds for an entry about every account. */
const MAX_QUESTIONS = 20_000;

/** Proves an invariant over all requests, or shows a request for each rule that breaks it. */
export function prove(policy: Policy, invariant: Invariant): Proof {
  const { accounts, about, unless } = invariant;
  const limits = new Set<string>();
  const breaches: Breach[] = [];
  const broken = new Set<Rule>();
  const cache: GlobCache = new Map();
  let questions = 0;
  for (const grant of policy.rules) {
    if (grant.effect !== "allow" || apart(grant, about) !== null) continue;
    const asked = accounts === null ? accountsFor(grant, policy, about) : {
      accounts: accounts.map((account) => ({ account, example: false })),
      limits: [],
    };
    asked.limits.forEach((limit) => limits.add(limit));
    for (const issuer of policy.issuers) {
      for (const { account, example } of asked.accounts) {
        if (broken.has(grant)) break;
        if (sourcesFor(grant, account)?.length === 0) continue;
        if (++questions > MAX_QUESTIONS) {
          limits.add(
            "there are too many rules and accounts to look at all of them",
          );
          return { invariant, breaches, limits: [...limits] };
        }
        const answer = breachOf(
          { policy, issuer },
          { account, example, grant, about, unless, cache },
        );
        if (answer === null) continue;
        if (typeof answer === "string") limits.add(answer);
        else {
          broken.add(grant);
          breaches.push(answer);
          // enough to see what is wrong: nothing is proved any more
          if (breaches.length >= MAX_BREACHES) {
            return { invariant, breaches, limits: [...limits] };
          }
        }
      }
    }
  }
  return { invariant, breaches, limits: [...limits] };
}

/**
 * The accounts that a rule has to be asked about: what other rules admit beside it does not matter, so
 * that only it, what it is held against and the deny rules tell accounts apart.
 */
function accountsFor(
  grant: Rule,
  policy: Policy,
  about: Rule,
): ReturnType<typeof accountsToCompare> {
  const denies = policy.rules.filter((rule) =>
    rule.effect === "deny" && apart(grant, rule) === null
  );
  return accountsToCompare({ ...policy, rules: [grant, about, ...denies] });
}
