/**
 * `oauth-pam device start POLICY [--issuer NAME] [--password-after NAME,…]`: gets a code from the
 * issuer, shows it to the user, and remembers the secret that belongs to it for `device finish`.
 *
 * @module
 */
import { within } from "../../lib/deadline.ts";
import { discoverAsClient } from "../../issuer/discovery.ts";
import { kindRow } from "../../policy/kinds.ts";
import { discoveryUrlOf, type Policy } from "../../policy/model.ts";
import {
  type DeviceAuthorization,
  proofKey,
  requestDeviceAuthorization,
} from "../../token/device_flow.ts";
import { SignInError } from "../../token/errors.ts";
import {
  type Attempt,
  beginAttempt,
  concludeAttempt,
  lateResult,
  type LoginResult,
  newAttempt,
  resultOf,
} from "../attempt.ts";
import { OUTCOMES, pamCode } from "../exit_code.ts";
import { type Conversation, conversationOf } from "../host/conversation.ts";
import {
  authorizationParameters,
  deviceClientAuth,
  type DeviceIssuer,
  deviceIssuer,
  endpoint,
  openFlow,
} from "./flow.ts";
import {
  limitDetail,
  type ReachedLimit,
  startSource,
  takePlace,
} from "./limit.ts";
import { deviceMemory, failureMemory, type PendingSignIn } from "./memory.ts";
import { newReference, referenceOf } from "./reference.ts";
import { failureText, MAX_QR_LINES, qrLines, signInText } from "./text.ts";
import {
  type PamRequest,
  readPamRequest,
  RequestError,
} from "../host/environment.ts";
import type { PamIo } from "../io.ts";

/** What a device verb gets beside the rest. */
export interface DeviceIo extends PamIo {
  /** Throws where the runtime may not know it. */
  readonly hostname: () => string;
}

interface StartTimeouts {
  /** For everything that the issuer is asked, together. */
  readonly issuerMs: number;
  readonly totalMs: number;
  readonly logMs: number;
}

export const START_TIMEOUTS: StartTimeouts = {
  issuerMs: 10_000,
  totalMs: 15_000,
  logMs: 2_000,
};

/** How long `device finish` can still learn why there is nothing to finish, or nothing any more. */
const FAILURE_MS = 120_000;

interface Arguments {
  readonly path: string;
  readonly issuerName: string | null;
  /** Outcomes after which the stack takes a password; `null` where it does not say. */
  readonly passwordAfter: readonly string[] | null;
}

/** What is learnt in the course of a start. */
interface StartAttempt extends Attempt {
  /** The limit that was reached. */
  limit: ReachedLimit | null;
}

/**
 * Starts a sign-in: `null` when the user has a code to enter, otherwise why not. A failure gets a
 * log line and an outcome of its own; a start gets its line when `device finish` ends. Never
 * throws, and ends within the timeouts.
 *
 * Accounts that do not exist, or may never log in, get a code like all others: a stand-in would be
 * told from a real one by entering it at the issuer.
 */
export async function deviceStart(
  args: readonly string[],
  io: DeviceIo,
  timeouts: StartTimeouts = START_TIMEOUTS,
): Promise<Exclude<LoginResult["reason"], "allowed"> | null> {
  const reference = newReference();
  const attempt: StartAttempt = { ...newAttempt(), reference, limit: null };
  const failure = await within<LoginResult | null>(
    start(args, attempt, { io, timeouts }).then(() => null, resultOf),
    timeouts.totalMs,
    () => lateResult(timeouts.totalMs),
  );
  if (failure === null || failure.reason === "allowed") return null;
  const { reason } = failure;
  io.stdout(failureText({
    reference,
    limit: attempt.limit,
    password: isPasswordTaken(args, attempt, failure),
    now: io.now(),
  }));
  await within(
    rememberFailure(attempt, { reason, reference, io }).catch(() => {}),
    timeouts.logMs,
    () => {},
  );
  await concludeAttempt(attempt, failure, { io, logMs: timeouts.logMs });
  return reason;
}

async function start(
  args: readonly string[],
  attempt: StartAttempt,
  options: { io: DeviceIo; timeouts: StartTimeouts },
): Promise<void> {
  const { io, timeouts } = options;
  const { path, issuerName } = readArguments(args);
  const request = readPamRequest(io.env);
  const conversation = conversationOf(request);
  const { policy } = await beginAttempt(attempt, { request, path, io });
  const issuer = deviceIssuer(policy, issuerName);
  attempt.issuer = issuer.name;
  if (issuer.device.after !== null) {
    (await import("./earlier_key.ts")).requireEarlierKey(io.env);
  }
  const memory = deviceMemory(policy, io.now);
  attempt.limit = await takePlace(startSource(request), {
    cacheDirectory: policy.cache.directory,
    limits: issuer.device,
    now: io.now(),
  });
  if (attempt.limit !== null) {
    throw new SignInError("device_limit", limitDetail(attempt.limit));
  }
  const nonce = issuer.device.token === "id_token" ? crypto.randomUUID() : null;
  const { authorization, ...flow } = await authorize(policy, {
    issuer,
    request,
    nonce,
    issuerMs: timeouts.issuerMs,
  });
  const seconds = Math.min(issuer.device.timeout, authorization.expiresIn);
  const pending: PendingSignIn = {
    issuer: issuer.name,
    issuerUrl: issuer.issuer,
    ...flow,
    deviceCode: authorization.deviceCode.reveal(),
    nonce,
    interval: authorization.interval,
    deadline: io.now() + seconds * 1000,
    reference: referenceOf(authorization.userCode),
  };
  await memory.remember(conversation, {
    value: pending,
    // who comes back too late is told so
    until: pending.deadline + FAILURE_MS,
  });
  await memory.sweep();
  io.stdout(await textFor(authorization, { issuer, request, seconds, io }));
}

const USAGE =
  "oauth-pam device start POLICY [--issuer NAME] [--password-after NAME,…|nothing]";

/** Throws {@link RequestError}. */
function readArguments(args: readonly string[]): Arguments {
  const [path, ...rest] = args;
  const found = new Map<string, string>();
  while (rest.length > 0) {
    const [option = "", value] = rest.splice(0, 2);
    const known = option === "--issuer" || option === "--password-after";
    if (!known || value === undefined || found.has(option)) throw misused();
    found.set(option, value);
  }
  if (path === undefined) throw misused();
  const names = found.get("--password-after");
  const after = names === "nothing" ? [] : names?.split(",") ?? null;
  if (after?.some((name) => !OUTCOMES.includes(name))) throw misused();
  return {
    path,
    issuerName: found.get("--issuer") ?? null,
    passwordAfter: after,
  };
}

function misused(): RequestError {
  return new RequestError(
    `usage: "${USAGE}", each name one of ${OUTCOMES.join(", ")}`,
  );
}

/**
 * Whether a later line of the stack takes a password after this; `null` where it does not say. Without a
 * policy there is no outcome that a line could ask for.
 */
function isPasswordTaken(
  args: readonly string[],
  { policy }: Attempt,
  { reason }: Pick<LoginResult, "reason">,
): boolean | null {
  try {
    const { passwordAfter } = readArguments(args);
    if (passwordAfter === null || reason === "allowed") return null;
    return policy !== null &&
      [reason, pamCode(reason)].some((name) => passwordAfter.includes(name));
  } catch {
    return null;
  }
}

async function authorize(
  policy: Policy,
  options: {
    issuer: DeviceIssuer;
    request: PamRequest;
    nonce: string | null;
    issuerMs: number;
  },
): Promise<
  & { authorization: DeviceAuthorization }
  & Pick<
    PendingSignIn,
    "tokenEndpoint" | "userinfoEndpoint" | "clientAuth" | "codeVerifier"
  >
> {
  const { issuer, issuerMs } = options;
  const signal = AbortSignal.timeout(issuerMs);
  const flow = await openFlow(issuer, { signal, requestMs: issuerMs });
  try {
    const metadata = await discoverAsClient(flow.transport, {
      issuer: issuer.issuer,
      hosts: flow.hosts,
      oauthMetadata: kindRow(issuer).oauthMetadata,
      discoveryUrl: discoveryUrlOf(issuer),
    });
    const clientAuth = deviceClientAuth(issuer, metadata);
    const proof = await proofKey();
    const client = { ...flow, clientAuth };
    const authorization = await requestDeviceAuthorization(client, {
      endpoint: endpoint(metadata, "device_authorization_endpoint"),
      parameters: {
        ...authorizationParameters(policy, options),
        ...proof.parameters,
      },
    });
    return {
      authorization,
      clientAuth,
      codeVerifier: proof.codeVerifier.reveal(),
      tokenEndpoint: endpoint(metadata, "token_endpoint"),
      userinfoEndpoint: issuer.device.userinfo
        ? endpoint(metadata, "userinfo_endpoint")
        : null,
    };
  } finally {
    flow.transport.close();
  }
}

async function textFor(
  authorization: DeviceAuthorization,
  options: {
    issuer: DeviceIssuer;
    request: PamRequest;
    seconds: number;
    io: DeviceIo;
  },
): Promise<string> {
  const { issuer, request, seconds, io } = options;
  const { verificationUri, verificationUriComplete, userCode } = authorization;
  const qr = issuer.device.qr
    ? await qrLines(verificationUriComplete ?? verificationUri, {
      maxLines: MAX_QR_LINES,
    })
    : null;
  return signInText({
    hostname: hostnameOf(io),
    account: request.user,
    service: request.service,
    rhost: request.rhost,
    prompt: issuer.device.prompt,
    verificationUri,
    userCode,
    seconds,
    qr,
  });
}

/** A program that was built before this was asked for does not know it. */
function hostnameOf(io: DeviceIo): string | null {
  try {
    return io.hostname();
  } catch {
    return null;
  }
}

/** Throws where there is no place for it: `device finish` then writes a record of its own. */
async function rememberFailure(
  { policy, request }: Attempt,
  { reason, reference, io }: {
    reason: Exclude<LoginResult["reason"], "allowed">;
    reference: string;
    io: PamIo;
  },
): Promise<void> {
  if (request === null || request.conversation === null) return;
  const conversation: Conversation = conversationOf(request);
  const until = io.now() + FAILURE_MS;
  const memory = await failureMemory(policy, io.now);
  await memory.remember(conversation, { value: { reason, reference }, until });
  await memory.sweep();
}
