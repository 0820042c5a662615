/**
 * One policy's view of the tokens of one issuer, and which rules matter there.
 *
 * @module
 */
import { kindRow } from "../../policy/kinds.ts";
import { isAccountName } from "../../policy/account_name.ts";
import { stripped } from "../../policy/evaluate/accounts.ts";
import { combine, type Requirements } from "../../policy/evaluate/assurance.ts";
import {
  claimLocation,
  isListed,
  operand,
} from "../../policy/evaluate/conditions.ts";
import { claimPath } from "../../policy/claims.ts";
import type {
  AccountSource,
  Condition,
  Issuer,
  Policy,
  Rule,
} from "../../policy/model.ts";

export interface Side {
  readonly policy: Policy;
  readonly issuer: Issuer;
}

/** The same issuer in both policies; `null` where a policy does not have it. */
export interface IssuerPair {
  readonly old: Side | null;
  readonly new: Side | null;
}

/**
 * The issuers of both policies in pairs: first those with the same URL, because tokens find their
 * issuer by it; then those that kept their name and changed the URL.
 */
export function issuerPairs(old: Policy, next: Policy): IssuerPair[] {
  const left = new Set(old.issuers);
  const right = new Set(next.issuers);
  const pairs: IssuerPair[] = [];
  for (const key of ["issuer", "name"] as const) {
    for (const before of left) {
      const after = [...right].find((issuer) => issuer[key] === before[key]);
      if (after === undefined) continue;
      left.delete(before);
      right.delete(after);
      pairs.push({
        old: { policy: old, issuer: before },
        new: { policy: next, issuer: after },
      });
    }
  }
  for (const issuer of left) {
    pairs.push({ old: { policy: old, issuer }, new: null });
  }
  for (const issuer of right) {
    pairs.push({ old: null, new: { policy: next, issuer } });
  }
  return pairs;
}

/** Globus vouches for several linked identities, each with authentications of its own. */
export function isLinked({ issuer }: Side): boolean {
  return kindRow(issuer).linked;
}

/** The rules that can say anything about tokens of this issuer. */
export function rulesOf(side: Side | null): readonly Rule[] {
  return side === null
    ? []
    : side.policy.rules.filter(({ issuers }) =>
      issuers === null || issuers.includes(side.issuer.name)
    );
}

/** What must be met where an allow rule matches. */
export function requirementsOf(rule: Rule, side: Side): Requirements {
  return combine(side.policy.assurance, rule.assurance);
}

/** Whether there is any requirement at all. Without one, not even the time is looked at. */
export function requiresAnything(required: Requirements): boolean {
  return required.permittedIdps.length > 0 || required.mfa ||
    required.maxAuthAge !== null;
}

/** Whether an account belongs to everybody that the rule matches, and to no identity. */
export function isShared(rule: Rule, account: string): boolean {
  return rule.accounts?.some((source) =>
    source.source === "names" && source.names.includes(account)
  ) ?? false;
}

/**
 * The entries of a rule that can give the account, cut to what concerns it. Of a deny rule also those
 * of which it may be untold whether they do.
 */
export function sourcesFor(
  rule: Rule,
  account: string,
): readonly AccountSource[] | null {
  if (rule.accounts === null) return null;
  const untold = rule.effect === "deny";
  return rule.accounts.flatMap((source): AccountSource[] => {
    switch (source.source) {
      case "names":
        return source.names.includes(account)
          ? [{ source: "names", names: [account] }]
          : [];
      case "claim":
      case "identity": {
        const value = account + (source.strip_suffix ?? "");
        const fits = stripped(value, source.strip_suffix) === account;
        return fits || untold ? [source] : [];
      }
      case "map": {
        const map = source.map.filter(({ accounts }) =>
          accounts.includes(account)
        ).map(({ key }) => ({ key, accounts: [account] }));
        return map.length === 0 && !untold ? [] : [{ ...source, map }];
      }
      case "map_file":
        return [source];
    }
  });
}

/**
 * A rule as a text that is the same for rules that decide the same: names, descriptions and the
 * order of anything do not show, and `null` stands for a rule that cannot concern the account.
 * With `account: null`, for all accounts.
 */
export function ruleKey(
  rule: Rule,
  side: Side,
  account: string | null,
): string | null {
  const sources = account === null ? rule.accounts : sourcesFor(rule, account);
  if (sources?.length === 0) return null;
  const pattern = side.policy.accounts_pattern;
  const shared = account !== null && isShared(rule, account);
  return JSON.stringify([
    generalKey(rule, side),
    account === null ? pattern : isAccountName(account, pattern),
    // where an account is anybody's, its other sources add nothing
    shared ? "shared" : sorted(sources?.map(sourceKey) ?? null),
    rule.effect === "allow" && [
      requirementsOf(rule, side).sameIdentity && !shared,
      account === null
        ? sorted(side.policy.protected_accounts)
        : side.policy.protected_accounts.includes(account),
    ],
  ]);
}

/** Worked out once for each rule: many accounts ask for it. */
const generalKeys = new WeakMap<Side, WeakMap<Rule, string>>();

/** What of the key is the same for all accounts. */
function generalKey(rule: Rule, side: Side): string {
  const keys = generalKeys.get(side) ?? new WeakMap<Rule, string>();
  generalKeys.set(side, keys);
  const found = keys.get(rule);
  if (found !== undefined) return found;
  const key: unknown[] = [
    rule.effect,
    subjectSort(side),
    sorted(rule.services),
    sorted(rule.rhosts),
    rule.not_after,
    sorted(rule.when.map((condition) => conditionKey(condition, side))),
  ];
  if (rule.effect === "allow") {
    const required = requirementsOf(rule, side);
    const any = requiresAnything(required) || required.sameIdentity;
    key.push(
      sorted(required.permittedIdps.map((list) => sorted(list))),
      required.maxAuthAge,
      required.mfa && mfaKey(side.issuer),
      any && side.issuer.clock_skew,
      any && authenticationKey(side.issuer),
      rule.allow_protected,
    );
  }
  const made = JSON.stringify(key);
  keys.set(rule, made);
  return made;
}

/** How the issuer's claims become identities. */
function subjectSort({ issuer }: Side): string {
  return kindRow(issuer).opaque ? issuer.kind : "single";
}

function conditionKey(condition: Condition, { issuer }: Side): string {
  const value = operand(condition);
  const location = claimLocation(issuer, condition.claim);
  return JSON.stringify([
    claimPath(location),
    isListed(issuer, location),
    condition.operator,
    Array.isArray(value) ? sorted(value) : value,
  ]);
}

function sourceKey(source: AccountSource): string {
  switch (source.source) {
    case "names":
      return JSON.stringify(["names", sorted(source.names)]);
    case "claim":
      return JSON.stringify([
        "claim",
        claimPath(source.claim),
        source.strip_suffix,
      ]);
    case "identity":
      return JSON.stringify([
        "identity",
        source.attribute,
        source.strip_suffix,
      ]);
    case "map":
      return JSON.stringify([
        "map",
        sorted(source.map.map(({ key, accounts }) => [key, sorted(accounts)])),
        sorted(source.keys),
      ]);
    case "map_file":
      return JSON.stringify(["map_file", source.path, sorted(source.keys)]);
  }
}

function mfaKey(issuer: Issuer): unknown {
  return [
    sorted(issuer.mfa.amr_any),
    sorted(issuer.mfa.acr_any),
    isListed(issuer, issuer.claims.amr),
  ];
}

function authenticationKey({ claims }: Issuer): unknown {
  return [claims.idp, claims.amr, claims.acr, claims.auth_time];
}

function sorted(items: readonly unknown[] | null): unknown {
  return items === null
    ? null
    : [...new Set(items.map((item) => JSON.stringify(item)))].sort();
}
