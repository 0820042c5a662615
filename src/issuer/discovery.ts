/**
 * OpenID Connect Discovery 1.0 and RFC 8414: from an issuer's URL to its endpoints.
 *
 * @module
 */
import { isObject } from "../lib/json.ts";
import { isIssuerError, IssuerError } from "./errors.ts";
import { checkUrl, type Transport } from "./http.ts";

/** What is used of a discovery document. */
interface ServerMetadata {
  readonly issuer: string;
  readonly jwks_uri: string | null;
  readonly introspection_endpoint: string | null;
  readonly token_endpoint: string | null;
  readonly device_authorization_endpoint: string | null;
}

/** What only clients look at, beside. */
export interface ClientMetadata extends ServerMetadata {
  readonly userinfo_endpoint: string | null;
  /** How clients may say who they are (RFC 8414 section 2); `null` where it does not say. */
  readonly token_endpoint_auth_methods_supported: readonly string[] | null;
  readonly introspection_endpoint_auth_methods_supported:
    | readonly string[]
    | null;
}

/** The well-known address of an issuer (OpenID Connect Discovery 1.0, section 4.1). */
export function discoveryUrl(issuer: string): string {
  return `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
}

/** The well-known address of an authorization server (RFC 8414 section 3.1): before the path. */
export function oauthMetadataUrl(issuer: string): string {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, "");
  return `${origin}/.well-known/oauth-authorization-server${path}`;
}

interface Expected {
  readonly issuer: string;
  readonly hosts: readonly string[];
  /** An issuer that has no document for OpenID Connect is asked for that of RFC 8414. */
  readonly oauthMetadata?: boolean;
  /** Where the document lies; `null`: below the issuer. */
  readonly discoveryUrl?: string | null;
}

/** Fetches and judges the discovery document. Throws {@link IssuerError}. */
export async function discover(
  transport: Transport,
  expected: Expected,
): Promise<ServerMetadata> {
  return processDiscoveryResponse(await fetched(transport, expected), expected);
}

/** The same for whoever is a client there. Throws {@link IssuerError}. */
export async function discoverAsClient(
  transport: Transport,
  expected: Expected,
): Promise<ClientMetadata> {
  const body = await fetched(transport, expected);
  const metadata = processDiscoveryResponse(body, expected);
  const document = body as Record<string, unknown>;
  const names = (name: string): string[] | null => {
    const value = Object.hasOwn(document, name) ? document[name] : null;
    return Array.isArray(value) ? value.map(String) : null;
  };
  return {
    ...metadata,
    userinfo_endpoint: optional(() =>
      endpointOf(document, "userinfo_endpoint", expected.hosts)
    ),
    token_endpoint_auth_methods_supported: names(
      "token_endpoint_auth_methods_supported",
    ),
    introspection_endpoint_auth_methods_supported: names(
      "introspection_endpoint_auth_methods_supported",
    ),
  };
}

async function fetched(
  transport: Transport,
  expected: Expected,
): Promise<unknown> {
  const request = { published: true } as const;
  const elsewhere = expected.discoveryUrl ?? null;
  const url = elsewhere ?? discoveryUrl(expected.issuer);
  const { body } = await transport.request(url, request).catch((error) => {
    const missing = elsewhere === null && isIssuerError(error) &&
      error.status === 404;
    if (!missing || expected.oauthMetadata !== true) throw error;
    return transport.request(oauthMetadataUrl(expected.issuer), request);
  });
  return body;
}

/**
 * Judges a discovery document: its `issuer` is ours byte for byte (RFC 8414 section 3.3), and
 * every endpoint is https on a permitted host. Throws {@link IssuerError}.
 *
 * Does not check that the endpoints answer.
 */
export function processDiscoveryResponse(
  body: unknown,
  expected: { issuer: string; hosts: readonly string[] },
): ServerMetadata {
  if (!isObject(body)) {
    throw new IssuerError(
      "invalid",
      "the discovery document is not a JSON object",
    );
  }
  const document = body;
  if (document.issuer !== expected.issuer) {
    const named = JSON.stringify(String(document.issuer).slice(0, 120));
    const message =
      `the discovery document is of the issuer ${named}, not "${expected.issuer}"`;
    throw new IssuerError("invalid", message);
  }
  const endpoint = (name: string) => endpointOf(document, name, expected.hosts);
  return {
    issuer: expected.issuer,
    jwks_uri: endpoint("jwks_uri"),
    introspection_endpoint: optional(() => endpoint("introspection_endpoint")),
    token_endpoint: optional(() => endpoint("token_endpoint")),
    device_authorization_endpoint: optional(() =>
      endpoint("device_authorization_endpoint")
    ),
  };
}

function endpointOf(
  document: Record<string, unknown>,
  name: string,
  hosts: readonly string[],
): string | null {
  const value = Object.hasOwn(document, name) ? document[name] : undefined;
  if (value === undefined || value === null) return null;
  if (typeof value !== "string") {
    throw new IssuerError(
      "invalid",
      `"${name}" in the discovery document is not a string`,
    );
  }
  return checkUrl(value, hosts).href;
}

/** An endpoint that a login may never use must not keep it from working. */
function optional(endpoint: () => string | null): string | null {
  try {
    return endpoint();
  } catch (error) {
    if (isIssuerError(error)) return null;
    throw error;
  }
}
