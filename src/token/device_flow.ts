/**
 * Device authorization (RFC 8628): asking for a code, and polling until somebody has answered.
 *
 * @module
 */
import * as oauth from "oauth4webapi";
import {
  isIssuerError,
  isOutageError,
  type IssuerError,
} from "../issuer/errors.ts";
import { hostPort } from "../issuer/hosts.ts";
import { checkUrl } from "../issuer/http.ts";
import { AccessToken } from "./access_token.ts";
import { plainDeviceAuthorization } from "./device_dialects.ts";
import { issuerWords } from "./issuer_words.ts";
import type { DeviceAuthorizationResponse } from "oauth4webapi";
import { SignInError } from "./errors.ts";
import {
  answered,
  asResponse,
  exchangeForTokens,
  FORBIDDEN,
  formSender,
  invalid,
  isNotAboutPerson,
  type IssuedTokens,
  judged,
  libraryParts,
  type OAuthClient,
} from "./oauth_client.ts";

/** Where the flow runs, and as whom. */
export interface DeviceFlow extends OAuthClient {
  /** `host:port` of every host that may be named to the user. */
  readonly hosts: readonly string[];
}

/** `null`: any host that the issuer names, for whoever chose the issuer alone. */
type PermittedHosts = DeviceFlow["hosts"] | null;

/** The answer to one request for tokens. */
type PollAnswer =
  | { readonly status: "pending" | "slow_down" }
  /** `error` is the issuer's word, for the log, and `description` what it says of it. */
  | {
    readonly status: "denied" | "expired";
    readonly error: string;
    readonly description?: string | undefined;
  }
  | { readonly status: "granted" } & IssuedTokens;

/** RFC 6585 section 4, whatever the body is. */
const TOO_MANY_REQUESTS = 429;

/**
 * A new secret that only who has started a sign-in can finish it with (RFC 7636 section 4.1), and what
 * the request for a code carries of it. Servers that do not know it there ignore it.
 */
export async function proofKey(): Promise<{
  codeVerifier: AccessToken;
  parameters: Readonly<Record<string, string>>;
}> {
  const verifier = oauth.generateRandomCodeVerifier();
  return {
    codeVerifier: new AccessToken(verifier),
    parameters: {
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
    },
  };
}

/**
 * Asks for a code (RFC 8628 section 3.1). `parameters` come beside the client's id. Throws
 * {@link IssuerError}, also for an answer that must not be shown to anybody.
 */
export async function requestDeviceAuthorization(
  flow: OAuthClient & { readonly hosts: PermittedHosts },
  options: { endpoint: string; parameters: Readonly<Record<string, string>> },
): Promise<DeviceAuthorization> {
  const server = {
    issuer: flow.issuer,
    device_authorization_endpoint: options.endpoint,
  };
  const { client, auth } = libraryParts(flow);
  const send = formSender(flow);
  const body = await judged(async () => {
    const response = await oauth.deviceAuthorizationRequest(
      server,
      client,
      auth,
      { ...options.parameters },
      {
        [oauth.customFetch]: async (url, init) =>
          asResponse(plainDeviceAuthorization(await send(url, init))),
      },
    );
    return await oauth.processDeviceAuthorizationResponse(
      server,
      client,
      response,
    );
  });
  if (body instanceof oauth.ResponseBodyError) {
    throw answered(body, "the issuer does not start a sign-in");
  }
  return checkDeviceAuthorization(body, flow);
}

interface TokenRequest {
  readonly endpoint: string;
  readonly deviceCode: AccessToken;
  /** Of {@link proofKey}. */
  readonly codeVerifier: AccessToken;
}

/**
 * One request for the tokens (RFC 8628 section 3.4). Throws {@link IssuerError} when the issuer
 * does not answer, or does not serve us.
 *
 * Does not check the tokens.
 */
export async function requestTokens(
  flow: OAuthClient,
  options: TokenRequest,
): Promise<PollAnswer> {
  try {
    return await requestTokensOnce(flow, options);
  } catch (error) {
    const busy = isIssuerError(error) && error.status === TOO_MANY_REQUESTS;
    if (busy) return { status: "slow_down" };
    throw error;
  }
}

async function requestTokensOnce(
  flow: OAuthClient,
  { endpoint, deviceCode, codeVerifier }: TokenRequest,
): Promise<PollAnswer> {
  const answer = await exchangeForTokens(flow, {
    endpoint,
    send: ({ server, client, auth, options }) =>
      oauth.deviceCodeGrantRequest(server, client, auth, deviceCode.reveal(), {
        ...options,
        additionalParameters: { code_verifier: codeVerifier.reveal() },
      }),
    process: oauth.processDeviceCodeResponse,
  });
  return answer instanceof oauth.ResponseBodyError
    ? answerTo(answer)
    : { status: "granted", ...answer };
}

/** RFC 8628 section 3.5. What is not known is a refusal: nobody gets another way in by it. */
function answerTo(body: oauth.ResponseBodyError): PollAnswer {
  const { error, error_description: description } = body;
  switch (error) {
    case "authorization_pending":
      return { status: "pending" };
    case "slow_down":
      return { status: "slow_down" };
    case "expired_token":
      return { status: "expired", error, description };
  }
  if (isNotAboutPerson(body)) {
    throw answered(body, "the issuer does not answer the sign-in");
  }
  // invalid_grant among them: what has expired has a word of its own
  return { status: "denied", error, description };
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 60));
}

// What an issuer answers to the request for a code, before anybody sees or uses it: codes and URLs
// without a surprise in them (RFC 8628 section 5.4 leaves that to the client).

/** What the issuer answered to the request for a code, judged. */
export interface DeviceAuthorization {
  /** A secret: whoever has it and the approval gets the tokens. */
  readonly deviceCode: AccessToken;
  readonly userCode: string;
  readonly verificationUri: string;
  /** The same with the code in it; `null` where there is none that may be shown. */
  readonly verificationUriComplete: string | null;
  /** Seconds. */
  readonly expiresIn: number;
  /** Seconds to wait between two requests. */
  readonly interval: number;
}

/** RFC 8628 section 3.2, where the issuer does not say otherwise. */
const DEFAULT_INTERVAL = 5;
const MAX_DEVICE_CODE = 4096;
const MAX_URL = 200;
/** RFC 8628 section 6.1 leaves the characters to the issuer. None of these can steer a terminal. */
const USER_CODE = /^[\x21-\x7e]{4,16}$/;

/**
 * Judges an answer whose members have the right types. Throws {@link IssuerError}.
 *
 * Does not check that the issuer knows the code.
 */
export function checkDeviceAuthorization(
  body: DeviceAuthorizationResponse,
  expected: { readonly hosts: PermittedHosts },
): DeviceAuthorization {
  const { device_code, user_code, verification_uri_complete } = body;
  if (
    !/^[\x21-\x7e]+$/.test(device_code) || device_code.length > MAX_DEVICE_CODE
  ) {
    throw invalid("the device code is not plain");
  }
  if (!USER_CODE.test(user_code)) {
    throw invalid(
      `the user code ${
        shown(user_code)
      } is not 4 to 16 printable characters without blanks`,
    );
  }
  const expiresIn = Math.floor(body.expires_in);
  if (expiresIn < 1) throw invalid("the device code has expired already");
  return {
    deviceCode: new AccessToken(device_code),
    userCode: user_code,
    verificationUri: shownUrl(body.verification_uri, expected.hosts),
    verificationUriComplete: verification_uri_complete === undefined
      ? null
      : shownUrlOrNull(verification_uri_complete, expected.hosts),
    expiresIn,
    interval: Math.ceil(body.interval ?? DEFAULT_INTERVAL),
  };
}

/** A URL for a terminal: https, on a permitted host, printable ASCII, not too long. */
function shownUrl(text: string, hosts: PermittedHosts): string {
  // a URL parser drops or hides these: what has them is not an honest address
  // deno-lint-ignore no-control-regex
  if (text.length > MAX_URL || /[\x00-\x20\x7f]/.test(text)) {
    throw invalid("the verification URL is not plain, or too long");
  }
  const named = URL.parse(text);
  const { href } = checkUrl(
    text,
    hosts ?? (named === null ? [] : [hostPort(named)]),
  );
  if (href.length > MAX_URL) throw invalid("the verification URL is too long");
  return href;
}

/** Nobody needs it: there is the URL without the code in it. */
function shownUrlOrNull(
  text: string,
  hosts: PermittedHosts,
): string | null {
  try {
    return shownUrl(text, hosts);
  } catch {
    return null;
  }
}

// Waiting for the user's answer in the browser (RFC 8628 section 3.5).

export type Granted = Extract<PollAnswer, { status: "granted" }>;

/** RFC 8628 section 3.5: what every slow_down adds. */
const SLOW_DOWN_SECONDS = 5;

interface PollOptions {
  /** Asks once. Throws {@link IssuerError}. */
  readonly poll: () => Promise<PollAnswer>;
  /** Seconds between two requests. */
  readonly interval: number;
  /** When to give up, in milliseconds since the epoch. */
  readonly deadline: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly wait: (milliseconds: number) => Promise<void>;
  /** Aborted when nobody waits for the answer any more. */
  readonly gone: AbortSignal;
}

/**
 * Asks at once, because the user has come back already, and then at the issuer's pace until there
 * are tokens, or nobody waits for them. Throws {@link SignInError} `device_denied` or
 * `device_expired`, and {@link IssuerError} when the issuer could not be asked in the end.
 */
export async function pollForTokens(options: PollOptions): Promise<Granted> {
  let interval = options.interval;
  while (true) {
    let failure: IssuerError | null = null;
    try {
      const answer = await options.poll();
      if (answer.status === "granted") return answer;
      if (answer.status === "denied" || answer.status === "expired") {
        throw new SignInError(
          `device_${answer.status}`,
          `the issuer answered ${
            issuerWords(answer.error, answer.description)
          }`,
        );
      }
      if (answer.status === "slow_down") interval += SLOW_DOWN_SECONDS;
    } catch (error) {
      // only what may pass is worth another try, at half the pace
      const passing = isOutageError(error) ||
        isIssuerError(error) && error.status === FORBIDDEN;
      if (!passing) throw error;
      failure = error;
      interval *= 2;
    }
    checkPresence(options.gone);
    // no request would come in time: neither flood the issuer nor keep anybody waiting
    if (options.now() + interval * 1000 > options.deadline) {
      throw failure ?? new SignInError(
        "device_expired",
        "nobody approved the sign-in in time",
      );
    }
    await Promise.race([options.wait(interval * 1000), aborted(options.gone)]);
    checkPresence(options.gone);
  }
}

/** Throws {@link SignInError} where nobody waits for the sign-in any more. */
export function checkPresence(gone: AbortSignal): void {
  if (!gone.aborted) return;
  throw new SignInError(
    "device_expired",
    "the connection was closed before the sign-in ended",
  );
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
