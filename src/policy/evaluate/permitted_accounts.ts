/**
 * The question the other way round: which accounts would be granted.
 *
 * @module
 */
import { type MapFiles, mappedAccounts } from "./accounts.ts";
import { assuranceFailure, combine, SHORTFALLS } from "./assurance.ts";
import type { Reason } from "../../lib/reason.ts";
import { evaluate } from "./evaluate.ts";
import { NO_ASSURANCE, type Policy } from "../model.ts";
import type { AccessRequest } from "../request.ts";

/** More accounts than one person has; each is a decision of its own. */
const MAX_ACCOUNTS = 256;

interface PermittedAccounts {
  /** In the order of the rules. */
  readonly accounts: readonly string[];
  /** What the authentication lacks, when that is why there are none. */
  readonly shortfall: Reason | null;
}

/**
 * Every account that the policy would grant to the subject if it asked for it now. Throws where a
 * map file was not handed in.
 *
 * Does not check which of them exist on the host, or are system accounts by their uid.
 */
export function permittedAccounts(
  policy: Policy,
  request: Omit<AccessRequest, "account" | "host">,
  options: { mapFiles: MapFiles },
): PermittedAccounts {
  const { subject, now } = request;
  const issuer = policy.issuers.find(({ name }) => name === subject.issuer);
  if (issuer === undefined) return { accounts: [], shortfall: null };
  const lacking = assuranceFailure(
    combine(policy.assurance, NO_ASSURANCE),
    subject.authentications,
    { issuer, now, mapping: null },
  );
  if (lacking !== null) return { accounts: [], shortfall: lacking.because };
  const rules = policy.rules.filter(({ effect, issuers }) =>
    effect === "allow" && (issuers === null || issuers.includes(issuer.name))
  );
  const pattern = policy.accounts_pattern;
  const candidates = new Set(
    rules.flatMap((rule) =>
      mappedAccounts(rule.accounts ?? [], subject, { ...options, pattern })
        .map(({ account }) => account)
    ),
  );
  const decisions = [...candidates].slice(0, MAX_ACCOUNTS).map((account) => ({
    account,
    ...evaluate(policy, { ...request, account }, options),
  }));
  const accounts = decisions.filter(({ decision }) => decision === "allow")
    .map(({ account }) => account);
  const reasons = decisions.map(({ reason }) => reason);
  const shortfall = SHORTFALLS.find((reason) => reasons.includes(reason));
  return {
    accounts,
    shortfall: accounts.length > 0 ? null : shortfall ?? null,
  };
}
