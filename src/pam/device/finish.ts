/**
 * `oauth-pam device finish POLICY`: waits until the user has signed in with the browser, and
 * decides by the token that the issuer then hands over. A token typed at the prompt is used instead.
 *
 * @module
 */
import { within } from "../../lib/deadline.ts";
import { isAsked } from "../../policy/kinds.ts";
import type { Issuer, Policy } from "../../policy/model.ts";
import { AccessToken } from "../../token/access_token.ts";
import {
  isOpaque,
  looksLikeJws,
  parseCompactJws,
  type UnverifiedJws,
} from "../../token/compact_jws.ts";
import {
  checkPresence,
  type Granted,
  pollForTokens,
  requestTokens,
} from "../../token/device_flow.ts";
import { SignInError, TokenError } from "../../token/errors.ts";
import type { Evidence } from "../../token/evidence.ts";
import {
  type Attempt,
  beginAttempt,
  type LoginResult,
  runAttempt,
} from "../attempt.ts";
import { readAuthtok } from "../host/authtok.ts";
import { type Conversation, conversationOf } from "../host/conversation.ts";
import { type DeviceIssuer, deviceIssuer, openFlow } from "./flow.ts";
import { openIssuer } from "../host/issuer_access.ts";
import { claimPath } from "../../policy/claims.ts";
import {
  deviceMemory,
  failureMemory,
  type PendingSignIn,
  takeSignIn,
} from "./memory.ts";
import { rememberSignIn, startSource } from "./limit.ts";
import { readPamRequest, RequestError } from "../host/environment.ts";
import type { PamIo } from "../io.ts";
import {
  judge,
  type LoginContext,
  ownerOf,
  type PresentedToken,
} from "../judgement.ts";
import { PolicyError } from "../host/policy_file.ts";

interface FinishTimings {
  /** For one request. */
  readonly requestMs: number;
  /** For the user, at most: the launcher ends the program after 120 seconds. */
  readonly userMs: number;
  /** For everything. */
  readonly totalMs: number;
  readonly logMs: number;
  readonly wait: (milliseconds: number) => Promise<void>;
}

/** How long somebody is waited for at most, from Enter on. */
export const MAX_WAIT_MS = 100_000;

export const FINISH_TIMINGS: FinishTimings = {
  requestMs: 10_000,
  userMs: MAX_WAIT_MS,
  totalMs: 115_000,
  logMs: 2_000,
  wait: (milliseconds) =>
    within(new Promise<void>(() => {}), milliseconds, () => {}),
};

/**
 * Finishes a sign-in and writes its one log line. Never throws, and ends within the timeouts; the
 * launcher's SIGTERM, when the PAM process is gone, is a refusal.
 */
export async function deviceFinish(
  args: readonly string[],
  io: PamIo,
  timings: FinishTimings = FINISH_TIMINGS,
): Promise<LoginResult> {
  const gone = new AbortController();
  const onTerminate = () => gone.abort();
  Deno.addSignalListener("SIGTERM", onTerminate);
  try {
    return await runAttempt(
      (attempt) => finish(args, attempt, { io, timings, gone: gone.signal }),
      { io, timeouts: timings },
    );
  } finally {
    Deno.removeSignalListener("SIGTERM", onTerminate);
  }
}

async function finish(
  args: readonly string[],
  attempt: Attempt,
  { io, timings, gone }: {
    io: PamIo;
    timings: FinishTimings;
    gone: AbortSignal;
  },
): Promise<LoginResult> {
  const [path, ...rest] = args;
  if (path === undefined || rest.length > 0) {
    throw new RequestError('usage: "oauth-pam device finish POLICY"');
  }
  const request = readPamRequest(io.env);
  const conversation = conversationOf(request);
  const known = await beginAttempt(attempt, { request, path, io })
    .catch(async (error) => {
      attempt.recorded = await isFailedStart(conversation, attempt, io);
      throw error;
    });
  const { policy } = known;
  const found = await takeSignIn(deviceMemory(policy, io.now), conversation);
  attempt.reference = found?.reference ?? null;
  const failed = found !== null && "reason" in found ? found.reason : null;
  known.told = failed !== null;
  // also for what cannot be read: sshd hides what is typed for accounts that do not exist
  known.steered = true;
  const typed = await readTyped(io.stdin, { onlyJws: failed !== null });
  known.steered = typed !== null;
  const context = (): LoginContext => ({
    io,
    signal: AbortSignal.timeout(timings.requestMs),
  });
  if (typed !== null) {
    // the pending sign-in's issuer has answered, or "failed" tells why not
    const presented = ownerOf(typed, { policy });
    const pending = policy.issuers.find(({ name }) =>
      found !== null && "issuer" in found && name === found.issuer
    );
    const demanding = pending === undefined
      ? policy.issuers
      : [pending, presented.issuer];
    return await judge(
      // whichever issuer it is by: what is typed must not choose what is demanded of it
      demanding.some(demandsKey)
        ? await afterKey({ token: typed, ...presented }, io)
        : { token: typed, ...presented },
      known,
      context(),
    );
  }
  if (failed !== null) {
    known.recorded = true;
    return {
      reason: failed,
      rule: null,
      detail: "no sign-in could be started",
    };
  }
  if (found === null || "reason" in found) {
    throw new SignInError("device_expired", "no sign-in is pending");
  }
  if (found.deadline <= io.now()) {
    throw new SignInError("device_expired", "Enter was pressed too late");
  }
  const issuer = currentIssuer(policy, found);
  known.issuer = issuer.name;
  const granted = await poll(found, { issuer, io, timings, gone });
  const presented = presentedToken(granted, {
    issuer,
    pending: found,
    requestMs: timings.requestMs,
  });
  const result = await judge(
    demandsKey(issuer) ? await afterKey(presented, io) : presented,
    known,
    context(),
  );
  // nobody gets in, so that nobody must read that somebody did
  checkPresence(gone);
  if (result.reason === "allowed") {
    const cacheDirectory = policy.cache.directory;
    await rememberSignIn(startSource(request), {
      cacheDirectory,
      now: io.now(),
    });
  }
  return result;
}

/**
 * Whether `device start`, which met the same, has written it down. Never throws: where that cannot be
 * known there are two lines rather than none.
 */
async function isFailedStart(
  conversation: Conversation,
  { policy }: Attempt,
  { now }: PamIo,
): Promise<boolean> {
  try {
    const memory = await failureMemory(policy, now);
    const found = await takeSignIn(memory, conversation);
    return found !== null && "reason" in found;
  } catch {
    return false;
  }
}

function demandsKey({ device }: Issuer): boolean {
  return (device?.after ?? null) !== null;
}

/** The token with a further judgement: a key must have come before it. */
async function afterKey(
  presented: PresentedToken,
  io: PamIo,
): Promise<PresentedToken> {
  const { checkSamePerson } = await import("./earlier_key.ts");
  return {
    ...presented,
    check: (claims) => {
      presented.check?.(claims);
      checkSamePerson(claims, io.env);
    },
  };
}

/**
 * What was typed at the prompt, `null` for nothing. Where the sign-in could not be started, the
 * prompt may have got the password that a later line of the stack is to try: it is left to that
 * line unless it can be a token.
 */
async function readTyped(
  stdin: PamIo["stdin"],
  { onlyJws }: { onlyJws: boolean },
): Promise<AccessToken | null> {
  try {
    const typed = await readAuthtok(stdin);
    return onlyJws && !looksLikeJws(typed) ? null : typed;
  } catch (error) {
    const nothing = error instanceof TokenError &&
      (error.code === "token_missing" || onlyJws);
    if (nothing) return null;
    throw error;
  }
}

/** The policy may have been changed since `device start`. */
function currentIssuer(policy: Policy, pending: PendingSignIn): DeviceIssuer {
  const issuer = deviceIssuer(policy, pending.issuer);
  if (issuer.issuer !== pending.issuerUrl) {
    throw changed(issuer);
  }
  return issuer;
}

function changed({ name }: DeviceIssuer): PolicyError {
  return new PolicyError(`the issuer "${name}" changed during the sign-in`);
}

async function poll(
  pending: PendingSignIn,
  options: {
    issuer: DeviceIssuer;
    io: PamIo;
    timings: FinishTimings;
    gone: AbortSignal;
  },
): Promise<Granted> {
  const { issuer, io, timings, gone } = options;
  const now = io.now();
  const deviceCode = new AccessToken(pending.deviceCode);
  const codeVerifier = new AccessToken(pending.codeVerifier);
  const deadline = Math.min(pending.deadline, now + timings.userMs);
  const signal = AbortSignal.any([
    AbortSignal.timeout(deadline - now + timings.requestMs),
    gone,
  ]);
  const flow = await openFlow(issuer, { signal, requestMs: timings.requestMs });
  try {
    return await pollForTokens({
      poll: () =>
        requestTokens({ ...flow, clientAuth: pending.clientAuth }, {
          endpoint: pending.tokenEndpoint,
          deviceCode,
          codeVerifier,
        }),
      interval: pending.interval,
      deadline,
      now: io.now,
      wait: timings.wait,
      gone,
    });
  } finally {
    flow.transport.close();
  }
}

/** Which of the tokens decides, and what is expected of it. */
function presentedToken(
  granted: Granted,
  { issuer, pending, requestMs }: {
    issuer: DeviceIssuer;
    pending: PendingSignIn;
    requestMs: number;
  },
): PresentedToken {
  const { device } = issuer;
  const { nonce } = pending;
  if (device.token === "access_token" || issuer.kind !== "jwt") {
    const token = granted.accessToken;
    if (!issuer.allow_confirmation) checkBearer(granted);
    const jws = isAsked(issuer) ? null : readable(token, issuer);
    return { token, jws, issuer, fetched: true };
  }
  const token = granted.idToken;
  if (token === null) {
    throw new TokenError(
      "token_missing",
      'the issuer sent no ID token: is "openid" among the scopes?',
    );
  }
  checkScope(granted.scope ?? device.scopes.join(" "), issuer.scopes);
  return {
    token,
    jws: parseCompactJws(token),
    issuer,
    fetched: true,
    // OpenID Connect Core section 2: for us as a client, and without a scope of its own
    expected: {
      ...issuer,
      audiences: [device.client_id],
      types: ["JWT"],
      scopes: [],
    },
    check: (claims) =>
      checkIdToken(claims, { clientId: device.client_id, nonce }),
    ...(device.userinfo
      ? {
        complete: (evidence) =>
          completed(evidence, { granted, issuer, pending, requestMs }),
      }
      : {}),
  };
}

function checkBearer({ tokenType }: Granted): void {
  if (tokenType === "bearer") return;
  const shown = JSON.stringify(tokenType).slice(0, 40);
  throw new TokenError(
    "token_kind_unexpected",
    `the issuer sent a token of the type ${shown}, not a bearer token`,
  );
}

/** The ID token's evidence with the claims of the userinfo endpoint. */
async function completed(
  evidence: Evidence,
  { granted, issuer, pending, requestMs }: {
    granted: Granted;
    issuer: DeviceIssuer;
    pending: PendingSignIn;
    requestMs: number;
  },
): Promise<Evidence> {
  checkBearer(granted);
  const endpoint = pending.userinfoEndpoint;
  if (endpoint === null) throw changed(issuer);
  const { withUserinfo } = await import("../../token/userinfo.ts");
  const signal = AbortSignal.timeout(requestMs);
  const { transport } = await openIssuer(issuer, signal);
  // the policy may keep them elsewhere than OpenID Connect does
  const { auth_time, amr, acr, idp } = issuer.claims;
  try {
    return await withUserinfo(evidence, {
      transport,
      endpoint,
      accessToken: granted.accessToken,
      reserved: [auth_time, amr, acr, idp].map((location) =>
        claimPath(location)[0] ?? location
      ),
      timeoutMs: requestMs,
    });
  } finally {
    transport.close();
  }
}

/** An access token that is to be verified here. */
function readable(token: AccessToken, { kind }: Issuer): UnverifiedJws {
  if (!isOpaque(token)) return parseCompactJws(token);
  const instead = kind === "jwt"
    ? 'let the ID token decide ("token: id_token", "userinfo: true"), or ask the issuer about it ("kind: introspection")'
    : `it is not of the kind "${kind}"`;
  throw new TokenError(
    "token_malformed",
    `the access token is opaque: ${instead}`,
  );
}

function checkScope(granted: string, wanted: readonly string[]): void {
  const missing = wanted.find((scope) => !granted.split(" ").includes(scope));
  if (missing !== undefined) {
    throw new TokenError(
      "scope_missing",
      `the issuer did not grant the scope "${missing}"`,
    );
  }
}

/** OpenID Connect Core section 3.1.3.7, beyond what holds for every token. */
function checkIdToken(
  claims: Readonly<Record<string, unknown>>,
  { clientId, nonce }: { clientId: string; nonce: string | null },
): void {
  const several = Array.isArray(claims.aud) && claims.aud.length > 1;
  if ((claims.azp !== undefined || several) && claims.azp !== clientId) {
    throw new TokenError(
      "audience_mismatch",
      claims.azp === undefined
        ? 'the token has several audiences, and no "azp" that says to which client it was issued'
        : 'the token was issued to another client ("azp")',
    );
  }
  // RFC 8628 knows no nonce: an issuer may leave it out, the device code binds the answer to us
  if (claims.nonce !== undefined && claims.nonce !== nonce) {
    throw new TokenError(
      "token_replayed",
      'the token belongs to another sign-in ("nonce")',
    );
  }
}
