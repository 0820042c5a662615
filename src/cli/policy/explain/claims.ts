/**
 * A document of claims, or a line of the audit file that has some, as evidence of `policy explain`. Nothing
 * of it is verified. Reads no file.
 *
 * @module
 */
import { isObject } from "../../../lib/json.ts";
import { REASONS } from "../../../lib/reason.ts";
import type { Claims } from "../../../policy/claims.ts";
import type { RuleHint } from "../../../analysis/explain/near_miss.ts";
import {
  type Explanation,
  issuerOfClaims,
} from "../../../analysis/explain/explain.ts";
import type { Issuer, Policy } from "../../../policy/model.ts";
import { parseJsonObject } from "../../../token/strict_json.ts";

/** Whose claims they are. */
export interface ClaimsOf {
  readonly issuer: Issuer;
  readonly claims: Claims;
  /** Where they come from a line of the audit file. */
  readonly recorded?: Recorded;
  /** What is worth saying of them. */
  readonly hints?: readonly RuleHint[];
  /** What of where they come from has to be said beside the answer. */
  readonly notes?: readonly string[];
}

/** The rest of a recorded attempt. */
interface Recorded {
  readonly service: string | null;
  readonly rhost: string | null;
  /** Seconds since the epoch; `null` where it cannot be read. */
  readonly now: number | null;
  /** The account that the host keeps for the system, whatever the policy lists. */
  readonly protectedAccount: string | null;
}

export interface AskedOfClaims {
  readonly policy: Policy;
  readonly account: string;
  /** The local name of the issuer, where it was given. */
  readonly issuer: string | undefined;
}

/**
 * The claims in `bytes`, which messages call `name`; a whole line of the audit file is as good. An
 * explanation where they are nobody's, a sentence where they are not claims at all.
 */
export function givenClaims(
  bytes: Uint8Array,
  asked: AskedOfClaims & { readonly name: string },
): ClaimsOf | Explanation | string {
  const { policy, account, name } = asked;
  let claims: Claims;
  try {
    claims = parseJsonObject(bytes, `document in ${name}`);
  } catch (error) {
    return error instanceof Error ? error.message : `${error}`;
  }
  const line = isAuditLine(claims) ? claims : null;
  if (line !== null) {
    if (!isObject(line.claims)) {
      return `the audit line in ${name} has no claims: ${line.reason} came before the token was verified`;
    }
    claims = line.claims;
  }
  const recordedIssuer = textOf(line?.issuer) ?? undefined;
  const found = issuerOfClaims(policy, {
    claims,
    name: asked.issuer ?? recordedIssuer,
    account,
  });
  if ("decision" in found) return found;
  if (line === null) return { issuer: found, claims };
  const recorded = recordedOf(line);
  const notes = [
    "this is an audit line: its claims, issuer, service, address and time are taken " +
    "where no option says otherwise",
    ...(line.method === "certificate" && recorded.rhost === null
      ? [
        "it is of a certificate, and sshd did not tell from where: the answer was for all " +
        'networks, and this one is for none unless "--rhost" names an address',
      ]
      : []),
  ];
  return { issuer: found, claims, recorded, notes };
}

/** Whether this is a line of the audit file (`pam/log/audit.ts`) and not a document of claims. */
function isAuditLine(document: Claims): boolean {
  return (document.decision === "allow" || document.decision === "deny") &&
    REASONS.some((reason) => reason === document.reason) &&
    ["time", "user", "policy_sha256", "ms"].every((member) =>
      Object.hasOwn(document, member)
    );
}

function recordedOf(line: Claims): Recorded {
  const milliseconds = Date.parse(textOf(line.time) ?? "");
  return {
    service: textOf(line.service),
    rhost: textOf(line.rhost) || null,
    now: Number.isNaN(milliseconds) ? null : Math.floor(milliseconds / 1000),
    protectedAccount: line.reason === "account_protected"
      ? textOf(line.user)
      : null,
  };
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
