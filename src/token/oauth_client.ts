/**
 * What all flows of an OAuth client have in common (RFC 6749): `oauth4webapi` builds the requests and
 * judges the responses; they travel through our {@link Transport}, and every token goes to the
 * verifiers, the one judge of tokens.
 *
 * @module
 */
import * as oauth from "oauth4webapi";
import { IssuerError, OUT_OF_SERVICE } from "../issuer/errors.ts";
import type { JsonResponse, Transport } from "../issuer/http.ts";
import { isObject } from "../lib/json.ts";
import { AccessToken } from "./access_token.ts";
import { type ClientCredentials, credentialParts } from "./client_auth.ts";
import { plainTokens, SUCCESS_STATUSES } from "./device_dialects.ts";
import { ERROR_STATUSES, fitForLog, issuerWords } from "./issuer_words.ts";

/** Who asks, and whom. */
export interface OAuthClient extends ClientCredentials {
  readonly transport: Transport;
  readonly issuer: string;
  /** For a single request, in milliseconds. */
  readonly requestMs: number;
}

export interface IssuedTokens {
  readonly accessToken: AccessToken;
  readonly idToken: AccessToken | null;
  /** In lower case (RFC 6749 section 5.1). */
  readonly tokenType: string;
  /** As granted (RFC 6749 section 5.1); `null`: as requested. */
  readonly scope: string | null;
}

/** Also what a firewall or a proxy in front of the issuer says, and may not say again. */
export const FORBIDDEN = 403;

/** Errors that say that we are not served, whoever the user is. */
const NOT_SERVED = [
  "invalid_client",
  "invalid_request",
  "invalid_scope",
  "unauthorized_client",
  "unsupported_grant_type",
];

/** Whether an error says nothing of the person: we are not served, or nobody is now. */
export function isNotAboutPerson({ error }: oauth.ResponseBodyError): boolean {
  return NOT_SERVED.includes(error) || OUT_OF_SERVICE.includes(error);
}

/** What the library's functions take. */
export function libraryParts(
  client: OAuthClient,
): { client: oauth.Client; auth: oauth.ClientAuth } {
  const parts = credentialParts(client);
  return {
    client: { client_id: client.clientId },
    // in place of the library's own, which encodes more than servers undo
    auth: (_server, _client, body, headers) => {
      for (const [name, value] of Object.entries(parts.form)) {
        body.set(name, value);
      }
      for (const [name, value] of Object.entries(parts.headers)) {
        headers.set(name, value);
      }
    },
  };
}

type SendForm = (
  url: string,
  init: oauth.CustomFetchOptions<"POST", URLSearchParams>,
) => Promise<JsonResponse>;

/** Sends the library's requests through our transport. Throws {@link IssuerError}. */
export function formSender(client: OAuthClient): SendForm {
  return async (url, init) => {
    const request = {
      method: "POST",
      headers: init.headers,
      form: Object.fromEntries(init.body),
      accept: [...SUCCESS_STATUSES, ...ERROR_STATUSES],
      timeoutMs: client.requestMs,
    } as const;
    return fitForLog(await client.transport.request(url, request), request);
  };
}

/** An answer as the library takes it. */
export function asResponse({ status, body }: JsonResponse): Response {
  return Response.json(body, { status });
}

interface TokenExchange {
  readonly endpoint: string;
  readonly send: (
    parts: {
      readonly server: oauth.AuthorizationServer;
      readonly client: oauth.Client;
      readonly auth: oauth.ClientAuth;
      readonly options: oauth.TokenEndpointRequestOptions;
    },
  ) => Promise<Response>;
  readonly process: (
    server: oauth.AuthorizationServer,
    client: oauth.Client,
    response: Response,
  ) => Promise<oauth.TokenEndpointResponse>;
}

/**
 * One request to the token endpoint, or the error that it named. Throws {@link IssuerError}.
 *
 * Does not check the tokens.
 */
export async function exchangeForTokens(
  asking: OAuthClient,
  { endpoint, send, process }: TokenExchange,
): Promise<IssuedTokens | oauth.ResponseBodyError> {
  const server = { issuer: asking.issuer, token_endpoint: endpoint };
  const { client, auth } = libraryParts(asking);
  const sendForm = formSender(asking);
  let idToken: unknown;
  const options: oauth.TokenEndpointRequestOptions = {
    [oauth.customFetch]: async (url, init) => {
      const { status, body } = plainTokens(await sendForm(url, init));
      checkAuthor(status, body);
      if (!isObject(body)) return asResponse({ status, body });
      // kept from the library, which would judge it by other rules than ours
      const { id_token, ...rest } = body;
      idToken = id_token;
      return asResponse({ status, body: rest });
    },
  };
  const body = await judged(async () =>
    await process(
      server,
      client,
      await send({ server, client, auth, options }),
    )
  );
  if (body instanceof oauth.ResponseBodyError) return body;
  if (idToken !== undefined && typeof idToken !== "string") {
    throw invalid("the ID token is not a string");
  }
  return {
    accessToken: new AccessToken(body.access_token),
    idToken: idToken === undefined ? null : new AccessToken(idToken),
    tokenType: body.token_type,
    scope: body.scope ?? null,
  };
}

/** What stands before the issuer says 403 without a word of RFC 6749. */
function checkAuthor(status: number, body: unknown): void {
  if (status !== FORBIDDEN || isObject(body) && "error" in body) return;
  throw new IssuerError("status", "the issuer answered with status 403", {
    status,
  });
}

/** The library's result, or the error that the issuer's answer carried. */
export async function judged<Result>(
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

export function invalid(message: string): IssuerError {
  return new IssuerError("invalid", message);
}

/** What an error that the issuer named is for us: an outage where it says so, else a refusal. */
export function answered(
  { error, error_description: description }: oauth.ResponseBodyError,
  what: string,
): IssuerError {
  const problem = OUT_OF_SERVICE.includes(error) ? "out_of_service" : "invalid";
  return new IssuerError(
    problem,
    `${what}: ${issuerWords(error, description)}`,
    {
      named: error,
      ...(description === undefined ? {} : { description }),
    },
  );
}
