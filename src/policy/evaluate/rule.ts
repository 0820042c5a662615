/**
 * One rule and one request: whether the rule matches, whether it grants, and if not, the first thing
 * that kept it from that. Pure; the order of what is looked at decides only what is reported.
 *
 * @module
 */
import {
  type MapFiles,
  type MappedAccount,
  mappedAccounts,
  untoldSource,
} from "./accounts.ts";
import { assuranceFailure, combine } from "./assurance.ts";
import { isMet, judgeCondition, operand } from "./conditions.ts";
import type { Because, RuleOutcome } from "../decision.ts";
import type { Issuer, Policy, Rule } from "../model.ts";
import { contains, parseAddress, parseNetwork } from "../network.ts";
import type { AccessRequest } from "../request.ts";

/** Accounts below this uid belong to the system (Debian's and Red Hat's UID_MIN). */
const FIRST_USER_UID = 1000;
const NOBODY_UID = 65534;

interface RuleContext {
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

/** What one rule has to say about a request. Throws where a map file was not handed in. */
export function ruleOutcome(
  rule: Rule,
  request: AccessRequest,
  context: RuleContext,
): RuleOutcome {
  const base = {
    id: rule.id,
    effect: rule.effect,
    condition: null,
    expected: null,
    actual: null,
  };
  const { mismatch, untold } = scopeOf(rule, request, context);
  if (mismatch !== null) {
    return { ...base, matched: false, granted: false, ...mismatch };
  }
  const all = rule.accounts === null
    ? null // a deny rule about every account
    : mappedAccounts(rule.accounts, request.subject, context);
  const mapped = all?.filter(({ account }) => account === request.account) ??
    [];
  const unmapped = all !== null && mapped.length === 0;
  const unknown = unmapped ? untoldAccounts(rule, request, context) : null;
  if (unmapped && unknown === null) {
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
    const granted = { matched: true, granted: false, because: null };
    return { ...base, ...granted, ...untold ?? unknown };
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

/**
 * The first of issuers, services, networks and conditions that does not hold; and in a deny rule the
 * first condition of which that cannot be told.
 */
function scopeOf(
  rule: Rule,
  request: AccessRequest,
  context: RuleContext,
): { mismatch: Failure | null; untold: Failure | null } {
  const { issuers, services, rhosts } = rule;
  const { issuer } = context;
  const missed = (failed: Failure) => ({ mismatch: failed, untold: null });
  if (issuers !== null && !issuers.includes(issuer.name)) {
    return missed(
      failure("issuer_mismatch", ["issuers"], issuers, issuer.name),
    );
  }
  if (services !== null && !services.includes(request.service)) {
    return missed(
      failure("service_mismatch", ["services"], services, request.service),
    );
  }
  if (rhosts !== null && !inNetworks(rhosts, request.rhost)) {
    return missed(failure("rhost_mismatch", ["rhosts"], rhosts, request.rhost));
  }
  let untold: Failure | null = null;
  for (const condition of rule.when) {
    const { claims } = request.subject;
    const result = judgeCondition(condition, { issuer, claims });
    if (result.holds) continue;
    const { because, untold: open } = result;
    const failed = failure(
      open && because === "claim_mismatch" && rule.effect === "deny"
        ? "claim_type"
        : because,
      ["when", condition.claim, condition.operator],
      operand(condition),
      result.actual,
    );
    if (!isMet(result, rule.effect)) return missed(failed);
    untold ??= failed;
  }
  return { mismatch: null, untold };
}

function untoldAccounts(
  rule: Rule,
  { subject, account }: AccessRequest,
  context: RuleContext,
): Failure | null {
  const untold = rule.effect === "deny"
    ? untoldSource(rule.accounts ?? [], subject, context)
    : null;
  if (untold === null) return null;
  const { because, index, actual } = untold;
  return failure(because, ["accounts", String(index)], account, actual);
}

/** What keeps a matching allow rule from granting. */
function shortfallOf(
  rule: Rule,
  request: AccessRequest,
  context: RuleContext & { mapped: readonly MappedAccount[] },
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
