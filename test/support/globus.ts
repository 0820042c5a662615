/**
 * A stand-in for Globus Auth on loopback HTTPS, written from its documented API and strict
 * about what it is asked: who asks, in which form, for how much.
 *
 * @module
 */
import type { Authority } from "./certificates.ts";
import {
  answer,
  type Behaviour,
  type HostileIssuer,
  json,
  type ReceivedRequest,
  startHostileIssuer,
} from "./hostile_server.ts";

export interface GlobusIdentity {
  readonly id: string;
  readonly username: string | null;
  readonly identity_provider: string | null;
  readonly email?: string | null;
  readonly status?: string | null;
}

export interface GlobusScope {
  readonly id: string;
  readonly client: string;
  readonly scope_string: string;
  readonly name: string;
}

export interface GlobusStandIn extends AsyncDisposable {
  /** What stands in `iss`, and where everything is served. */
  readonly issuer: string;
  readonly port: number;
  readonly caPem: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** `https://auth.globus.org/scopes/<client id>/ssh`. */
  readonly scope: string;
  readonly identities: GlobusIdentity[];
  readonly providers: Record<string, unknown>[];
  /** FQDNs of the client. */
  readonly fqdns: string[];
  readonly scopes: GlobusScope[];
  /** What Globus Auth's own resolver finds: the TXT records of names. */
  readonly dns: Map<string, string>;
  /** Makes a token of Alice's; the members override the document, `undefined` takes one away. */
  issue(members?: Readonly<Record<string, unknown>>): string;
  /** From now on the token is not active. */
  revoke(token: string): void;
  readonly requests: ReceivedRequest[];
  requestCount(path?: string): number;
  /** Overrides what a path answers; without a behaviour, no longer. */
  on: HostileIssuer["on"];
}

export const CAMPUS_IDP = "41143743-f3c8-4d60-bbdb-eeecaba85bd9";
export const OTHER_IDP = "9e484f7f-60db-4e08-a5a0-0c9c5b2b4f0a";
export const ALICE = "e9873f94-032a-11e6-afde-cb613ccc97a9";
export const ALICE_LINKED = "da0fcfb8-1231-4999-9b99-627f58f609c7";

export const INTROSPECT = "/v2/oauth2/token/introspect";
export const IDENTITIES = "/v2/api/identities";
export const CLIENTS = "/v2/api/clients";
export const SCOPES = "/v2/api/scopes";

const MAX_IDS = 100;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const NATIVE_APP = "065db752-2f43-4fe1-a633-2ee68c9da889";

/** The id of an identity made up for a test. */
export function identityId(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
}

/** Starts it. Alice has a campus identity and another one that is linked to it. */
export async function startGlobus(
  options: { authority: Authority },
): Promise<GlobusStandIn> {
  const { authority } = options;
  const server = await startHostileIssuer({ authority });
  const clientId = "779714b7-d1c1-4678-9128-c3f4b536f2a5";
  // the alphabet and the padding of real ones, which RFC 6749 section 2.3.1 would change
  const clientSecret = "9/aN+3kqWb8ZB2mVIQ0t2Vn+6G3nO8f/1Cq5yPvXG4s=";
  const documents = new Map<string, Record<string, unknown>>();
  const { issuer, port } = server;
  const self: GlobusStandIn = {
    issuer,
    port,
    caPem: authority.caPem,
    clientId,
    clientSecret,
    scope: `https://auth.globus.org/scopes/${clientId}/ssh`,
    identities: [
      {
        id: ALICE,
        username: "alice@example.edu",
        identity_provider: CAMPUS_IDP,
        email: "alice@example.edu",
        status: "used",
      },
      {
        id: ALICE_LINKED,
        username: "asmith@globusid.org",
        identity_provider: OTHER_IDP,
        email: null,
        status: "used",
      },
    ],
    providers: [
      provider(CAMPUS_IDP, ["example.edu", "cs.example.edu"]),
      provider(OTHER_IDP, ["globusid.org"]),
    ],
    fqdns: [],
    scopes: [],
    dns: new Map(),
    issue(members = {}) {
      const token = `Ag${crypto.randomUUID().replaceAll("-", "")}`.padEnd(
        90,
        "Xy_z-0",
      );
      const now = Math.floor(Date.now() / 1000);
      documents.set(token, {
        active: true,
        scope: self.scope,
        client_id: NATIVE_APP,
        sub: ALICE,
        username: "alice@example.edu",
        name: "Alice Smith",
        email: "alice@example.edu",
        aud: [clientId],
        iss: issuer,
        exp: now + 172_800,
        iat: now - 60,
        nbf: now - 60,
        token_type: "Bearer",
        dependent_tokens_cache_id: "none",
        identities_set: [ALICE, ALICE_LINKED],
        session_info: {
          session_id: "5c9e8a1e-2f36-4a0a-9d6f-7f2d0a1f4c11",
          authentications: {
            [ALICE]: {
              idp: CAMPUS_IDP,
              auth_time: now - 60,
              amr: ["mfa"],
              acr: null,
              custom_claims: {},
            },
          },
        },
        ...members,
      });
      return token;
    },
    revoke: (token) => documents.delete(token),
    requests: server.requests,
    requestCount: server.requestCount,
    on: server.on,
    [Symbol.asyncDispose]: () => server.close(),
  };
  const guarded = (
    behaviour: (request: ReceivedRequest) => Behaviour,
  ): Behaviour =>
  (request, response) => {
    const chosen = isOurs(request, self) ? behaviour(request) : refusal(401);
    return chosen(request, response);
  };
  server.on(
    INTROSPECT,
    guarded((request) => introspection(request, documents)),
  );
  server.on(IDENTITIES, guarded((request) => identitiesOf(request, self)));
  server.on(CLIENTS, guarded(() => json({ clients: [clientOf(self)] })));
  server.on(SCOPES, guarded(() => json({ scopes: self.scopes })));
  const own = `${CLIENTS}/${clientId}`;
  server.on(own, guarded(() => json({ client: clientOf(self) })));
  server.on(`${own}/fqdns`, guarded((request) => addFqdn(request, self)));
  server.on(`${own}/scopes`, guarded((request) => addScope(request, self)));
  return self;
}

function provider(id: string, domains: string[]): Record<string, unknown> {
  const [name] = domains;
  return { id, domains, alternative_names: [], name, short_name: name };
}

/** HTTP Basic with id and secret as they are, as Globus Auth takes them. */
function isOurs(
  { headers }: ReceivedRequest,
  { clientId, clientSecret }: GlobusStandIn,
): boolean {
  return headers.authorization ===
    `Basic ${btoa(`${clientId}:${clientSecret}`)}`;
}

function refusal(status: number, detail = "refused"): Behaviour {
  const code = {
    400: "BAD_REQUEST",
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    405: "METHOD_NOT_ALLOWED",
  }[status] ?? "ERROR";
  return answer({
    status,
    body: {
      errors: [{ status: String(status), code, title: code, detail }],
      error_description: detail,
      error: code.toLowerCase(),
    },
  });
}

function introspection(
  { method, query, headers, body }: ReceivedRequest,
  documents: ReadonlyMap<string, Record<string, unknown>>,
): Behaviour {
  if (method !== "POST" || query !== "") return refusal(405);
  if (headers["content-type"] !== "application/x-www-form-urlencoded") {
    return refusal(400, "not a form");
  }
  const fields = [...new URLSearchParams(body)];
  const names = fields.map(([name]) => name);
  if (names.join() !== "token,include") {
    return refusal(400, `unexpected fields: ${names.join()}`);
  }
  const { token = "", include = "" } = Object.fromEntries(fields);
  if (include !== "identities_set,session_info") {
    return refusal(400, "include");
  }
  const document = documents.get(token);
  return json(document ?? { active: false });
}

function identitiesOf(
  { method, query }: ReceivedRequest,
  self: GlobusStandIn,
): Behaviour {
  if (method !== "GET") return refusal(405);
  const parameters = [...new URLSearchParams(query)];
  const { ids = "", include = "" } = Object.fromEntries(parameters);
  const wanted = ids.split(",");
  if (parameters.length !== 2 || include !== "identity_provider") {
    return refusal(400, "parameters");
  }
  if (wanted.length > MAX_IDS || !wanted.every((id) => UUID.test(id))) {
    return refusal(400, "ids");
  }
  const identities = self.identities.filter(({ id }) => wanted.includes(id));
  const used = identities.map(({ identity_provider }) => identity_provider);
  return json({
    included: {
      identity_providers: self.providers.filter(({ id }) =>
        used.includes(id as string)
      ),
    },
    identities: identities.map((identity) => ({
      name: null,
      organization: null,
      identity_type: "login",
      ...identity,
    })),
  });
}

function clientOf(self: GlobusStandIn): Record<string, unknown> {
  return {
    id: self.clientId,
    name: "SSH@ssh.example.edu",
    fqdns: [...self.fqdns],
    scopes: self.scopes.map(({ id }) => id),
    redirect_uris: ["https://fakecallback.example.org/callback"],
    grant_types: ["authorization_code", "client_credentials"],
    visibility: "private",
    public_client: false,
    project: "a1b2c3d4-0000-4000-8000-000000000000",
  };
}

function addFqdn(request: ReceivedRequest, self: GlobusStandIn): Behaviour {
  const { fqdn, ...rest } = jsonBody(request) ?? {};
  if (typeof fqdn !== "string" || Object.keys(rest).length > 0) {
    return refusal(400, "fqdn");
  }
  if (self.dns.get(fqdn) !== self.clientId) {
    return refusal(403, `TXT record of ${fqdn} does not hold the client id`);
  }
  if (self.fqdns.includes(fqdn)) return refusal(409, "already there");
  self.fqdns.push(fqdn);
  return answer({ status: 201, body: { client: clientOf(self) } });
}

function addScope(request: ReceivedRequest, self: GlobusStandIn): Behaviour {
  const { scope } = jsonBody(request) ?? {};
  const { name, description, scope_suffix, ...rest } = (scope ?? {}) as Record<
    string,
    unknown
  >;
  const texts = [name, description, scope_suffix];
  if (
    !texts.every((text) => typeof text === "string") ||
    Object.keys(rest).length > 0
  ) return refusal(400, "scope");
  const scope_string =
    `https://auth.globus.org/scopes/${self.clientId}/${scope_suffix}`;
  if (self.scopes.some((known) => known.scope_string === scope_string)) {
    return refusal(409, "already there");
  }
  self.scopes.push({
    id: crypto.randomUUID(),
    client: self.clientId,
    scope_string,
    name: name as string,
  });
  return answer({ status: 201, body: { scopes: self.scopes } });
}

function jsonBody(
  { method, headers, body }: ReceivedRequest,
): Record<string, unknown> | null {
  if (method !== "POST" || headers["content-type"] !== "application/json") {
    return null;
  }
  return JSON.parse(body);
}
