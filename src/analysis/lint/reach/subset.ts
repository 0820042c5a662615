/**
 * Reasoning about rules without evaluating them: which requests a rule can match at all, and
 * whether another rule matches (or grants) all of them too.
 *
 * Every answer is on the safe side: what is said is certain for every request, and what is not
 * said is not known. Property tests hold it against `evaluate()`.
 *
 * @module
 */
import { combine } from "../../../policy/evaluate/assurance.ts";
import {
  claimLocation,
  isListed,
  matchesGlob,
} from "../../../policy/evaluate/conditions.ts";
import { claimPath, locationOf } from "../../../policy/claims.ts";
import type { AccountPattern } from "../../../policy/account_name.ts";
import { stripped } from "../../../policy/evaluate/accounts.ts";
import { kindRow } from "../../../policy/kinds.ts";
import type {
  AccountSource,
  Assurance,
  Condition,
  Issuer,
  Policy,
  Rule,
} from "../../../policy/model.ts";
import {
  contains,
  type Network,
  parseNetwork,
} from "../../../policy/network.ts";
import { coversAccounts, noAccount } from "./account_reach.ts";
import {
  type ClaimConstraint,
  constraintOf,
  contradiction,
  implies,
} from "./claim_constraint.ts";

/** A rule made ready for comparing. */
export interface RuleReach {
  readonly rule: Rule;
  readonly issuers: ReadonlySet<string>;
  readonly services: ReadonlySet<string> | null;
  readonly networks: readonly Network[] | null;
  readonly conditions: ReadonlyMap<string, readonly Condition[]>;
  readonly constraints: ReadonlyMap<string, ClaimConstraint>;
  /** Why conditions on two names of one place never hold together, at whatever issuer. */
  readonly clash: Impossible | null;
  /** Whether people of one of its issuers have linked identities. */
  readonly linked: boolean;
  /** The policy's `accounts_pattern`. */
  readonly pattern: AccountPattern;
}

/** Names that mean what the issuer's `claims` says; "/groups" is another place than "groups". */
const LOCATED = new Set(["groups", "idp", "auth_time", "amr", "acr"]);

/** The same key for the same place in the claims; a pointer of one step is a plain name. */
function placeOfCondition(claim: string): string {
  const name = /^\/([^/~]+)$/.exec(claim)?.[1];
  return name === undefined || LOCATED.has(name) ? claim : name;
}

/** Account sources read the claims themselves, whatever the issuer calls groups or idp. */
function placeOfSource(claim: string): string {
  const name = /^\/([^/~]+)$/.exec(claim)?.[1] ?? claim;
  return LOCATED.has(name) ? `/${name}` : name;
}

/** Prepares a rule once, however often it is compared. */
export function reachOf(rule: Rule, policy: Policy): RuleReach {
  const conditions = Map.groupBy(
    rule.when,
    ({ claim }) => placeOfCondition(claim),
  );
  return {
    rule,
    issuers: new Set(rule.issuers ?? policy.issuers.map(({ name }) => name)),
    services: rule.services === null ? null : new Set(rule.services),
    networks: rule.rhosts?.map(parseNetwork).filter((net) => net !== null) ??
      null,
    conditions,
    constraints: new Map(
      [...conditions].map(([place, list]) => [
        place,
        constraintOf(list, { bare: isBare(list, rule, policy) }),
      ]),
    ),
    clash: clashOf(rule, policy),
    linked: hasLinked(rule, policy),
    pattern: policy.accounts_pattern,
  };
}

/** Whether an issuer of the rule may send a single value in place of a list. */
function isBare(
  conditions: readonly Condition[],
  { issuers }: Rule,
  policy: Policy,
): boolean {
  return policy.issuers.some((issuer) =>
    issuer.lists.length > 0 && (issuers?.includes(issuer.name) ?? true) &&
    conditions.some(({ claim }) =>
      isListed(issuer, claimLocation(issuer, claim))
    )
  );
}

/** What keeps a rule from matching, with the claim where it is one. */
interface Impossible {
  readonly message: string;
  readonly claim: string | null;
}

/**
 * A name such as "groups" and a pointer such as "/groups" are one place at most issuers. Where they
 * exclude each other at each issuer of the rule, nothing meets them.
 */
function clashOf(rule: Rule, policy: Policy): Impossible | null {
  if (rule.when.length < 2) return null;
  if (!rule.when.some(({ claim }) => LOCATED.has(claim))) return null;
  const issuers = policy.issuers.filter(({ name }) =>
    rule.issuers === null || rule.issuers.includes(name)
  );
  let first: Impossible | null = null;
  for (const issuer of issuers) {
    const clash = clashAt(rule, issuer);
    if (clash === null) return null;
    first ??= clash;
  }
  return first;
}

function clashAt(rule: Rule, issuer: Issuer): Impossible | null {
  const located = Map.groupBy(
    rule.when,
    ({ claim }) => locationOf(claimPath(claimLocation(issuer, claim))),
  );
  for (const [location, conditions] of located) {
    const names = [...new Set(conditions.map(({ claim }) => claim))];
    if (names.length < 2) continue;
    const bare = isListed(issuer, location);
    const message = contradiction(constraintOf(conditions, { bare }));
    const [claim = "", other] = names;
    if (message !== null) {
      return { message: `${message}, and "${other}" is the same place`, claim };
    }
  }
  return null;
}

/**
 * Why a rule can match no request; `null`: it may match. A deny rule that asks for a claim always
 * may: of one whose type it cannot judge it cannot be told that it does not hold.
 */
export function impossible(reach: RuleReach): Impossible | null {
  return reach.rule.effect === "deny" ? null : contradictionOf(reach);
}

/** Why the conditions and accounts of a rule never hold together; `null`: they may. */
export function contradictionOf(reach: RuleReach): Impossible | null {
  for (const [place, constraint] of reach.constraints) {
    const message = contradiction(constraint);
    const claim = reach.conditions.get(place)?.at(-1)?.claim ?? place;
    if (message !== null) return { message, claim };
  }
  if (reach.clash !== null) return reach.clash;
  const sources = reach.rule.accounts;
  if (sources === null) return null;
  const known = {
    constraintOn: (claim: string) =>
      reach.constraints.get(placeOfSource(claim)),
    linked: reach.linked,
    pattern: reach.pattern,
  };
  const nowhere = sources.every((source) => noAccount(source, known));
  return nowhere
    ? { message: "yields no account under these conditions", claim: null }
    : null;
}

/** Whether an allow rule only opens accounts that are protected from it. */
export function onlyProtected(rule: Rule, policy: Policy): boolean {
  const isProtected = (account: string) =>
    policy.protected_accounts.includes(account);
  return rule.accounts?.every((source) => {
    switch (source.source) {
      case "names":
        return !rule.allow_protected && source.names.every(isProtected);
      case "map": // never grants a protected account, whatever the rule says
        return source.map.every(({ accounts }) => accounts.every(isProtected));
      default:
        return false;
    }
  }) ?? false;
}

function hasLinked(rule: Rule, policy: Policy): boolean {
  return policy.issuers.some((issuer) =>
    kindRow(issuer).linked &&
    (rule.issuers === null || rule.issuers.includes(issuer.name))
  );
}

/** Whether what is asked of the identity provider, here, there and in conditions, excludes itself. */
export function noProvider(reach: RuleReach, policy: Policy): boolean {
  // a linked identity's provider has several names, and each part may mean another one
  if (reach.linked) return false;
  const lists = [policy.assurance, reach.rule.assurance].map((assurance) =>
    assurance.permitted_idps
  ).filter((list) => list !== null);
  if (lists.length === 0) return false;
  const asked = lists.map((values) => ({
    claim: "idp",
    operator: "in" as const,
    values,
  }));
  const conditions = reach.conditions.get("idp") ?? [];
  return contradiction(constraintOf([...asked, ...conditions])) !== null;
}

/** Whether a source of the rule may give the account to somebody who meets its conditions. */
export function mayGive(
  reach: RuleReach,
  source: AccountSource & { source: "claim" | "identity" },
  account: string,
): boolean {
  const value = account + (source.strip_suffix ?? "");
  if (stripped(value, source.strip_suffix) !== account) return false;
  if (source.source === "identity") return true;
  const constraint = reach.constraints.get(placeOfSource(source.claim));
  if (constraint === undefined) return true;
  return !constraint.list && (constraint.values?.includes(value) ?? true) &&
    constraint.globs.every((glob) => matchesGlob(glob, value));
}

/** Whether every request that `inner` matches is matched by `outer`. */
export function matchesWithin(inner: RuleReach, outer: RuleReach): boolean {
  return holdsWithin(inner, outer) &&
    (inner.rule.effect === "allow" ||
      // what follows from a contradiction does not follow from what cannot be told
      (contradictionOf(inner) === null && untoldWithin(inner, outer)));
}

/**
 * Whether the deny rule `outer` also cannot tell where `inner` cannot: a value that no condition of
 * `inner` can judge is none that one of `outer` can judge, and the accounts come from the same.
 */
function untoldWithin(inner: RuleReach, outer: RuleReach): boolean {
  const claims = [...outer.conditions].every(([place, conditions]) =>
    conditions.every((condition) =>
      (inner.conditions.get(place) ?? []).every((own) =>
        judgedTypes(condition).every((type) => judgedTypes(own).includes(type))
      )
    )
  );
  const theirs = (outer.rule.accounts ?? []).map((source) =>
    JSON.stringify(source)
  );
  return claims &&
    (outer.rule.accounts === null ||
      (inner.rule.accounts?.every((source) =>
        source.source === "names" || theirs.includes(JSON.stringify(source))
      ) ?? false));
}

/** The types of claims of which a condition can say yes or no. */
function judgedTypes(condition: Condition): readonly string[] {
  switch (condition.operator) {
    case "any":
    case "all":
    case "none":
      return ["list"];
    case "in":
      return ["string", "number", "boolean"];
    case "like":
    case "word":
      return ["string"];
    case "has":
      return ["object"];
    case "equals":
      return [typeof condition.value];
  }
}

function holdsWithin(inner: RuleReach, outer: RuleReach): boolean {
  for (const place of outer.conditions.keys()) {
    if (!inner.constraints.has(place)) return false;
  }
  return within(inner.services, outer.services) &&
    within(inner.issuers, outer.issuers) &&
    networksWithin(inner.networks, outer.networks) &&
    endsWithin(inner.rule, outer.rule) &&
    [...outer.conditions].every(([place, conditions]) =>
      conditions.every((condition) =>
        implies(inner.constraints.get(place), condition)
      )
    ) &&
    coversAccounts(outer.rule.accounts, inner.rule.accounts);
}

/** Whether every request that the allow rule `inner` grants is granted by `outer`. */
export function grantsWithin(
  inner: RuleReach,
  outer: RuleReach,
  global: Assurance,
): boolean {
  const opensProtected = inner.rule.allow_protected &&
    inner.rule.accounts?.some(({ source }) => source === "names");
  return (!opensProtected || outer.rule.allow_protected) &&
    asksNoMore(outer.rule.assurance, inner.rule.assurance, global) &&
    matchesWithin(inner, outer);
}

/** Whether whoever meets `strict` on top of the policy's own part meets `lax` too. */
function asksNoMore(
  lax: Assurance,
  strict: Assurance,
  global: Assurance,
): boolean {
  const asked = combine(global, strict);
  const idps = lax.permitted_idps;
  return (!lax.mfa || asked.mfa) &&
    (!lax.same_identity || asked.sameIdentity) &&
    (lax.max_auth_age === null ||
      (asked.maxAuthAge !== null && asked.maxAuthAge <= lax.max_auth_age)) &&
    (idps === null ||
      asked.permittedIdps.some((list) =>
        list.every((idp) => idps.includes(idp))
      ));
}

function within(
  inner: ReadonlySet<string> | null,
  outer: ReadonlySet<string> | null,
): boolean {
  if (outer === null) return true;
  if (inner === null || inner.size > outer.size) return false;
  for (const item of inner) if (!outer.has(item)) return false;
  return true;
}

function endsWithin(inner: Rule, outer: Rule): boolean {
  return outer.not_after === null ||
    (inner.not_after !== null && inner.not_after <= outer.not_after);
}

function networksWithin(
  inner: readonly Network[] | null,
  outer: readonly Network[] | null,
): boolean {
  if (outer === null) return true;
  return inner?.every((net) =>
    outer.some((wide) => wide.prefix <= net.prefix && contains(wide, net))
  ) ?? false;
}
