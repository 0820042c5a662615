/**
 * `oauth-pam login POLICY [--issuer NAME]`: a token on standard input, a decision as the exit code.
 *
 * @module
 */
import type { AccessToken } from "../token/access_token.ts";
import {
  type Attempt,
  type AttemptTimeouts,
  beginAttempt,
  type LoginResult,
  runAttempt,
} from "./attempt.ts";
import { readAuthtok } from "./host/authtok.ts";
import { readPamRequest, RequestError } from "./host/environment.ts";
import type { PamIo } from "./io.ts";
import { judge, ownerOf } from "./judgement.ts";

export interface LoginTimeouts extends AttemptTimeouts {
  /** For everything that the issuer is asked, together. */
  readonly issuerMs: number;
}

export const LOGIN_TIMEOUTS: LoginTimeouts = {
  issuerMs: 10_000,
  totalMs: 20_000,
  logMs: 2_000,
};

/** Runs one login and writes its one log line. Never throws, and ends within the timeouts. */
export async function login(
  args: readonly string[],
  io: PamIo,
  timeouts: LoginTimeouts = LOGIN_TIMEOUTS,
): Promise<LoginResult> {
  return await runAttempt(
    (attempt) => attemptLogin(args, attempt, { io, timeouts }),
    { io, timeouts },
  );
}

async function attemptLogin(
  args: readonly string[],
  attempt: Attempt,
  options: { io: PamIo; timeouts: LoginTimeouts },
): Promise<LoginResult> {
  const { io, timeouts } = options;
  const { path, opaqueIssuer } = readArguments(args);
  const request = readPamRequest(io.env);
  const known = await beginAttempt(attempt, { request, path, io });
  const { policy } = known;
  const typed = await readAuthtok(io.stdin);
  const signal = AbortSignal.timeout(timeouts.issuerMs);
  const context = { io, signal };
  const present = async (token: AccessToken) => {
    const owner = ownerOf(token, { policy, opaqueIssuer });
    known.steered = policy.issuers.length > 1 &&
      owner.issuer.name !== opaqueIssuer;
    return await judge({ token, ...owner }, known, context);
  };
  if (!mayBeEnvelope(typed)) return await present(typed);
  const { converse } = await import("./oauth_ssh.ts");
  const conversation = { ...context, opaqueIssuer, present };
  return await converse(typed, known, conversation);
}

/** `POLICY [--issuer NAME]`. Throws {@link RequestError}. */
function readArguments(
  args: readonly string[],
): { path: string; opaqueIssuer: string | null } {
  const [path, option, name, ...rest] = args;
  const named = option === "--issuer" && name !== undefined;
  if (
    path === undefined || rest.length > 0 ||
    !(named || option === undefined)
  ) {
    throw new RequestError('usage: "oauth-pam login POLICY [--issuer NAME]"');
  }
  return { path, opaqueIssuer: name ?? null };
}

/** Base64, with padding, of something that begins with "{": the oauth-ssh client may be talking. */
function mayBeEnvelope(typed: AccessToken): boolean {
  return typed.length % 4 === 0 &&
    /^e[w-z0-9+/][A-Za-z0-9+/]+={0,2}$/.test(typed.reveal());
}
