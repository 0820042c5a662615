/**
 * From a token to a decision: the same for every way in.
 *
 * @module
 */
import { isAsked } from "../policy/kinds.ts";
import type { Decision } from "../policy/decision.ts";
import { evaluate } from "../policy/evaluate/evaluate.ts";
import type { AskedIssuer, Issuer, Policy } from "../policy/model.ts";
import type { AccessRequest } from "../policy/request.ts";
import { subjectFromClaims } from "../policy/evaluate/subject.ts";
import type { Evidence } from "../token/evidence.ts";
import type { AttemptUnderPolicy, LoginResult } from "./attempt.ts";
import { type PamRequest, RequestError } from "./host/environment.ts";
import type { PamIo } from "./io.ts";
import { loadClientSecret, loadMapFiles } from "./host/policy_file.ts";
import { spendToken } from "./replay.ts";
import type { AccessToken } from "../token/access_token.ts";
import { isOpaque, type UnverifiedJws } from "../token/compact_jws.ts";
import { TokenError } from "../token/errors.ts";
import { identifyIssuer, type JwtIssuer, verifyJwt } from "../token/jwt.ts";
import { openIssuer, publishedKeys } from "./host/issuer_access.ts";

/** A token whose issuer is known; nothing is verified yet. */
export interface PresentedToken extends OwnedToken {
  /** We got it from the issuer ourselves: nobody else can present it, and it need not have a `jti`. */
  readonly fetched?: boolean;
  /** A further judgement of the verified claims; throws to refuse. */
  readonly check?: (claims: Evidence["claims"]) => void;
  /** What the issuer says beside the token; throws to refuse. */
  readonly complete?: (evidence: Evidence) => Promise<Evidence>;
}

export interface LoginContext {
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
  attempt: AttemptUnderPolicy,
  { io, signal }: LoginContext,
): Promise<LoginResult> {
  const { issuer } = presented;
  const { request, policy } = attempt;
  attempt.issuer = issuer.name;
  if (presented.fetched !== true) checkHandedOver(presented);
  const proved = await verifyToken(presented, {
    policy,
    account: request.user,
    now: io.now,
    signal,
  });
  presented.check?.(proved.claims);
  attempt.evidence = proved;
  const evidence = presented.complete === undefined
    ? proved
    : await presented.complete(proved);
  attempt.evidence = evidence;
  const now = Math.floor(io.now() / 1000);
  const { result } = await decide(evidence, attempt, { issuer, now });
  if (result.reason !== "allowed") return result;
  if (issuer.one_time && presented.fetched !== true) {
    const cacheDirectory = policy.cache.directory;
    const spent = await spendToken(evidence, { cacheDirectory, issuer, now });
    if (spent !== true) throw new Error("the token was not spent");
  }
  return result;
}

/**
 * A certificate takes its ID token, and perhaps an access token, to every server that its owner connects
 * to: whoever brings a token of such an issuer to a prompt may be one of those. Throws `TokenError`.
 */
export function checkHandedOver({ issuer }: Owner): void {
  if ("ssh_certificates" in issuer && issuer.ssh_certificates !== null) {
    throw new TokenError(
      "token_kind_unexpected",
      "tokens of this issuer come in SSH certificates, and not by themselves",
    );
  }
}

/** What the policy says of somebody. */
export interface Ruling {
  readonly decision: Decision;
  /** The same as the end of an attempt. */
  readonly result: LoginResult;
  /** The decision if the connection came from there, and if these were all rules. */
  readonly from: (rhost: string | null, rules?: Policy["rules"]) => Decision;
}

/**
 * Decides by the policy about whom the evidence is of. Throws `PolicyError`. Does not spend a token
 * that admits once.
 */
export async function decide(
  evidence: Evidence,
  { request, policy }: AttemptUnderPolicy,
  { issuer, now }: { issuer: Issuer; now: number },
): Promise<Ruling> {
  const mapFiles = await loadMapFiles(policy, issuer);
  const access = accessRequest(request, { evidence, issuer, now });
  const from: Ruling["from"] = (rhost, rules = policy.rules) =>
    evaluate({ ...policy, rules }, { ...access, rhost }, { mapFiles });
  const decision = from(access.rhost);
  const { reason, rule } = decision;
  if (reason === "allowed") {
    if (decision.decision !== "allow") {
      throw new Error("a reason without a yes");
    }
    return { decision, result: { reason, rule, detail: null }, from };
  }
  // loaded for this refusal alone; a line with a field less is better than no line
  const nearest = async () =>
    reason === "account_not_permitted"
      ? await import("./log/nearest.ts")
        .then((log) => log.nearestOf(access, { policy, issuer, mapFiles }))
        .catch(() => null)
      : null;
  const detail = decision.detail ?? otherName(reason, request) ??
    await nearest();
  return { decision, result: { reason, rule, detail }, from };
}

/** What the log says where the host has the account under another name than the one asked for. */
function otherName(reason: string, { user, host }: PamRequest): string | null {
  return reason === "account_not_permitted" && typeof host === "object" &&
      host.name !== user
    ? `the host knows this account as ${JSON.stringify(host.name)}`
    : null;
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

// From a token to evidence: whose token it is, and how the kind of that issuer verifies it. The
// one place for every way in.

/** Whose token it is; nothing is verified yet. */
interface Owner {
  readonly issuer: Issuer;
  /** `null` for a token that only its issuer can read. */
  readonly jws: UnverifiedJws | null;
}

interface OwnedToken extends Owner {
  readonly token: AccessToken;
  /** What is expected of a JWT, where that is not what the policy says of the issuer's tokens. */
  readonly expected?: JwtIssuer;
}

interface VerificationOptions {
  readonly policy: Policy;
  /**
   * The requested account, which the token's scope must name where the kind says so; `null` when
   * none is asked for yet.
   */
  readonly account: string | null;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Ends everything that the issuer is asked. */
  readonly signal: AbortSignal;
}

/**
 * The one issuer that may see the token, before any request leaves: a JWT's `iss` names it, an
 * opaque token belongs to the one issuer that reads those, or to the one that the command line
 * names. A JWT of somebody else is never sent to anybody (RFC 9700 section 4.9). Throws
 * `TokenError` or `RequestError`. Verifies nothing.
 */
export function ownerOf(
  token: AccessToken,
  options: { policy: Policy; opaqueIssuer?: string | null },
): Owner {
  const { issuers } = options.policy;
  const opaque = issuers.filter(isAsked);
  const named = options.opaqueIssuer ?? null;
  const chosen = opaque.find(({ name }) => name === named);
  if (named !== null && chosen === undefined) {
    throw new RequestError(
      `"--issuer ${named}" names no issuer of the kind introspection or globus`,
    );
  }
  const [only, ...others] = opaque;
  if (only === undefined || !isOpaque(token)) {
    return identifyIssuer(token, issuers);
  }
  if (chosen === undefined && others.length > 0) {
    const names = opaque.map(({ name }) => `"${name}"`).join(", ");
    // the token's fault, not the policy's: what is typed must not choose the outcome
    throw new TokenError(
      "issuer_unknown",
      `${names} all read opaque tokens: name one with "login POLICY --issuer NAME"`,
    );
  }
  return { issuer: chosen ?? only, jws: null };
}

/**
 * Verifies a token as its issuer's kind demands. Throws `TokenError`, `IssuerError` or
 * `PolicyError`. Does not check replay, or whether anybody may log in with it.
 */
export async function verifyToken(
  { token, issuer, jws, expected }: OwnedToken,
  options: VerificationOptions,
): Promise<Evidence> {
  const now = Math.floor(options.now() / 1000);
  if (isAsked(issuer)) {
    return await askIssuer(token, issuer, { signal: options.signal, now });
  }
  if (jws === null) {
    throw new TokenError("token_kind_unexpected", "the token is not a JWT");
  }
  const access = await openIssuer(issuer, options.signal);
  try {
    const keys = publishedKeys(issuer, access, {
      cacheDirectory: options.policy.cache.directory,
      now: options.now,
    });
    // other kinds are loaded when they are met: an ordinary login does not pay for them
    switch (issuer.kind) {
      case "jwt": {
        const judged = expected ?? issuer;
        return await verifyJwt(token, { jws, issuer: judged, keys, now });
      }
      case "scitokens": {
        const { verifySciToken } = await import("../token/scitokens.ts");
        const { account } = options;
        return await verifySciToken(token, { jws, issuer, keys, now, account });
      }
      case "wlcg": {
        const { verifyWlcgToken } = await import("../token/wlcg.ts");
        return await verifyWlcgToken(token, { jws, issuer, keys, now });
      }
    }
  } finally {
    access.transport.close();
  }
}

/** For kinds whose tokens the issuer itself reads. */
async function askIssuer(
  token: AccessToken,
  issuer: AskedIssuer,
  options: { signal: AbortSignal; now: number },
): Promise<Evidence> {
  const clientSecret = await loadClientSecret(issuer.client_secret_file);
  const access = await openIssuer(issuer, options.signal);
  const inquiry = {
    clientSecret,
    transport: access.transport,
    hosts: access.hosts,
    now: options.now,
  };
  try {
    if (issuer.kind === "globus") {
      const { verifyGlobusToken } = await import("../token/globus.ts");
      return await verifyGlobusToken(token, { ...inquiry, issuer });
    }
    const { introspect } = await import("../token/introspection.ts");
    return await introspect(token, { ...inquiry, issuer });
  } finally {
    access.transport.close();
  }
}
