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
import { judgeCondition, operand } from "./conditions.ts";
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

/** A request, and what is known beside it, to hold a rule's conditions against. */
export interface Asked {
  readonly rule: Rule;
  readonly request: AccessRequest;
  readonly policy: Policy;
  readonly issuer: Issuer;
  /** Which accounts sources give to the subject. Throws where a map file was not handed in. */
  given(sources: readonly AccountSource[]): readonly MappedAccount[];
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

interface RuleContext {
  readonly policy: Policy;
  readonly issuer: Issuer;
  readonly mapFiles: MapFiles;
}

/** What one rule has to say about a request. Throws where a map file was not handed in. */
export function ruleOutcome(
  rule: Rule,
  request: AccessRequest,
  context: RuleContext,
): RuleOutcome {
  const asked = askedOf(rule, request, context);
  let untold: Failure | null = null;
  for (const condition of conditionsOf(rule, context.policy)) {
    const failure = failureOf(condition, asked);
    if (failure === null) continue;
    if (!countsAsMet(failure, rule)) {
      const matched = condition.needed === "to grant";
      return outcomeOf(rule, { matched, granted: false, failure });
    }
    untold ??= failure;
  }
  const granted = rule.effect === "allow";
  return outcomeOf(rule, { matched: true, granted, failure: untold });
}

function outcomeOf(
  { id, effect }: Rule,
  { matched, granted, failure }: {
    matched: boolean;
    granted: boolean;
    failure: Failure | null;
  },
): RuleOutcome {
  const { because, condition, expected, actual } = failure ?? {
    because: null,
    condition: null,
    expected: null,
    actual: null,
  };
  return { id, effect, matched, granted, because, condition, expected, actual };
}

/** The request as the conditions of one rule see it; each list of sources is looked up once. */
export function askedOf(
  rule: Rule,
  request: AccessRequest,
  { policy, issuer, mapFiles }: RuleContext,
): Asked {
  const pattern = policy.accounts_pattern;
  let known:
    | Map<readonly AccountSource[], readonly MappedAccount[]>
    | undefined;
  const given = (sources: readonly AccountSource[]) => {
    known ??= new Map();
    const found = known.get(sources) ??
      mappedAccounts(sources, request.subject, { mapFiles, pattern });
    known.set(sources, found);
    return found;
  };
  return { rule, request, policy, issuer, given };
}

/** Everything that a rule asks, in the order in which it is looked at. */
export function* conditionsOf(
  rule: Rule,
  policy: Policy,
): Generator<RuleCondition, void> {
  const { issuers, services, rhosts, not_after, accounts } = rule;
  const needed = "to match";
  if (issuers !== null) {
    yield { asks: "issuers", names: issuers, path: ["issuers"], needed };
  }
  if (services !== null) {
    yield { asks: "services", names: services, path: ["services"], needed };
  }
  if (rhosts !== null) {
    yield { asks: "rhosts", networks: rhosts, path: ["rhosts"], needed };
  }
  if (not_after !== null) {
    yield { asks: "not_after", end: not_after, path: ["not_after"], needed };
  }
  for (const condition of rule.when) {
    const path = ["when", condition.claim, condition.operator];
    yield { asks: "when", condition, path, needed };
  }
  // a deny rule without accounts is about every account
  if (accounts !== null) {
    yield { asks: "accounts", sources: accounts, path: ["accounts"], needed };
  }
  if (rule.effect === "deny") return;
  yield { asks: "host", path: ["accounts"], needed };
  // before the assurance: no better authentication would open a protected account
  yield {
    asks: "allow_protected",
    path: ["allow_protected"],
    needed: "to grant",
  };
  yield {
    asks: "assurance",
    required: combine(policy.assurance, rule.assurance),
    path: ["assurance"],
    needed: "to grant",
  };
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
    case "when":
      return claimFailure(condition, asked);
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
  { rule, request, issuer }: Asked,
): Failure | null {
  const { claims } = request.subject;
  const result = judgeCondition(condition, { issuer, claims });
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
