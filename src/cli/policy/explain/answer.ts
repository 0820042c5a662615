/**
 * What `policy explain` answers once it has claims. Reads no file.
 *
 * @module
 */
import {
  explain,
  type Explanation,
} from "../../../analysis/explain/explain.ts";
import type { RuleHint } from "../../../analysis/explain/near_miss.ts";
import { permittedBy } from "../../../analysis/testing/expectation.ts";
import type { MapFiles } from "../../../policy/evaluate/accounts.ts";
import { subjectFromClaims } from "../../../policy/evaluate/subject.ts";
import type { Policy } from "../../../policy/model.ts";
import type { AccessRequest } from "../../../policy/request.ts";
import type { ClaimsOf } from "./claims.ts";

/** What is asked beside the claims. */
export interface Circumstances {
  readonly account: string;
  readonly service: string | undefined;
  readonly rhost: string | null;
  /** Seconds since the epoch. */
  readonly now: number;
  /** Whether it was asked for. */
  readonly nowIsGiven: boolean;
}

export interface Answer {
  readonly explanation: Explanation;
  /** `null` when it never came to the rules. */
  readonly request: AccessRequest | null;
  /** What a session by certificate may use; `null` where there is none. */
  readonly permit: readonly string[] | null;
}

/** Decides and explains. Does not verify the claims. */
export function answerOf(
  evidence: ClaimsOf,
  asked: Circumstances,
  options: {
    readonly policy: Policy;
    readonly mapFiles: MapFiles;
    /** Whether they are of a certificate. */
    readonly certificate: boolean;
  },
): Answer & { readonly request: AccessRequest } {
  const { policy, mapFiles, certificate } = options;
  const { issuer, claims } = evidence;
  const subject = subjectFromClaims(issuer, claims);
  const request = {
    account: asked.account,
    subject,
    ...circumstances(evidence, asked),
  };
  const explained = explain(policy, request, { mapFiles });
  const explanation = {
    ...explained,
    hints: [
      ...otherIssuer(evidence),
      ...evidence.hints ?? [],
      ...explained.hints,
    ],
  };
  const permit = certificate && explained.decision.decision === "allow"
    ? permittedBy(policy, explained.decision)
    : null;
  return { explanation, request, permit };
}

/** What was asked for, or else what was recorded, or else what is usual. */
function circumstances(
  { recorded }: ClaimsOf,
  { account, service, rhost, now, nowIsGiven }: Circumstances,
): Pick<AccessRequest, "service" | "rhost" | "now" | "host"> {
  return {
    service: service ?? recorded?.service ?? "sshd",
    rhost: rhost ?? recorded?.rhost ?? null,
    now: nowIsGiven ? now : recorded?.now ?? now,
    // what the host says of an account is not recorded, but what it led to is
    ...(recorded?.protectedAccount === account
      ? { host: { uid: 0, name: account } }
      : {}),
  };
}

/** Claims that say themselves that they are somebody else's. */
function otherIssuer({ issuer, claims }: ClaimsOf): RuleHint[] {
  const iss = Object.hasOwn(claims, "iss") ? claims.iss : undefined;
  return iss === undefined || iss === issuer.issuer ? [] : [{
    rule: null,
    kind: "issuer",
    message: `the claim "iss" is not that of the issuer "${issuer.name}": ` +
      "a login would not take the token for its",
  }];
}
