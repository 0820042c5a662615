/**
 * What an issuer says of its own accord (RFC 6749 section 5.2): for the administrator, never for the
 * person at the prompt, and without any secret that it was sent.
 *
 * @module
 */
import { isObject } from "../lib/json.ts";
import type { JsonRequest, JsonResponse } from "../issuer/http.ts";
import { formEncoded } from "./client_auth.ts";

/** Statuses under which servers send RFC 6749 error bodies; some do not keep to 400 and 401. */
export const ERROR_STATUSES = [400, 401, 403, 428];

const MAX_ERROR = 60;
/** More than the log shows. */
const MAX_DESCRIPTION = 300;
/** Members of a form that are somebody's secret. */
const SECRET_MEMBERS = [
  "client_secret",
  "code_verifier",
  "device_code",
  "token",
];
/** Shorter ones are nobody's secret, and parts of ordinary words. */
const MIN_SECRET = 4;
/** The errors of RFC 6749 and RFC 8628 look so. */
const WORD = /^[a-z_]{1,40}$/;

/** The error that an issuer names, with its description. */
export function issuerWords(error: string, description: unknown): string {
  const word = JSON.stringify(error.slice(0, MAX_ERROR));
  return typeof description === "string" && description !== ""
    ? `${word}: ${description}`
    : word;
}

/** The answer, its error and description made fit for a log line. */
export function fitForLog(
  answer: JsonResponse,
  request: JsonRequest,
): JsonResponse {
  const { status } = answer;
  const body = inOneDialect(answer);
  if (!isObject(body) || typeof body.error !== "string") {
    return { status, body };
  }
  const { error, error_description, ...rest } = body;
  const secrets = secretsOf(request);
  const description = typeof error_description === "string"
    ? withoutSecrets(error_description, secrets).replace(/\s+/g, " ").trim()
    : "";
  return {
    status,
    body: {
      ...rest,
      // what a word means must not depend on what a site's secret looks like
      error: WORD.test(error) ? error : withoutSecrets(error, secrets),
      ...(description === ""
        ? {}
        : { error_description: description.slice(0, MAX_DESCRIPTION) }),
    },
  };
}

/** Okta has members of its own for errors that are not about a grant. */
function inOneDialect({ status, body }: JsonResponse): unknown {
  if (!ERROR_STATUSES.includes(status) || !isObject(body)) return body;
  const { errorCode, errorSummary, ...rest } = body;
  return rest.error === undefined && typeof errorCode === "string"
    ? { ...rest, error: errorCode, error_description: errorSummary }
    : body;
}

function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets.reduce(
    (text, secret) => text.replaceAll(secret, "[secret]"),
    text,
  );
}

/** Longest first: one may be part of another. */
function secretsOf({ form = {}, headers = {} }: JsonRequest): string[] {
  const members = SECRET_MEMBERS.map((name) => form[name] ?? "");
  const [, encoded = ""] = (headers.authorization ?? "").split(" ");
  const password = passwordOf(encoded);
  const plain = [...members, password, decoded(password)];
  return [encoded, ...plain.flatMap(spellings)]
    .filter((secret) => secret.length >= MIN_SECRET)
    .sort((a, b) => b.length - a.length);
}

/** As it is, and as URLs, forms and JSON write it: an issuer may throw back what came, or its own. */
function spellings(secret: string): string[] {
  const encoded = [encodeURIComponent(secret), formEncoded(secret)];
  const lower = encoded.map((text) =>
    text.replace(/%../g, (hex) => hex.toLowerCase())
  );
  return [secret, JSON.stringify(secret).slice(1, -1), ...encoded, ...lower];
}

function passwordOf(encoded: string): string {
  try {
    return atob(encoded).split(":").slice(1).join(":");
  } catch {
    return "";
  }
}

/** As it was before it was encoded for a form. */
function decoded(text: string): string {
  return new URLSearchParams(`x=${text}`).get("x") ?? "";
}
