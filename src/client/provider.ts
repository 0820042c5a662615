/**
 * The issuer as its client finds it: the endpoints that its discovery document names, and a transport
 * that reaches these and nothing else.
 *
 * @module
 */
import { discoveryUrl, processDiscoveryResponse } from "../issuer/discovery.ts";
import { IssuerError } from "../issuer/errors.ts";
import { hostPort, permittedHosts } from "../issuer/hosts.ts";
import { checkUrl, openTransport, type Transport } from "../issuer/http.ts";
import { isObject } from "../lib/json.ts";

export interface Provider {
  readonly issuer: string;
  readonly transport: Transport;
  readonly authorizationEndpoint: string | null;
  readonly deviceEndpoint: string | null;
  readonly tokenEndpoint: string;
  readonly jwksUri: string;
  /** RFC 8414 section 2; `null` where it does not say. */
  readonly tokenAuthMethods: readonly string[] | null;
  /** RFC 9207 section 3: every answer names the issuer. */
  readonly namesItself: boolean;
}

/** For a single request, in milliseconds. */
export const REQUEST_MS = 10_000;

/**
 * Asks the issuer where everything is (OpenID Connect Discovery 1.0). The endpoints may be on other
 * hosts: whoever chose the issuer relies on its word. Throws {@link IssuerError}. The caller closes
 * the transport.
 */
export async function openProvider(
  issuer: string,
  caCerts: readonly string[],
): Promise<Provider> {
  const options = { caCerts, proxy: null };
  const own = permittedHosts(issuer, []);
  const asking = limited({ ...options, hosts: own });
  let body: unknown;
  try {
    const url = discoveryUrl(issuer);
    ({ body } = await asking.request(url, { published: true }));
  } finally {
    asking.close();
  }
  const document = isObject(body) ? body : {};
  const hosts = [...new Set([...own, ...hostsIn(document)])];
  const metadata = processDiscoveryResponse(body, { issuer, hosts });
  const { jwks_uri, token_endpoint } = metadata;
  const { authorization_endpoint: start } = document;
  const methods = document.token_endpoint_auth_methods_supported;
  return {
    issuer,
    transport: limited({ ...options, hosts }),
    authorizationEndpoint: start === undefined
      ? null
      : checkUrl(start, hosts).href,
    deviceEndpoint: metadata.device_authorization_endpoint,
    tokenEndpoint: needed(token_endpoint, "token_endpoint"),
    jwksUri: needed(jwks_uri, "jwks_uri"),
    tokenAuthMethods: Array.isArray(methods) ? methods.map(String) : null,
    namesItself:
      document.authorization_response_iss_parameter_supported === true,
  };
}

/** An endpoint that the issuer has to have for what is asked of it. Throws {@link IssuerError}. */
export function needed(endpoint: string | null, name: string): string {
  if (endpoint !== null) return endpoint;
  throw new IssuerError(
    "invalid",
    `the discovery document has no "${name}" that can be used`,
  );
}

const ENDPOINTS = [
  "authorization_endpoint",
  "device_authorization_endpoint",
  "token_endpoint",
  "jwks_uri",
];

function hostsIn(document: Readonly<Record<string, unknown>>): string[] {
  return ENDPOINTS.flatMap((name) => {
    const url = URL.parse(String(document[name]));
    return url === null ? [] : [hostPort(url)];
  });
}

/** A person may take minutes between two requests: each has a deadline of its own. */
function limited(
  options: Omit<Parameters<typeof openTransport>[0], "signal">,
): Transport {
  const { signal } = new AbortController();
  const transport = openTransport({ ...options, signal });
  return {
    request: (url, request) =>
      transport.request(url, { timeoutMs: REQUEST_MS, ...request }),
    close: () => transport.close(),
  };
}
