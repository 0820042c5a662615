/**
 * Device authorization (RFC 8628): asking for a code, and polling until somebody has answered.
 * `oauth4webapi` builds the requests and judges the responses; they travel through our
 * {@link Transport}, and every token goes to `verify.ts`, the one judge of tokens.
 *
 * @module
 */
import * as oauth from "oauth4webapi";
import {
  isIssuerError,
  IssuerError,
  OUT_OF_SERVICE,
} from "../issuer/errors.ts";
import { type JsonResponse, type Transport } from "../issuer/http.ts";
import { AccessToken } from "./access_token.ts";
import {
  checkDeviceAuthorization,
  type DeviceAuthorization,
} from "./device_authorization.ts";

/** Where the flow runs, and as whom. */
export interface DeviceFlow {
  readonly transport: Transport;
  readonly issuer: string;
  /** `host:port` of every host that may be named to the user. */
  readonly hosts: readonly string[];
  readonly clientId: string;
  /** `null`: a public client. Otherwise HTTP Basic (RFC 6749 section 2.3.1). */
  readonly clientSecret: string | null;
  /** For a single request, in milliseconds. */
  readonly requestMs: number;
}

/** The answer to one request for tokens. */
export type PollAnswer =
  | { readonly status: "pending" | "slow_down" }
  /** `error` is the issuer's word, for the log. */
  | { readonly status: "denied" | "expired"; readonly error: string }
  | {
    readonly status: "granted";
    readonly accessToken: AccessToken;
    readonly idToken: AccessToken | null;
    /** In lower case (RFC 6749 section 5.1). */
    readonly tokenType: string;
    /** As granted (RFC 6749 section 5.1); `null`: as requested. */
    readonly scope: string | null;
  };

/** Statuses under which servers send RFC 6749 error bodies; some do not keep to 400 and 401. */
const ERROR_STATUSES = [400, 401, 403, 428];
/** RFC 6585 section 4, whatever the body is. */
const TOO_MANY_REQUESTS = 429;

/** Errors that say that we are not served, whoever the user is. */
const NOT_SERVED = [
  "invalid_client",
  "invalid_request",
  "invalid_scope",
  "unauthorized_client",
  "unsupported_grant_type",
];

/**
 * Asks for a code (RFC 8628 section 3.1). `parameters` come beside the client's id. Throws
 * {@link IssuerError}, also for an answer that must not be shown to anybody.
 */
export async function requestDeviceAuthorization(
  flow: DeviceFlow,
  options: { endpoint: string; parameters: Readonly<Record<string, string>> },
): Promise<DeviceAuthorization> {
  const server = {
    issuer: flow.issuer,
    device_authorization_endpoint: options.endpoint,
  };
  const body = await judged(async () => {
    const response = await oauth.deviceAuthorizationRequest(
      server,
      client(flow),
      clientAuth(flow),
      { ...options.parameters },
      {
        [oauth.customFetch]: async (url, init) =>
          asResponse(await send(flow, { url, init })),
      },
    );
    return await oauth.processDeviceAuthorizationResponse(
      server,
      client(flow),
      response,
    );
  });
  if (body instanceof oauth.ResponseBodyError) {
    throw answered(
      body.error,
      `the issuer does not start a sign-in: ${shown(body.error)}`,
    );
  }
  return checkDeviceAuthorization(body, flow);
}

/**
 * One request for the tokens (RFC 8628 section 3.4). Throws {@link IssuerError} when the issuer
 * does not answer, or does not serve us.
 *
 * Does not check the tokens.
 */
export async function requestTokens(
  flow: DeviceFlow,
  options: { endpoint: string; deviceCode: AccessToken },
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
  flow: DeviceFlow,
  options: { endpoint: string; deviceCode: AccessToken },
): Promise<PollAnswer> {
  const server = { issuer: flow.issuer, token_endpoint: options.endpoint };
  let idToken: unknown;
  const body = await judged(async () => {
    const response = await oauth.deviceCodeGrantRequest(
      server,
      client(flow),
      clientAuth(flow),
      options.deviceCode.reveal(),
      {
        [oauth.customFetch]: async (url, init) => {
          const { status, body } = await send(flow, { url, init });
          if (!isObject(body)) return asResponse({ status, body });
          // kept from the library, which would judge it by other rules than the policy's
          const { id_token, ...rest } = body;
          idToken = id_token;
          return asResponse({ status, body: rest });
        },
      },
    );
    return await oauth.processDeviceCodeResponse(
      server,
      client(flow),
      response,
    );
  });
  if (body instanceof oauth.ResponseBodyError) return answerTo(body.error);
  if (idToken !== undefined && typeof idToken !== "string") {
    throw invalid("the ID token is not a string");
  }
  return {
    status: "granted",
    accessToken: new AccessToken(body.access_token),
    idToken: idToken === undefined ? null : new AccessToken(idToken),
    tokenType: body.token_type,
    scope: body.scope ?? null,
  };
}

/** RFC 8628 section 3.5. What is not known is a refusal: nobody gets another way in by it. */
function answerTo(error: string): PollAnswer {
  switch (error) {
    case "authorization_pending":
      return { status: "pending" };
    case "slow_down":
      return { status: "slow_down" };
    case "expired_token":
    case "invalid_grant":
      return { status: "expired", error };
  }
  if (NOT_SERVED.includes(error) || OUT_OF_SERVICE.includes(error)) {
    throw answered(
      error,
      `the issuer does not answer the sign-in: ${shown(error)}`,
    );
  }
  return { status: "denied", error };
}

function client(flow: DeviceFlow): oauth.Client {
  return { client_id: flow.clientId };
}

function clientAuth({ clientSecret }: DeviceFlow): oauth.ClientAuth {
  return clientSecret === null
    ? oauth.None()
    : oauth.ClientSecretBasic(clientSecret);
}

async function send(
  flow: DeviceFlow,
  { url, init }: {
    url: string;
    init: oauth.CustomFetchOptions<"POST", URLSearchParams>;
  },
): Promise<JsonResponse> {
  return await flow.transport.request(url, {
    method: "POST",
    headers: init.headers,
    form: Object.fromEntries(init.body),
    accept: ERROR_STATUSES,
    timeoutMs: flow.requestMs,
  });
}

/** Some servers send errors with status 200. */
function asResponse({ status, body }: JsonResponse): Response {
  const failed = isObject(body) && typeof body.error === "string";
  return Response.json(body, {
    status: failed && status === 200 ? 400 : status,
  });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/** The library's result, or the error that the issuer's answer carried. */
async function judged<Result>(
  action: () => Promise<Result>,
): Promise<Result | oauth.ResponseBodyError> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof oauth.ResponseBodyError) return error;
    if (
      error instanceof oauth.OperationProcessingError ||
      error instanceof oauth.UnsupportedOperationError
    ) {
      throw invalid(
        `the issuer's answer is not as it should be: ${error.message}`,
      );
    }
    throw error;
  }
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 60));
}

function invalid(message: string): IssuerError {
  return new IssuerError("invalid", message);
}

/** What an error that the issuer named is for us: an outage where it says so, else a refusal. */
function answered(error: string, message: string): IssuerError {
  const problem = OUT_OF_SERVICE.includes(error) ? "out_of_service" : "invalid";
  return new IssuerError(problem, message, { named: error });
}
