/**
 * Tying a host name to a client of Globus Auth, so that users need only know the host's name
 * (https://docs.globus.org/api/auth/developer-guide/): its FQDNs and its ssh scope.
 *
 * @module
 */
import { isObject } from "../../lib/json.ts";
import { IssuerError } from "../../issuer/errors.ts";
import type { JsonRequest, Transport } from "../../issuer/http.ts";
import { credentialParts } from "../../token/client_auth.ts";
import { visible } from "../../lib/text.ts";

interface GlobusClient {
  readonly transport: Transport;
  /** `https://auth.globus.org`, without a slash at its end. */
  readonly base: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

export type Step = "created" | "there already";

/** Globus Auth has answered, and the answer is no. */
export class RegistrationError extends Error {
  override readonly name = "RegistrationError";
}

/** Statuses whose bodies tell why. */
const TOLD = [201, 400, 403, 404, 409, 422];

/**
 * Makes sure that the client has the host name and the ssh scope; what is there already is left
 * alone. Throws {@link RegistrationError}, or `IssuerError` where nobody answers.
 *
 * Does not check who else can change the client.
 */
export async function registerHost(
  client: GlobusClient,
  fqdn: string,
): Promise<{ fqdn: Step; scope: Step }> {
  return {
    fqdn: await ensureFqdn(client, fqdn),
    scope: await ensureScope(client, fqdn),
  };
}

async function ensureFqdn(client: GlobusClient, fqdn: string): Promise<Step> {
  const { clients } = await call(client, "/v2/api/clients");
  const own = objects(clients).find(({ id }) => id === client.clientId);
  if (own === undefined) {
    throw new RegistrationError(
      `Globus Auth knows no client "${client.clientId}"`,
    );
  }
  const { fqdns } = own;
  if (Array.isArray(fqdns) && fqdns.includes(fqdn)) return "there already";
  await call(client, `/v2/api/clients/${client.clientId}/fqdns`, {
    method: "POST",
    json: { fqdn },
  });
  return "created";
}

async function ensureScope(client: GlobusClient, fqdn: string): Promise<Step> {
  const wanted = `https://auth.globus.org/scopes/${client.clientId}/ssh`;
  const { scopes } = await call(client, "/v2/api/scopes");
  const there = objects(scopes).some(({ scope_string }) =>
    scope_string === wanted
  );
  if (there) return "there already";
  await call(client, `/v2/api/clients/${client.clientId}/scopes`, {
    method: "POST",
    json: {
      scope: {
        name: `SSH into ${fqdn}`,
        description: `Allow SSH access to ${fqdn}`,
        scope_suffix: "ssh",
      },
    },
  });
  return "created";
}

async function call(
  client: GlobusClient,
  path: string,
  request: JsonRequest = {},
): Promise<Readonly<Record<string, unknown>>> {
  const { status, body } = await send(client, path, request);
  if (status !== 200 && status !== 201) {
    throw new RegistrationError(
      `Globus Auth refuses (status ${status}): ${reasonIn(body)}`,
    );
  }
  if (!isObject(body) || "errors" in body) {
    throw new RegistrationError(
      `Globus Auth answers with an error: ${reasonIn(body)}`,
    );
  }
  return body;
}

async function send(
  { transport, base, clientId, clientSecret }: GlobusClient,
  path: string,
  request: JsonRequest,
): Promise<{ status: number; body: unknown }> {
  try {
    return await transport.request(`${base}${path}`, {
      ...request,
      headers: credentialParts({ clientId, clientSecret, plain: true }).headers,
      accept: TOLD,
    });
  } catch (error) {
    if (!(error instanceof IssuerError) || error.status !== 401) throw error;
    throw new RegistrationError(
      "Globus Auth does not accept the client id and secret",
    );
  }
}

/** `errors[0]` of a Globus error document, safe for a terminal. */
function reasonIn(body: unknown): string {
  const [first] = isObject(body) ? objects(body.errors) : [];
  const words = [first?.code, first?.detail, first?.title].filter((word) =>
    typeof word === "string" && word !== ""
  );
  return words.length === 0
    ? "it does not say why"
    : visible([...new Set(words)].join(": ").slice(0, 300));
}

type Members = Readonly<Record<string, unknown>>;

function objects(value: unknown): Members[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}
