/**
 * The decision: deny by default, any matching deny rule wins, any error denies.
 *
 * Pure and total: no clock, no files, no exceptions. The order of rules never matters.
 *
 * @module
 */
import {
  type MapFiles,
  type MappedAccount,
  mappedAccounts,
} from "./accounts.ts";
import { ACCOUNT_NAME } from "./account_name.ts";
import { assuranceFailure, combine, SHORTFALLS } from "./assurance.ts";
import { checkCondition, operand } from "./conditions.ts";
import type { Because, Decision, Reason, RuleOutcome } from "./decision.ts";
import type { Issuer, Policy, Rule } from "./model.ts";
import { contains, parseAddress, parseNetwork } from "./network.ts";
import type { AccessRequest } from "./request.ts";

/** Accounts below this uid belong to the system (Debian's and Red Hat's UID_MIN). */
const FIRST_USER_UID = 1000;
const NOBODY_UID = 65534;

/** Decides a request. Never throws. Does not verify the subject: that is the token's business. */
export function evaluate(
  policy: Policy,
  request: AccessRequest,
  options: { mapFiles: MapFiles } = { mapFiles: new Map() },
): Decision {
  try {
    if (!ACCOUNT_NAME.test(request.account)) {
      return refusal(
        "request_invalid",
        "the account is not a plain account name",
      );
    }
    const issuer = policy.issuers.find(({ name }) =>
      name === request.subject.issuer
    );
    if (issuer === undefined) {
      return refusal("issuer_unknown", "no such issuer in the policy");
    }
    const outcomes = policy.rules.map((rule) =>
      ruleOutcome(rule, request, { policy, issuer, mapFiles: options.mapFiles })
    );
    return decide(outcomes);
  } catch (error) {
    return refusal(
      "internal_error",
      error instanceof Error ? error.message : "an unknown error",
    );
  }
}

/** The truth table. Rules are looked at in the order of their ids, so that order never shows. */
function decide(rules: readonly RuleOutcome[]): Decision {
  const byId = [...rules].sort((a, b) => (a.id < b.id ? -1 : 1));
  const allows = byId.filter(({ effect, matched }) =>
    effect === "allow" && matched
  );
  // any matching deny rule wins
  const deny = byId.find(({ effect, matched }) => effect === "deny" && matched);
  if (deny !== undefined) return deniedBy(deny, "denied_by_rule", rules);
  // otherwise a matching allow rule whose assurance is met admits
  const grant = allows.find(({ granted }) => granted);
  if (grant !== undefined) {
    return { decision: "allow", reason: "allowed", rule: grant.id, rules };
  }
  // otherwise the rule that needs least of the user tells what is missing
  for (const shortfall of [...SHORTFALLS, "account_protected"] as const) {
    const short = allows.find(({ because }) => because === shortfall);
    if (short !== undefined) return deniedBy(short, shortfall, rules);
  }
  // nothing matched: deny by default
  return {
    decision: "deny",
    reason: "account_not_permitted",
    rule: null,
    rules,
  };
}

function deniedBy(
  rule: RuleOutcome,
  reason: Reason,
  rules: readonly RuleOutcome[],
): Decision {
  return { decision: "deny", reason, rule: rule.id, rules };
}

function refusal(reason: Reason, detail: string): Decision {
  return { decision: "deny", reason, rule: null, rules: [], detail };
}

interface Context {
  readonly policy: Policy;
  readonly issuer: Issuer;
  readonly mapFiles: MapFiles;
}

interface Failure {
  readonly because: Because;
  readonly condition: readonly string[];
  readonly expected: unknown;
  readonly actual: unknown;
}

function ruleOutcome(
  rule: Rule,
  request: AccessRequest,
  context: Context,
): RuleOutcome {
  const base = {
    id: rule.id,
    effect: rule.effect,
    condition: null,
    expected: null,
    actual: null,
  };
  const mismatch = mismatchOf(rule, request, context);
  if (mismatch !== null) {
    return { ...base, matched: false, granted: false, ...mismatch };
  }
  const all = rule.accounts === null
    ? null // a deny rule about every account
    : mappedAccounts(rule.accounts, request.subject, context);
  const mapped = all?.filter(({ account }) => account === request.account) ??
    [];
  if (all !== null && mapped.length === 0) {
    const expected = [...new Set(all.map(({ account }) => account))];
    const failed = failure(
      "account_mismatch",
      ["accounts"],
      expected,
      request.account,
    );
    return { ...base, matched: false, granted: false, ...failed };
  }
  if (rule.effect === "deny") {
    return { ...base, matched: true, granted: false, because: null };
  }
  if (!existsOnHost(request)) {
    const failed = failure(
      "account_mismatch",
      ["accounts"],
      "an account of this host",
      null,
    );
    return { ...base, matched: false, granted: false, ...failed };
  }
  const shortfall = shortfallOf(rule, request, { ...context, mapped });
  return {
    ...base,
    matched: true,
    granted: shortfall === null,
    because: null,
    ...shortfall,
  };
}

/** The first of issuers, services, networks and conditions that does not hold. */
function mismatchOf(
  rule: Rule,
  request: AccessRequest,
  context: Context,
): Failure | null {
  const { issuers, services, rhosts } = rule;
  if (issuers !== null && !issuers.includes(context.issuer.name)) {
    return failure(
      "issuer_mismatch",
      ["issuers"],
      issuers,
      context.issuer.name,
    );
  }
  if (services !== null && !services.includes(request.service)) {
    return failure("service_mismatch", ["services"], services, request.service);
  }
  if (rhosts !== null && !inNetworks(rhosts, request.rhost)) {
    return failure("rhost_mismatch", ["rhosts"], rhosts, request.rhost);
  }
  for (const condition of rule.when) {
    const subject = { issuer: context.issuer, claims: request.subject.claims };
    const result = checkCondition(condition, subject);
    if (!result.holds) {
      const place = ["when", condition.claim, condition.operator];
      return failure(result.because, place, operand(condition), result.actual);
    }
  }
  return null;
}

/** What keeps a matching allow rule from granting. */
function shortfallOf(
  rule: Rule,
  request: AccessRequest,
  context: Context & { mapped: readonly MappedAccount[] },
): Failure | null {
  const { mapped, policy, issuer } = context;
  const shared = mapped.some(({ source }) => source === "names");
  // first: no better authentication would open a protected account
  if (isProtected(request, policy) && !(rule.allow_protected && shared)) {
    return failure(
      "account_protected",
      ["allow_protected"],
      true,
      rule.allow_protected,
    );
  }
  // an identity without an id is still an identity: it must not pass for a shared account
  const identities = shared ? null : mapped.map(({ identity }) => identity);
  const lacking = assuranceFailure(
    combine(policy.assurance, rule.assurance),
    request.subject.authentications,
    { issuer, now: request.now, mapping: identities },
  );
  return lacking === null ? null : failure(
    lacking.because,
    ["assurance"],
    lacking.expected,
    lacking.actual,
  );
}

/** False when the host says that there is no account of exactly this name. */
function existsOnHost({ host, account }: AccessRequest): boolean {
  return host === undefined || (host !== "unknown" && host.name === account);
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

function inNetworks(
  networks: readonly string[],
  rhost: string | null,
): boolean {
  const address = rhost === null ? null : parseAddress(rhost);
  if (address === null) return false;
  return networks.some((text) => {
    const network = parseNetwork(text);
    return network !== null && contains(network, address);
  });
}

function failure(
  because: Because,
  condition: readonly string[],
  expected: unknown,
  actual: unknown,
): Failure {
  return { because, condition, expected, actual };
}
