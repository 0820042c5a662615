/**
 * Globus Auth: introspection with all linked identities and the sessions in which they signed in
 * (https://docs.globus.org/api/auth/reference/).
 *
 * @module
 */
import { isObject } from "../lib/json.ts";
import { IssuerError } from "../issuer/errors.ts";
import type { JsonRequest } from "../issuer/http.ts";
import type { AccessToken } from "./access_token.ts";
import { credentialParts } from "./client_auth.ts";
import { TokenError } from "./errors.ts";
import { type Evidence, verified } from "./verified.ts";
import {
  askedAbout,
  authorized,
  type ClientIssuer,
  type Inquiry,
  orTruncated,
  processIntrospectionResponse,
  tokenText,
  TYPED_MS,
} from "./introspection.ts";
import type { JsonObject } from "./strict_json.ts";

/** What the policy says of Globus Auth. */
interface GlobusIssuer extends ClientIssuer {
  /** Host names whose ssh scope admits, beside the client's own. */
  readonly fqdns: readonly string[];
}

interface GlobusInquiry extends Omit<Inquiry, "issuer"> {
  readonly issuer: GlobusIssuer;
}

interface Credentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** Identities that one request asks for. */
const BATCH = 100;
/** More linked identities than anybody has. */
const MAX_IDENTITIES = 1000;

/** Scopes carry this prefix in every environment of Globus Auth, whatever its host. */
const SCOPE_PREFIX = "https://auth.globus.org/scopes/";

/** An identity with one of these has been used by its owner; no status at all says nothing. */
const USABLE = [undefined, null, "used", "private"];

/**
 * Asks Globus Auth about the token, then about the identities that are linked to its owner. The
 * claims are the introspection document plus the members `identities` and `identity_providers` of
 * the identities document. Throws {@link TokenError} or {@link IssuerError}.
 *
 * Does not check sessions: whoever authenticated how and when is for the policy to judge.
 */
export async function verifyGlobusToken(
  token: AccessToken,
  inquiry: GlobusInquiry,
): Promise<Evidence> {
  const { issuer, transport, now } = inquiry;
  const credentials = {
    clientId: issuer.client_id,
    clientSecret: inquiry.clientSecret,
  };
  const document = await askedAbout(token, async (token) => {
    const { body } = await authorized(transport, {
      url: `${base(issuer)}/v2/oauth2/token/introspect`,
      request: globusIntrospectionRequest(token, credentials),
    });
    return orTruncated(
      token,
      () => processGlobusIntrospection(body, issuer, now),
    );
  });
  const ids = identityIds(document);
  // all batches at once: login waits for them
  const pages = await Promise.all(
    batches(ids).map(async (batch) => {
      const { body } = await authorized(transport, {
        url: identitiesUrl(issuer, batch),
        request: identitiesRequest(credentials),
      });
      return processIdentitiesResponse(body, batch);
    }),
  );
  const claims = {
    ...document,
    // asked for: where it is missing, whoever decides must see that
    identities_set: document.identities_set ?? null,
    identities: pages.flatMap(({ identities }) => identities),
    identity_providers: pages.flatMap((page) => page.identity_providers),
  };
  checkOwner(claims);
  return verified({ issuer: issuer.name, claims, warnings: [] });
}

/** Throws {@link TokenError} for what cannot be a token. */
export function globusIntrospectionRequest(
  token: AccessToken,
  credentials: Credentials,
): JsonRequest {
  return {
    method: "POST",
    headers: credentialHeaders(credentials),
    form: {
      token: tokenText(token),
      include: "identities_set,session_info",
    },
    timeoutMs: TYPED_MS,
  };
}

/**
 * Judges the introspection document: what RFC 7662 demands, and a scope for this host. Optional
 * members that are missing or `null` are left out of what is returned and refuse nobody. `now` is
 * in seconds. Throws {@link TokenError} or {@link IssuerError}.
 */
function processGlobusIntrospection(
  body: unknown,
  expected: GlobusIssuer,
  now: number,
): JsonObject {
  const document = processIntrospectionResponse(body, expected, now);
  const wanted = [...expected.fqdns, expected.client_id]
    .map((name) => `${SCOPE_PREFIX}${name}/ssh`);
  const { scope } = document;
  const granted = typeof scope === "string" ? scope.split(" ") : [];
  if (!wanted.some((scope) => granted.includes(scope))) {
    throw new TokenError(
      "scope_missing",
      `the token has no scope "${wanted[0]}"` +
        (wanted.length > 1 ? " and none of the others for this host" : ""),
    );
  }
  return document;
}

/**
 * The identities to ask for: the token's own first, then all linked ones, each once. Throws
 * {@link TokenError} `claim_missing` without a `sub`, {@link IssuerError} for too many.
 */
export function identityIds(document: JsonObject): string[] {
  const { sub, identities_set } = document;
  if (!isIdentityId(sub)) {
    throw new TokenError("claim_missing", 'the token has no identity in "sub"');
  }
  const linked = Array.isArray(identities_set) ? identities_set : [];
  const ids = [...new Set([sub, ...linked.filter(isIdentityId)])];
  if (ids.length > MAX_IDENTITIES) {
    throw invalid(
      `${ids.length} linked identities are more than ${MAX_IDENTITIES}`,
    );
  }
  return ids;
}

/** Where a batch of at most 100 identities is asked for, with their identity providers. */
function identitiesUrl(
  issuer: { issuer: string },
  ids: readonly string[],
): string {
  // they are of [A-Za-z0-9-] only, see isIdentityId()
  return `${base(issuer)}/v2/api/identities?ids=${ids.join(",")}` +
    "&include=identity_provider";
}

function identitiesRequest(credentials: Credentials): JsonRequest {
  return { headers: credentialHeaders(credentials) };
}

/**
 * Judges an identities document: takes the identities that were asked for, and every identity
 * provider with an id. Throws {@link IssuerError}.
 *
 * Does not check that all of them were answered: a deny rule that needs to know sees which are
 * missing (`policy/evaluate/subject.ts`).
 */
function processIdentitiesResponse(
  body: unknown,
  requested: readonly string[],
): { identities: JsonObject[]; identity_providers: JsonObject[] } {
  if (!isObject(body) || !Array.isArray(body.identities)) {
    throw invalid("the answer about the identities has no list of them");
  }
  const included = isObject(body.included)
    ? body.included.identity_providers
    : undefined;
  return {
    identities: body.identities.filter(isObject).filter(({ id }) =>
      typeof id === "string" && requested.includes(id)
    ),
    identity_providers: (Array.isArray(included) ? included : [])
      .filter(isObject),
  };
}

/** The token's own identity: a closed one opens nothing, whatever is linked to it. */
function checkOwner(
  claims: { sub?: unknown; identities: readonly JsonObject[] },
): void {
  const own = claims.identities.find(({ id }) => id === claims.sub);
  if (own === undefined || USABLE.includes(own.status as string)) return;
  const status = JSON.stringify(own.status).slice(0, 40);
  throw new TokenError(
    "token_inactive",
    `the token's identity has the status ${status}`,
  );
}

function batches(ids: readonly string[]): string[][] {
  const count = Math.ceil(ids.length / BATCH);
  return Array.from(
    { length: count },
    (_, index) => ids.slice(index * BATCH, (index + 1) * BATCH),
  );
}

/**
 * Globus Auth takes id and secret as they are (RFC 7617), without the encoding of RFC 6749 section
 * 2.3.1: its own tools send them so, and its secrets end in "=".
 */
function credentialHeaders(credentials: Credentials): Record<string, string> {
  return { ...credentialParts({ ...credentials, plain: true }).headers };
}

function base({ issuer }: { issuer: string }): string {
  return issuer.replace(/\/$/, "");
}

/** A UUID as Globus writes them; nothing that could mean something else in a URL. */
function isIdentityId(value: unknown): value is string {
  return typeof value === "string" && /^[A-Za-z0-9-]{1,64}$/.test(value);
}

function invalid(message: string): IssuerError {
  return new IssuerError("invalid", message);
}
