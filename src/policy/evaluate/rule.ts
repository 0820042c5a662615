/**
 * A rule as the list of what it asks, and one request held against it: whether the rule matches,
 * whether it grants, and if not, the first thing that kept it from that.
 *
 * The list is the one place that says what a rule's keys ask for. The decision takes the first that
 * is not met, coverage looks at each, explain names the one that failed, and diff turns each into a
 * region of the space of all requests. Pure; the order decides only what is reported.
 *
 * @module
 */
import {
  type MapFiles,
  type MappedAccount,
  mappedAccounts,
  untoldSource,
} from "./accounts.ts";
import { assuranceFailure, combine, type Requirements } from "./assurance.ts";
import { judgeCondition, operand, type Told, toldOf } from "./conditions.ts";
import type { Because, RuleOutcome } from "../decision.ts";
import {
  type AccountSource,
  type Assurance,
  type Condition,
  type Issuer,
  NO_ASSURANCE,
  type Policy,
  type Rule,
} from "../model.ts";
import { inNetworks } from "../network.ts";
import type { AccessRequest } from "../request.ts";

/** Accounts below this uid belong to the system (Debian's and Red Hat's UID_MIN). */
const FIRST_USER_UID = 1000;
const NOBODY_UID = 65534;

/** What a rule can ask of a request, by the key that asks it. */
type Asks =
  | { readonly asks: "issuers"; readonly names: readonly string[] }
  | { readonly asks: "services"; readonly names: readonly string[] }
  | { readonly asks: "rhosts"; readonly networks: readonly string[] }
  /** The request comes before this, in seconds since the epoch. */
  | { readonly asks: "not_after"; readonly end: number }
  | { readonly asks: "when"; readonly condition: Condition }
  /** One of the sources gives the account. */
  | { readonly asks: "accounts"; readonly sources: readonly AccountSource[] }
  /** The host has an account of exactly this name. */
  | { readonly asks: "host" }
  /** The account is not protected, or the rule may open it. */
  | { readonly asks: "allow_protected" }
  | { readonly asks: "assurance"; readonly required: Requirements };

/** One thing that a rule asks; all of its list must be met. */
export type RuleCondition = Asks & {
  /** Where it is written inside the rule, such as `["when", "groups", "any"]`. */
  readonly path: readonly string[];
  /** What the rule does not do where this is not met: match at all, or grant. */
  readonly needed: "to match" | "to grant";
};

/** A request, and what is known beside it, to hold rules against. */
export interface Question {
  readonly request: AccessRequest;
  readonly policy: Policy;
  readonly issuer: Issuer;
  /** What the token says where a condition on that claim looks. */
  readonly told: (claim: string) => Told;
  /** Which accounts sources give to the subject. Throws where a map file was not handed in. */
  readonly given: (
    sources: readonly AccountSource[],
  ) => readonly MappedAccount[];
}

/** The same, to hold the conditions of one rule against. */
export interface Asked extends Question {
  readonly rule: Rule;
}

/** Why a condition is not met. */
export interface Failure {
  readonly because: Because;
  readonly condition: readonly string[];
  readonly expected: unknown;
  readonly actual: unknown;
  /** It cannot be told whether the condition holds, which is enough for a deny rule. */
  readonly untold: boolean;
}

interface Context {
  readonly policy: Policy;
  readonly issuer: Issuer;
  readonly mapFiles: MapFiles;
}

/** What one rule has to say about a request. Throws where a map file was not handed in. */
export function ruleOutcome(rule: Rule, question: Question): RuleOutcome {
  const { request, policy, issuer, told, given } = question;
  const asked = { rule, request, policy, issuer, told, given };
  let untold: Failure | null = null;
  let failed: Failure | null = null;
  let matched = true;
  const met = everyCondition(rule, policy, (condition) => {
    const failure = failureOf(condition, asked);
    if (failure === null) return true;
    if (countsAsMet(failure, rule)) {
      untold ??= failure;
      return true;
    }
    failed = failure;
    matched = condition.needed === "to grant";
    return false;
  });
  const granted = met && rule.effect === "allow";
  return outcomeOf(rule, matched, granted, failed ?? untold);
}

function outcomeOf(
  { id, effect }: Rule,
  matched: boolean,
  granted: boolean,
  failure: Failure | null,
): RuleOutcome {
  return {
    id,
    effect,
    matched,
    granted,
    because: failure?.because ?? null,
    condition: failure?.condition ?? null,
    expected: failure?.expected ?? null,
    actual: failure?.actual ?? null,
  };
}

/** The request as all rules see it; each claim and each list of sources is looked up once. */
export function questionOf(
  request: AccessRequest,
  { policy, issuer, mapFiles }: Context,
): Question {
  const { subject } = request;
  const { claims } = subject;
  const pattern = policy.accounts_pattern;
  const told = remembered((claim: string) => toldOf(claim, { issuer, claims }));
  const given = remembered((sources: readonly AccountSource[]) =>
    mappedAccounts(sources, subject, { mapFiles, pattern })
  );
  return { request, policy, issuer, told, given };
}

/** The request as the conditions of one rule see it. */
export function askedOf(
  rule: Rule,
  request: AccessRequest,
  context: Context,
): Asked {
  return { rule, ...questionOf(request, context) };
}

/** The function, which answers again what it was asked before. */
function remembered<Key, Value>(
  look: (key: Key) => Value,
): (key: Key) => Value {
  let known: Map<Key, Value> | undefined;
  return (key) => {
    known ??= new Map();
    const found = known.get(key);
    if (found !== undefined) return found;
    const value = look(key);
    known.set(key, value);
    return value;
  };
}

/** Everything that a rule asks, in the order in which it is looked at. */
export function conditionsOf(rule: Rule, policy: Policy): RuleCondition[] {
  const all: RuleCondition[] = [];
  everyCondition(rule, policy, (condition) => all.push(condition) > 0);
  return all;
}

/** Whether `isMet` says yes to everything that a rule asks. It is not asked after a no. */
function everyCondition(
  rule: Rule,
  policy: Policy,
  isMet: (condition: RuleCondition) => boolean,
): boolean {
  const { issuers, services, rhosts, not_after, accounts } = rule;
  const toMatch = "to match";
  const isKeyMet = (asks: Asks, needed: RuleCondition["needed"] = toMatch) =>
    isMet({ ...asks, path: [asks.asks], needed });
  return (issuers === null || isKeyMet({ asks: "issuers", names: issuers })) &&
    (services === null || isKeyMet({ asks: "services", names: services })) &&
    (rhosts === null || isKeyMet({ asks: "rhosts", networks: rhosts })) &&
    (not_after === null || isKeyMet({ asks: "not_after", end: not_after })) &&
    rule.when.every((condition) => {
      const path = ["when", condition.claim, condition.operator];
      return isMet({ asks: "when", condition, path, needed: toMatch });
    }) &&
    // a deny rule without accounts is about every account
    (accounts === null || isKeyMet({ asks: "accounts", sources: accounts })) &&
    (rule.effect === "deny" ||
      (isMet({ asks: "host", path: ["accounts"], needed: toMatch }) &&
        // before the assurance: no better authentication would open a protected account
        isKeyMet({ asks: "allow_protected" }, "to grant") &&
        isKeyMet({
          asks: "assurance",
          required: combine(policy.assurance, rule.assurance),
        }, "to grant")));
}

/**
 * The parts of a condition that can be looked at on their own: the single sources of accounts, and
 * the single requirements, those of the policy with a path that begins with "policy". A condition
 * without parts is its own.
 */
export function partsOf(
  condition: RuleCondition,
  { rule, policy }: { rule: Rule; policy: Policy },
): RuleCondition[] {
  switch (condition.asks) {
    case "accounts":
      return condition.sources.map((source, index) => ({
        ...condition,
        sources: [source],
        path: ["accounts", String(index)],
      }));
    case "assurance":
      return requirementsOf(rule, policy).map(({ path, assurance }) => ({
        ...condition,
        required: combine(NO_ASSURANCE, assurance),
        path,
      }));
    default:
      return [condition];
  }
}

/** Why the condition is not met, or `null`. Throws where a map file was not handed in. */
export function failureOf(
  condition: RuleCondition,
  asked: Asked,
): Failure | null {
  const { request, issuer } = asked;
  if (condition.asks === "when") return claimFailure(condition, asked);
  const failure = (
    because: Because,
    expected: unknown,
    actual: unknown,
  ): Failure => ({
    because,
    condition: condition.path,
    expected,
    actual,
    untold: false,
  });
  switch (condition.asks) {
    case "issuers":
      return condition.names.includes(issuer.name)
        ? null
        : failure("issuer_mismatch", condition.names, issuer.name);
    case "services":
      return condition.names.includes(request.service)
        ? null
        : failure("service_mismatch", condition.names, request.service);
    case "rhosts":
      return inNetworks(condition.networks, request.rhost)
        ? null
        : failure("rhost_mismatch", condition.networks, request.rhost);
    case "not_after": {
      const { end } = condition;
      const { now } = request;
      // without a clock it cannot be told
      const untold = !Number.isFinite(now - end);
      return now < end && !untold
        ? null
        : { ...failure("rule_expired", end, now), untold };
    }
    case "accounts":
      return accountFailure(condition, asked);
    case "host":
      return existsOnHost(request)
        ? null
        : failure("account_mismatch", "an account of this host", null);
    case "allow_protected":
      return isOpen(asked)
        ? null
        : failure("account_protected", true, asked.rule.allow_protected);
    case "assurance": {
      const lacking = assuranceFailure(
        condition.required,
        request.subject.authentications,
        { issuer, now: request.now, mapping: identitiesOf(asked) },
      );
      return lacking &&
        failure(lacking.because, lacking.expected, lacking.actual);
    }
  }
}

/** An allow rule takes only a yes; a deny rule takes everything but a no. */
export function countsAsMet(failure: Failure | null, rule: Rule): boolean {
  return failure === null || (failure.untold && rule.effect === "deny");
}

function claimFailure(
  { condition, path }: { condition: Condition; path: readonly string[] },
  { rule, told }: Asked,
): Failure | null {
  const result = judgeCondition(condition, told(condition.claim));
  if (result.holds) return null;
  const { because, untold, actual } = result;
  // an entry that is not a scalar may be what a deny rule looks for
  const unclear = untold && because === "claim_mismatch" &&
    rule.effect === "deny";
  return {
    because: unclear ? "claim_type" : because,
    condition: path,
    expected: operand(condition),
    actual,
    untold,
  };
}

function accountFailure(
  { sources, path }: {
    sources: readonly AccountSource[];
    path: readonly string[];
  },
  { rule, request, issuer, given }: Asked,
): Failure | null {
  const { account, subject } = request;
  const all = given(sources);
  if (all.some((mapped) => mapped.account === account)) return null;
  const untold = rule.effect === "deny"
    ? untoldSource(sources, subject, { issuer })
    : null;
  if (untold !== null) {
    const { because, index, actual } = untold;
    const condition = ["accounts", String(index)];
    return { because, condition, expected: account, actual, untold: true };
  }
  return {
    because: "account_mismatch",
    condition: path,
    expected: [...new Set(all.map((mapped) => mapped.account))],
    actual: account,
    untold: false,
  };
}

/**
 * The identities by which the rule gives the account; `null` where it belongs to none. An identity
 * without an id is still an identity: it must not pass for a shared account.
 */
export function identitiesOf(
  { rule, request, given }: Asked,
): (string | null)[] | null {
  const mapped = given(rule.accounts ?? []).filter(({ account }) =>
    account === request.account
  );
  return mapped.some(({ source }) => source === "names")
    ? null
    : mapped.map(({ identity }) => identity);
}

/** False when the host says that there is no account of exactly this name. */
function existsOnHost({ host, account }: AccessRequest): boolean {
  return host === undefined || (host !== "unknown" && host.name === account);
}

/** Whether the account is an ordinary one, or the rule opens protected ones by their name. */
function isOpen(asked: Asked): boolean {
  return !isProtected(asked.request, asked.policy) ||
    (asked.rule.allow_protected && identitiesOf(asked) === null);
}

/** Listed as protected, or root or a system account by what the host says of its uid. */
function isProtected(
  { host, account }: AccessRequest,
  policy: Policy,
): boolean {
  if (policy.protected_accounts.includes(account)) return true;
  if (host === undefined || host === "unknown") return false;
  return !(host.uid >= FIRST_USER_UID) || host.uid === NOBODY_UID;
}

/** A requirement in force, with the place where it is written. */
interface Requirement {
  readonly path: readonly string[];
  readonly assurance: Assurance;
}

/** Every requirement in force for the rule. Written twice it asks for no more: once is enough. */
function requirementsOf(rule: Rule, policy: Policy): Requirement[] {
  const both = [
    { path: ["policy", "assurance"], assurance: policy.assurance },
    { path: ["assurance"], assurance: rule.assurance },
  ];
  const only = (
    key: keyof Assurance,
    place: Requirement | undefined,
  ): Requirement[] =>
    place === undefined ? [] : [{
      path: [...place.path, key],
      assurance: { ...NO_ASSURANCE, [key]: place.assurance[key] },
    }];
  const { maxAuthAge } = combine(policy.assurance, rule.assurance);
  return [
    ...both.filter(({ assurance }) => assurance.permitted_idps !== null)
      .flatMap((place) => only("permitted_idps", place)),
    ...only("mfa", both.find(({ assurance }) => assurance.mfa)),
    ...only(
      "same_identity",
      both.find(({ assurance }) => assurance.same_identity),
    ),
    ...only(
      "max_auth_age",
      maxAuthAge === null
        ? undefined
        : both.find(({ assurance }) => assurance.max_auth_age === maxAuthAge),
    ),
  ];
}
