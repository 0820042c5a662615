/**
 * From a token to a decision: the same for every way in.
 *
 * @module
 */
import { evaluate } from "../policy/evaluate/evaluate.ts";
import type { Issuer, Policy } from "../policy/model.ts";
import { type AccessRequest, subjectFromClaims } from "../policy/request.ts";
import type { Evidence } from "../token/evidence.ts";
import type { Attempt, Ending } from "./attempt.ts";
import type { PamRequest } from "./host/environment.ts";
import type { PamIo } from "./io.ts";
import { loadMapFiles } from "./host/policy_file.ts";
import { spendToken } from "./replay.ts";
import { type OwnedToken, verifyToken } from "./verification.ts";

/** A token whose issuer is known; nothing is verified yet. */
export interface PresentedToken extends OwnedToken {
  /** We got it from the issuer ourselves: nobody else can present it, and it need not have a `jti`. */
  readonly fetched?: boolean;
  /** A further judgement of the verified claims; throws to refuse. */
  readonly check?: (claims: Evidence["claims"]) => void;
}

export interface Circumstances {
  readonly request: PamRequest;
  readonly policy: Policy;
  readonly io: PamIo;
  /** Ends everything that the issuer is asked. */
  readonly signal: AbortSignal;
}

/**
 * Verifies a token, decides by the policy, and spends the token where it admits once. Everything
 * that keeps it from deciding is thrown.
 */
export async function judge(
  presented: PresentedToken,
  attempt: Attempt,
  circumstances: Circumstances,
): Promise<Ending> {
  const { issuer } = presented;
  const { request, policy, io } = circumstances;
  attempt.issuer = issuer.name;
  const evidence = await verifyToken(presented, {
    ...circumstances,
    account: request.user,
    now: io.now,
  });
  presented.check?.(evidence.claims);
  attempt.evidence = evidence;
  const now = Math.floor(io.now() / 1000);
  const mapFiles = await loadMapFiles(policy, issuer);
  const decision = evaluate(
    policy,
    accessRequest(request, { evidence, issuer, now }),
    { mapFiles },
  );
  const { reason, rule } = decision;
  if (reason !== "allowed" || decision.decision !== "allow") {
    return { reason, rule, detail: decision.detail ?? null };
  }
  if (issuer.one_time && presented.fetched !== true) {
    const cacheDirectory = policy.cache.directory;
    const spent = await spendToken(evidence, { cacheDirectory, now });
    if (spent !== true) throw new Error("the token was not spent");
  }
  return { reason: "allowed", rule, detail: null };
}

/** What the policy is asked. */
export function accessRequest(
  request: PamRequest,
  options: { evidence: Evidence; issuer: Issuer; now: number },
): AccessRequest {
  return {
    account: request.user,
    service: request.service,
    rhost: request.rhost,
    now: options.now,
    subject: subjectFromClaims(options.issuer, options.evidence.claims),
    ...(request.host === undefined ? {} : { host: request.host }),
  };
}
