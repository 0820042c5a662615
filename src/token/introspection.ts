/**
 * Asking the issuer about a token that only it can read (RFC 7662).
 *
 * @module
 */
import { isObject, present } from "../lib/json.ts";
import { type ClientMetadata, discoverAsClient } from "../issuer/discovery.ts";
import { isIssuerError, IssuerError } from "../issuer/errors.ts";
import type { JsonRequest, JsonResponse, Transport } from "../issuer/http.ts";
import { AccessToken } from "./access_token.ts";
import { checkClaims, type ClaimExpectations } from "./claim_checks.ts";
import {
  type ClientAuth,
  clientAuth,
  type ClientCredentials,
  credentialParts,
} from "./client_auth.ts";
import { MAX_TOKEN_CHARACTERS } from "./compact_jws.ts";
import { TokenError } from "./errors.ts";
import { ERROR_STATUSES, fitForLog, issuerWords } from "./issuer_words.ts";
import { type Evidence, verified } from "./verified.ts";
import type { JsonObject } from "./strict_json.ts";

/** What the policy says of an issuer that is asked about its tokens. */
export interface ClientIssuer extends ClaimExpectations {
  /** The local name. */
  readonly name: string;
  /** Who we are there. */
  readonly client_id: string;
}

/** What the policy says of an issuer with an introspection endpoint (RFC 7662). */
interface IntrospectionIssuer extends ClientIssuer {
  /** `null`: what the discovery document names. */
  readonly introspection_endpoint: string | null;
  /** `null`: as the discovery document says, where it is asked for. */
  readonly client_auth: ClientAuth | null;
  /** `null`: the discovery document lies below the issuer. */
  readonly discovery_url: string | null;
}

/** One token's issuer, and the way to it. */
export interface Inquiry {
  readonly issuer: IntrospectionIssuer;
  readonly clientSecret: string;
  readonly transport: Transport;
  /** `host:port` of every host that may be asked. */
  readonly hosts: readonly string[];
  /** Seconds since the epoch. */
  readonly now: number;
}

/** pam_exec cuts what it hands over at this many bytes; Linux-PAM 1.3 at one more. */
const PAM_EXEC_LIMITS = [511, 512];

/**
 * Asks the token's one issuer, at every login anew: whoever revokes a token has revoked it.
 * Throws {@link TokenError} or {@link IssuerError}.
 *
 * Does not check replay, or whether anybody may log in with it.
 */
export async function introspect(
  token: AccessToken,
  inquiry: Inquiry,
): Promise<Evidence> {
  const { issuer, transport, hosts, now } = inquiry;
  // first of all: what cannot be a token costs no request
  tokenText(token);
  const metadata = issuer.introspection_endpoint === null
    ? await discoverAsClient(transport, {
      issuer: issuer.issuer,
      hosts,
      discoveryUrl: issuer.discovery_url,
    })
    : null;
  const endpoint = metadata === null
    ? issuer.introspection_endpoint
    : metadata.introspection_endpoint;
  const credentials = {
    clientId: issuer.client_id,
    clientSecret: inquiry.clientSecret,
    clientAuth: clientAuth(issuer.client_auth, introspectionAuth(metadata)),
  };
  if (endpoint === null) {
    throw new IssuerError(
      "invalid",
      'the discovery document names no usable "introspection_endpoint"',
    );
  }
  const claims = await askedAbout(token, async (token) => {
    const request = introspectionRequest(token, credentials);
    const { body } = await authorized(transport, { url: endpoint, request });
    return orTruncated(
      token,
      () => processIntrospectionResponse(body, issuer, now),
    );
  });
  return verified({ issuer: issuer.name, claims, warnings: [] });
}

/** How clients say there who they are; where it is not said, as at the token endpoint. */
export function introspectionAuth(
  metadata: ClientMetadata | null,
): readonly string[] | null {
  return metadata?.introspection_endpoint_auth_methods_supported ??
    metadata?.token_endpoint_auth_methods_supported ?? null;
}

/** For a request that carries what was typed: the rest of the time is for {@link askedAbout}. */
export const TYPED_MS = 6_000;

/** A text that nobody typed, and that is not anybody's token. */
const PROBE = "oauth-pam-asks-whether-you-answer";

/**
 * What `ask` finds out about the token. Where the issuer fails, it is asked about a text of our own
 * as well: only what happens to any text is the issuer's failure, which can open another way in.
 * Throws what `ask` throws, or {@link TokenError} where the issuer fails for this text alone.
 */
export async function askedAbout<Answer>(
  token: AccessToken,
  ask: (token: AccessToken) => Promise<Answer>,
): Promise<Answer> {
  try {
    return await ask(token);
  } catch (error) {
    if (!isIssuerError(error)) throw error;
    const found = await ask(new AccessToken(PROBE)).catch((error) => error);
    if (isIssuerError(found)) throw found;
    throw new TokenError(
      "token_malformed",
      `the issuer fails for what was handed over, and for nothing else: ${error.message}`,
    );
  }
}

/**
 * The request (RFC 7662 section 2.1), with the client's credentials. Throws {@link TokenError} for what
 * cannot be a token.
 */
export function introspectionRequest(
  token: AccessToken,
  credentials: ClientCredentials,
): JsonRequest {
  const { headers, form } = credentialParts(credentials);
  return {
    method: "POST",
    headers,
    form: {
      ...form,
      token: tokenText(token),
      token_type_hint: "access_token",
    },
    timeoutMs: TYPED_MS,
  };
}

/**
 * Judges the answer (RFC 7662 section 2.2) and returns it: `active` is `true` and nothing like it,
 * the audience is ours, and `iss`, `exp`, `nbf`, `iat` and `token_type` hold where they are present,
 * which the RFC leaves to the issuer. `now` is in seconds. Throws {@link TokenError}, or
 * {@link IssuerError} for what is not an answer at all.
 */
export function processIntrospectionResponse(
  body: unknown,
  expected: ClaimExpectations,
  now: number,
): JsonObject {
  if (!isObject(body)) throw invalid("is not a JSON object");
  const answer = present(body);
  if (answer.active !== true) {
    if (
      answer.active === undefined && ("error" in answer || "errors" in answer)
    ) {
      throw invalid("is an error");
    }
    const message = answer.active === false
      ? "the issuer says that the token is not active"
      : `"active" in the issuer's answer is ${kindOf(answer.active)}, not true`;
    throw new TokenError("token_inactive", message);
  }
  checkKind(answer, expected);
  // what the issuer leaves out is its own business: it has just said that the token is valid now
  const implied = { iss: expected.issuer, iat: now, exp: now + 1 };
  checkClaims({ ...implied, ...answer }, expected, now);
  return answer;
}

/** A refresh token is active, too, and so is one that belongs to somebody's key. */
function checkKind(answer: JsonObject, expected: ClaimExpectations): void {
  const { token_type, token_use } = answer;
  const bound = token_type !== undefined &&
    !(typeof token_type === "string" && /^bearer$/i.test(token_type));
  if (bound && !expected.allow_confirmation) {
    const shown = JSON.stringify(token_type).slice(0, 40);
    throw new TokenError(
      "token_kind_unexpected",
      `the token is of the type ${shown}, not a bearer token`,
    );
  }
  if (![undefined, "access_token", "access"].includes(token_use as string)) {
    const shown = JSON.stringify(token_use).slice(0, 40);
    throw new TokenError(
      "token_kind_unexpected",
      `the token is for use as ${shown}, not as an access token`,
    );
  }
}

/**
 * Sends the request, and says more where the issuer does not take us for who we are, or says itself
 * what is wrong. Throws {@link IssuerError}, also for an answer that is an error.
 */
export async function authorized(
  transport: Transport,
  { url, request }: { url: string; request: JsonRequest },
): Promise<JsonResponse> {
  const answer = await transport.request(url, {
    ...request,
    accept: ERROR_STATUSES,
  }).catch((error) => {
    if (!isIssuerError(error) || error.status === null) throw error;
    const { message, problem, status } = error;
    throw new IssuerError(problem, `${message}${doubt(status)}`, { status });
  });
  const { status, body } = fitForLog(answer, request);
  const { active, error, error_description } = Object(body);
  const named = typeof error === "string" && active === undefined;
  if (status === 200 && !named) return answer;
  const words = named ? issuerWords(error, error_description) : "";
  const message = status === 200
    ? `the issuer answered with an error: ${words}`
    : `the issuer answered with status ${status}${doubt(status)}${
      words === "" ? "" : `${doubt(status) === "" ? ":" : ""} ${words}`
    }`;
  throw new IssuerError(status === 200 ? "invalid" : "status", message, {
    status,
    ...(named ? { named: error } : {}),
  });
}

/** RFC 6749 section 5.2, and servers that say 403 for it. */
function doubt(status: number): string {
  return status === 401 || status === 403
    ? ": are client_id and the secret right?"
    : "";
}

/** The token's characters, for its issuer. Throws {@link TokenError} (RFC 6750 section 2.1). */
export function tokenText(token: AccessToken): string {
  const text = token.reveal();
  if (text.length > MAX_TOKEN_CHARACTERS || !/^[\x21-\x7e]+$/.test(text)) {
    throw new TokenError(
      "token_malformed",
      "what was handed over is not a token",
    );
  }
  return text;
}

/** Why a token of exactly the length at which pam_exec cuts is not active can be told. */
export function orTruncated<Result>(
  token: AccessToken,
  judge: () => Result,
): Result {
  try {
    return judge();
  } catch (error) {
    const inactive = error instanceof TokenError &&
      error.code === "token_inactive";
    if (!inactive || !PAM_EXEC_LIMITS.includes(token.length)) throw error;
    throw new TokenError(
      "token_truncated",
      `the token ends at ${token.length} bytes, where pam_exec cuts it off, and is not active`,
    );
  }
}

function kindOf(value: unknown): string {
  if (value === undefined) return "missing";
  return Array.isArray(value) ? "a list" : `of the type ${typeof value}`;
}

function invalid(why: string): IssuerError {
  return new IssuerError("invalid", `the answer about the token ${why}`);
}
