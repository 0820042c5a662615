/**
 * From the policy's `device` to a flow at the issuer: who we are there, and what is asked of it.
 *
 * @module
 */
import type { ClientMetadata } from "../../issuer/discovery.ts";
import { IssuerError } from "../../issuer/errors.ts";
import { kindRow } from "../../policy/kinds.ts";
import {
  type Device,
  type Issuer,
  type Policy,
  type Rule,
} from "../../policy/model.ts";
import { type ClientAuth, clientAuth } from "../../token/client_auth.ts";
import type { DeviceFlow } from "../../token/device_flow.ts";
import type { PamRequest } from "../host/environment.ts";
import { openIssuer } from "../host/issuer_access.ts";
import { loadClientSecret, PolicyError } from "../host/policy_file.ts";

/** An issuer at which people can sign in with a browser. */
export type DeviceIssuer = Issuer & { readonly device: Device };

/** Whether people can sign in at the issuer with a browser. */
export function isDeviceIssuer(issuer: Issuer): issuer is DeviceIssuer {
  return issuer.device !== null;
}

/**
 * The issuer of that local name, or the only one with `device`. Throws {@link PolicyError} when
 * there is none, or several to choose from.
 */
export function deviceIssuer(
  policy: Policy,
  name: string | null,
): DeviceIssuer {
  const candidates = policy.issuers.filter(isDeviceIssuer)
    .filter((issuer) => name === null || issuer.name === name);
  const [found] = candidates;
  if (found === undefined) {
    const which = name === null ? "no issuer" : `no issuer "${name}"`;
    throw new PolicyError(`the policy has ${which} with "device"`);
  }
  if (candidates.length > 1) {
    throw new PolicyError(
      'several issuers have "device": choose one with --issuer',
    );
  }
  return found;
}

/** Opens the way to the issuer; connects to nobody yet. Close its transport in the end. */
export async function openFlow(
  issuer: DeviceIssuer,
  options: { signal: AbortSignal; requestMs: number },
): Promise<Omit<DeviceFlow, "clientAuth">> {
  const client = await deviceClient(issuer);
  const { hosts, transport } = await openIssuer(issuer, options.signal);
  return { ...client, transport, hosts, requestMs: options.requestMs };
}

/** How our client there says who it is. */
export function deviceClientAuth(
  issuer: DeviceIssuer,
  metadata: ClientMetadata,
): ClientAuth {
  return clientAuth(
    "client_auth" in issuer ? issuer.client_auth : null,
    metadata.token_endpoint_auth_methods_supported,
  );
}

/** Who we are at the issuer. Throws {@link PolicyError} where the secret cannot be used. */
export async function deviceClient(
  { issuer, kind, device: { client_id, client_secret_file } }: DeviceIssuer,
): Promise<
  Pick<DeviceFlow, "issuer" | "clientId" | "clientSecret" | "plain">
> {
  return {
    issuer,
    plain: kindRow({ kind }).plainBasic,
    clientId: client_id,
    clientSecret: client_secret_file === null
      ? null
      : await loadClientSecret(client_secret_file),
  };
}

/** An endpoint of the discovery document. Throws {@link IssuerError} where it is missing. */
export function endpoint(
  metadata: ClientMetadata,
  name:
    | "device_authorization_endpoint"
    | "token_endpoint"
    | "userinfo_endpoint",
): string {
  const url = metadata[name];
  if (url === null) {
    throw new IssuerError(
      "invalid",
      `the discovery document has no "${name}" on a permitted host`,
    );
  }
  return url;
}

/**
 * The parameters of the request for a code: what the site configured, and what the policy wants of
 * a sign-in for this service, asked for in the terms of OpenID Connect Core section 3.1.2.1. It is
 * the same for every account, so that nobody learns about accounts from what is asked of them; a
 * SciToken names the one that it opens, whether or not there is such an account.
 *
 * Asking is a courtesy to the user: only what the token then shows decides.
 */
export function authorizationParameters(
  policy: Policy,
  options: { issuer: DeviceIssuer; request: PamRequest; nonce: string | null },
): Record<string, string> {
  const { issuer, request, nonce } = options;
  const { device } = issuer;
  const rules = policy.rules.filter((rule) =>
    applies(rule, { issuer, request })
  );
  const wanted = [policy.assurance, ...rules.map(({ assurance }) => assurance)];
  const ages = wanted.map(({ max_auth_age }) => max_auth_age)
    .filter((age) => age !== null);
  const mfa = wanted.some((assurance) => assurance.mfa);
  return {
    ...Object.fromEntries(
      device.parameters.map(({ name, value }) => [name, value]),
    ),
    scope: [
      ...device.scopes,
      ...(issuer.kind === "scitokens" ? [`ssh:${request.user}`] : []),
    ].join(" "),
    ...(nonce === null ? {} : { nonce }),
    ...(ages.length === 0 ? {} : { max_age: String(Math.min(...ages)) }),
    ...(mfa && device.acr_values.length > 0
      ? { acr_values: device.acr_values.join(" ") }
      : {}),
  };
}

/** Whether an allow rule could admit somebody of this issuer to this service. */
function applies(
  rule: Rule,
  { issuer, request }: { issuer: Issuer; request: PamRequest },
): boolean {
  return rule.effect === "allow" &&
    (rule.issuers?.includes(issuer.name) ?? true) &&
    (rule.services?.includes(request.service) ?? true);
}
