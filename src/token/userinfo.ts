/**
 * Claims from the userinfo endpoint (OpenID Connect Core section 5.3), for issuers whose ID tokens say
 * little more than who signed in.
 *
 * @module
 */
import { isObject } from "../lib/json.ts";
import { IssuerError } from "../issuer/errors.ts";
import type { Transport } from "../issuer/http.ts";
import type { AccessToken } from "./access_token.ts";
import { ERROR_STATUSES, fitForLog, issuerWords } from "./issuer_words.ts";
import { type JsonObject, parseJsonObject } from "./strict_json.ts";
import { type Evidence, verified } from "./verified.ts";

interface UserinfoRequest {
  readonly transport: Transport;
  readonly endpoint: string;
  readonly accessToken: AccessToken;
  /** Members that count from the ID token alone, beside those of the protocol. */
  readonly reserved: readonly string[];
  readonly timeoutMs: number;
}

/** What is about the token and the sign-in, not about the person: only what is signed says it. */
const PROTOCOL = [
  ...["iss", "sub", "aud", "azp", "exp", "nbf", "iat", "jti", "sid"],
  ...["auth_time", "amr", "acr", "nonce", "at_hash", "c_hash", "s_hash"],
  ...["scope", "scp", "client_id", "cnf", "act", "may_act", "events", "typ"],
];

/** A claim, and another that says that it is true: of the value beside it, and of no other. */
const CONFIRMED = [
  ["email", "email_verified"],
  ["email", "xms_edov"],
  ["phone_number", "phone_number_verified"],
] as const;

/**
 * The evidence of an ID token, with the claims that it lacks from the userinfo endpoint: what the ID
 * token has stays as it is. Throws {@link IssuerError}, also for an answer that is about somebody else,
 * and `TokenError` for one that is not strict JSON.
 */
export async function withUserinfo(
  evidence: Evidence,
  options: UserinfoRequest,
): Promise<Evidence> {
  const token = options.accessToken.reveal();
  const request = {
    headers: { authorization: `Bearer ${token}` },
    accept: ERROR_STATUSES,
    timeoutMs: options.timeoutMs,
  };
  const answer = await options.transport.request(options.endpoint, request);
  const { status, body } = fitForLog(answer, request);
  if (status !== 200) {
    const { error, error_description } = Object(body);
    const words = typeof error === "string"
      ? `: ${issuerWords(error, error_description)}`
      : "";
    const message = `the userinfo endpoint answered with status ${status}`;
    throw new IssuerError("status", `${message}${words}`, { status });
  }
  // as strictly as a token's claims, but for a member that comes twice: the last one was read
  const bytes = new TextEncoder().encode(JSON.stringify(body) ?? "");
  const userinfo = parseJsonObject(bytes, "userinfo");
  const { sub } = evidence.claims;
  // section 5.3.2: what is about somebody else must not be used
  if (typeof sub !== "string" || sub === "" || userinfo.sub !== sub) {
    const message = 'the userinfo has another "sub" than the ID token';
    throw new IssuerError("invalid", message);
  }
  const claims = united(evidence.claims, userinfo, options.reserved);
  return verified({ ...evidence, claims });
}

function united(
  own: JsonObject,
  userinfo: JsonObject,
  reserved: readonly string[],
): JsonObject {
  const claims: Record<string, unknown> = Object.create(null);
  const left = [...PROTOCOL, ...reserved, ...torn(own, userinfo)];
  for (const [name, value] of Object.entries(userinfo)) {
    if (!left.includes(name) && value !== null) claims[name] = value;
  }
  for (const [name, value] of Object.entries(own)) {
    // null stands for absent
    if (value !== null || claims[name] === undefined) claims[name] = value;
  }
  const elsewhere = namedElsewhere(own, userinfo);
  if (elsewhere !== undefined) claims._claim_names = elsewhere;
  return claims;
}

/** What would come to stand beside a claim of the ID token that it was not said of. */
function torn(own: JsonObject, userinfo: JsonObject): string[] {
  const has = (name: string) => (own[name] ?? null) !== null;
  const same = (name: string) => own[name] === userinfo[name];
  return CONFIRMED.flatMap(([value, confirmation]) => {
    if (has(value)) return same(value) ? [] : [confirmation];
    return has(confirmation) && !same(confirmation) ? [value] : [];
  });
}

/** Section 5.6.2: a claim that either of them says is elsewhere is not known. */
function namedElsewhere(own: JsonObject, userinfo: JsonObject): unknown {
  const names = [userinfo._claim_names, own._claim_names].filter((each) =>
    each !== undefined && each !== null
  );
  // what does not say which claims it is about may be about any
  return names.length === 0
    ? undefined
    : names.find((each) => !isObject(each)) ??
      names.reduce<object>((all, each) => ({ ...all, ...each as object }), {});
}
