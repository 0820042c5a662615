/**
 * What is learnt in the course of an attempt, for the log, and how anything thrown becomes a
 * refusal.
 *
 * @module
 */
import { HASH_DIGITS } from "../lib/audit_record.ts";
import { within } from "../lib/deadline.ts";
import type { Claims } from "../policy/claims.ts";
import { type Reason, REASONS } from "../lib/reason.ts";
import {
  mentionedLocations,
  restrictClaims,
} from "../policy/evaluate/claims_used.ts";
import type { Policy } from "../policy/model.ts";
import {
  DEFAULT_CACHE_DIRECTORY,
  DEFAULT_LOG_SOCKET,
} from "../policy/places.ts";
import type { Evidence } from "../token/evidence.ts";
import { type AuditRecord, loggedHash, writeRecord } from "./log/audit.ts";
import {
  checkAccountName,
  loggedVariable,
  type PamRequest,
} from "./host/environment.ts";
import type { PamIo } from "./io.ts";
import { grantCode, type ResultKind } from "./exit_code.ts";
import { forgetOutcome, recordOutcome } from "./outcome.ts";
import { loadPolicy } from "./host/policy_file.ts";

/** Filled in as the attempt goes on; what is not known yet is `null`. */
export interface Attempt {
  request: PamRequest | null;
  policy: Policy | null;
  policySha256: string | null;
  /** The local name, once the token has named an issuer of the policy. */
  issuer: string | null;
  evidence: Evidence | null;
  /** What a refusal is called towards the person, where they are told of it. */
  reference: string | null;
  /** Whether what was typed chose the issuer, so that another text would have met another one. */
  steered: boolean;
  /** Whether an earlier line of the stack has written down how it ended. */
  recorded: boolean;
  /** Whether an earlier line has told the person that they cannot sign in: nothing is added to that. */
  told: boolean;
}

/** An attempt of which it is known who asks, and under which policy. */
export interface AttemptUnderPolicy extends Attempt {
  readonly request: PamRequest;
  readonly policy: Policy;
  readonly policySha256: string;
}

/** How an attempt ended. */
export interface LoginResult extends ResultKind {
  readonly reason: Reason;
  readonly rule: string | null;
  readonly detail: string | null;
  /** What sshd reads of a yes. */
  readonly line?: string;
}

export function newAttempt(): Attempt {
  return {
    request: null,
    policy: null,
    policySha256: null,
    issuer: null,
    evidence: null,
    reference: null,
    steered: false,
    recorded: false,
    told: false,
  };
}

/**
 * The attempt with its request and the policy at a path. Throws `PolicyError`, and `RequestError` where
 * no account of this policy is called like that.
 */
export async function loadAttemptPolicy(
  attempt: Attempt,
  { request, path, io }: { request: PamRequest; path: string; io: PamIo },
): Promise<AttemptUnderPolicy> {
  attempt.request = request;
  const { policy, sha256 } = await loadPolicy(path, io);
  const known = Object.assign(attempt, {
    request,
    policy,
    policySha256: sha256,
  });
  checkAccountName(request, policy);
  return known;
}

/** The same for an attempt of a PAM stack, which leaves an outcome in place of any earlier one. */
export async function beginAttempt(
  attempt: Attempt,
  options: { request: PamRequest; path: string; io: PamIo },
): Promise<AttemptUnderPolicy> {
  const known = await loadAttemptPolicy(attempt, options);
  await forgetOutcome(known.request, known.policy, options.io);
  return known;
}

export interface AttemptTimeouts {
  /** For the whole attempt. */
  readonly totalMs: number;
  /** For writing down how it ended. */
  readonly logMs: number;
}

/**
 * Runs an attempt, writes its one log line, and leaves its outcome for `oauth-pam outcome`. Never
 * throws, and ends within the timeouts. While it runs, the event loop stays alive: a loop that
 * runs dry would end the process.
 */
export async function runAttempt(
  body: (attempt: Attempt) => Promise<LoginResult>,
  options: { io: PamIo; timeouts: AttemptTimeouts },
): Promise<LoginResult> {
  const { io, timeouts } = options;
  const attempt = newAttempt();
  const found = await within<LoginResult>(
    body(attempt).catch(resultOf),
    timeouts.totalMs,
    () => lateResult(timeouts.totalMs),
  );
  const ended = sayable(found, io);
  const result = attempt.steered ? { ...ended, steered: true } : ended;
  await concludeAttempt(attempt, result, { io, logMs: timeouts.logMs });
  return result;
}

/** Writes down how an attempt ended. Never throws, and gives up after that time. */
export async function concludeAttempt(
  attempt: Attempt,
  result: LoginResult,
  { io, logMs }: { io: PamIo; logMs: number },
): Promise<void> {
  const written: Promise<unknown> = Promise.allSettled([
    recordAttempt(attempt, result, io),
    recordOutcome(attempt, result, io),
  ]);
  const half = logMs / 2;
  const giveUp = () => {};
  // two waits: a process that stood still for all of the first has not begun to write
  await within<unknown>(written, half, () => within(written, half, giveUp));
}

/** The result, or a refusal where the program cannot end with a yes: the log must not tell of one then. */
export function sayable(result: LoginResult, io: PamIo): LoginResult {
  return result.reason !== "allowed" || canSayYes(io) ? result : {
    reason: "internal_error",
    rule: null,
    detail: "OAUTH_PAM_GRANT is not a value that the launcher names",
  };
}

function canSayYes(io: PamIo): boolean {
  try {
    return grantCode(io.env("OAUTH_PAM_GRANT")) !== null;
  } catch {
    return false;
  }
}

/** What took too long is a refusal. */
export function lateResult(milliseconds: number): LoginResult {
  const detail = `gave up after ${milliseconds} ms`;
  return { reason: "internal_error", rule: null, detail };
}

/** The one mapping from anything thrown to a refusal: whatever is not known is internal. */
export function resultOf(error: unknown): LoginResult {
  const detail = error instanceof Error ? error.message : String(error);
  return { reason: reasonOf(error), rule: null, detail };
}

/**
 * Errors are told apart by name and code, not by `instanceof`: what is loaded only when it is needed
 * has its own copy of their classes.
 */
function reasonOf(error: unknown): Exclude<Reason, "allowed"> {
  const { name, code } = error instanceof Error
    ? error as Error & { code?: unknown }
    : { name: "", code: null };
  switch (name) {
    case "TokenError":
    case "SignInError":
    case "IssuerError":
      return REFUSALS.find((reason) => reason === code) ?? "internal_error";
    case "PolicyError":
      return "policy_invalid";
    case "RequestError":
      return "request_invalid";
    default:
      return "internal_error";
  }
}

const REFUSALS = REASONS.filter((reason) => reason !== "allowed");

/** Writes the one record of the attempt. Never throws. */
export async function recordAttempt(
  attempt: Attempt,
  result: LoginResult,
  io: PamIo,
  way: Pick<AuditRecord, "method" | "key" | "phase"> = {},
): Promise<void> {
  const { policy, evidence } = attempt;
  if (attempt.recorded) return;
  const claims = evidence?.claims;
  const record: AuditRecord = {
    decision: result.reason === "allowed" ? "allow" : "deny",
    reason: result.reason,
    user: loggedVariable(io.env, "PAM_USER"),
    service: loggedVariable(io.env, "PAM_SERVICE"),
    rhost: loggedVariable(io.env, "PAM_RHOST"),
    ...way,
    issuer: attempt.issuer,
    sub: typeof claims?.sub === "string" ? claims.sub : null,
    // a line with a field less is better than no line
    jti_sha256: await loggedHash(claims?.jti).catch(() => null),
    rule: result.rule,
    policy_sha256: attempt.policySha256?.slice(0, HASH_DIGITS) ?? null,
    ms: Math.round(performance.now()),
    ...(result.reason === "allowed" || attempt.reference === null
      ? {}
      : { ref: attempt.reference }),
    warning: evidence?.warnings.join("; ") || null,
    detail: result.detail,
  };
  await writeRecord(record, {
    socket: policy?.log.socket ?? DEFAULT_LOG_SOCKET,
    cacheDirectory: policy?.cache.directory ?? DEFAULT_CACHE_DIRECTORY,
    fromPolicy: policy !== null,
    auditFile: policy?.audit?.file ?? null,
    auditOnly: auditedClaims(attempt),
  }, io);
}

/**
 * The claims that the policy looks at, and no others: what `policy diff --replay` needs to decide
 * again. One that is missing is there as `null`, so that nobody takes it for not recorded.
 */
function auditedClaims(
  { policy, evidence }: Attempt,
): { claims?: Claims } {
  const issuer = policy?.issuers.find(({ name }) => name === evidence?.issuer);
  if (!policy?.audit || !evidence || issuer === undefined) return {};
  const locations = mentionedLocations(policy, issuer);
  return {
    claims: restrictClaims(evidence.claims, locations, { absent: "null" }),
  };
}
