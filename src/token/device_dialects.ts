/**
 * The dialects of device sign-in: what issuers answer beside RFC 8628 and RFC 6749, turned into what
 * those say, before anybody judges it. Nothing that decides is touched: the ID token, its claims and
 * its signature are judged as they came.
 *
 * @module
 */
import { isObject, present } from "../lib/json.ts";
import type { JsonResponse } from "../issuer/http.ts";

/** Statuses of an answer that is not an error. RFC 8628 says 200; a code is something created. */
export const SUCCESS_STATUSES = [200, 201];

/** An answer to the request for a code (RFC 8628 section 3.2). */
export function plainDeviceAuthorization(answer: JsonResponse): JsonResponse {
  return plain(answer, (members) => {
    const complete = members.verification_uri_complete ??
      members.verification_url_complete;
    return {
      ...members,
      // drafts of RFC 8628 called it so
      verification_uri: members.verification_uri ?? members.verification_url,
      // nobody needs it
      verification_uri_complete: isText(complete) ? complete : undefined,
      interval: plainInterval(members.interval),
    };
  });
}

/**
 * An answer to the request for tokens (RFC 6749 section 5.1), without what nobody here looks at: how
 * long the access token lives, and a refresh token.
 */
export function plainTokens(answer: JsonResponse): JsonResponse {
  return plain(answer, (members) => {
    const { expires_in: _lives, refresh_token: _refresh, ...used } = members;
    const { scope } = used;
    const list = Array.isArray(scope) && scope.every(isText);
    return {
      ...used,
      // RFC 6749 section 5.1 demands it, and RFC 6750 is the only type that needs no telling
      token_type: used.token_type ?? "bearer",
      ...(list ? { scope: scope.join(" ") } : {}),
    };
  });
}

/** `null` stands for absent; some servers send errors with a status of success. */
function plain(
  { status, body }: JsonResponse,
  reading: (members: Record<string, unknown>) => Record<string, unknown>,
): JsonResponse {
  if (!isObject(body)) return { status, body };
  const members = { ...present(body) };
  const success = SUCCESS_STATUSES.includes(status);
  if (typeof members.error === "string") {
    return { status: success ? 400 : status, body: members };
  }
  return { status: success ? 200 : status, body: reading(members) };
}

/** A number, also as text; 0 says nothing. What is neither is left for the judge. */
function plainInterval(value: unknown): unknown {
  const number = typeof value === "string" && /^\d{1,9}(?:\.\d+)?$/.test(value)
    ? Number(value)
    : value;
  return number === 0 ? undefined : number;
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
