/**
 * `check`: whether the issuer knows the client that people sign in with. It is asked for the tokens of
 * a device code that never was: nobody is shown a code, and no limit of codes is used up.
 *
 * @module
 */
import type { ClientMetadata } from "../../issuer/discovery.ts";
import { isIssuerError } from "../../issuer/errors.ts";
import type { Transport } from "../../issuer/http.ts";
import {
  deviceClient,
  deviceClientAuth,
  type DeviceIssuer,
} from "../../pam/device/flow.ts";
import { AccessToken } from "../../token/access_token.ts";
import { proofKey, requestTokens } from "../../token/device_flow.ts";
import type { Finding } from "../../policy/diagnostic.ts";
import { clientAuthFindings } from "./client_auth.ts";
import { fine, type Noted } from "./finding.ts";

const REQUEST_MS = 10_000;

/** What these errors say of a client (RFC 6749 section 5.2). */
const MEANINGS: Readonly<Record<string, string>> = {
  invalid_client:
    "it does not know the client, or not with this secret: every sign-in is refused",
  unauthorized_client:
    "it does not let the client use device sign-in: every sign-in is refused",
  unsupported_grant_type: "it has no device sign-in: every one is refused",
};

/** The issuer's own words, which name what to do more often than not. */
function saying(error: unknown): string {
  const description = isIssuerError(error) ? error.description : null;
  return description === null ? "" : `; it says: ${description}`;
}

/** What it says of the client, and whether it answers at all. */
export async function deviceClientFindings(
  issuer: DeviceIssuer,
  { transport, hosts, metadata, scopes }: {
    transport: Transport;
    hosts: readonly string[];
    metadata: ClientMetadata;
    scopes: readonly unknown[] | null;
  },
): Promise<Noted[]> {
  const { name, device } = issuer;
  const missing = scopes === null
    ? []
    : device.scopes.filter((scope) => !scopes.includes(scope));
  const findings: Noted[] = missing.map((scope): Finding => ({
    id: "issuer/device-scope",
    level: "warning",
    message: `issuer "${name}": it does not list the scope ${
      JSON.stringify(scope)
    } among those that it has`,
    hint: `"scopes" of the issuer's "device"; it lists ${
      (scopes ?? []).slice(0, 20).join(", ")
    }`,
  }));
  const { token_endpoint } = metadata;
  if (token_endpoint === null) return findings;
  const client = await deviceClient(issuer);
  const clientAuth = deviceClientAuth(issuer, metadata);
  if (client.clientSecret !== null) {
    findings.push(...clientAuthFindings(issuer, {
      way: clientAuth,
      methods: metadata.token_endpoint_auth_methods_supported,
    }));
  }
  const flow = {
    ...client,
    clientAuth,
    transport,
    hosts,
    requestMs: REQUEST_MS,
  };
  const deviceCode = new AccessToken(`oauth-pam-check-${crypto.randomUUID()}`);
  try {
    const { codeVerifier } = await proofKey();
    const endpoint = token_endpoint;
    const answer = await requestTokens(flow, {
      endpoint,
      deviceCode,
      codeVerifier,
    });
    // these are said of the code, not of the client
    const known = answer.status === "expired" ||
      answer.status === "denied" && answer.error === "invalid_grant";
    if (!known) return findings;
    const ok = `"${name}" does not refuse the device client ${
      JSON.stringify(client.clientId)
    }, asked with a code that never was`;
    return [...findings, fine("issuer/device-client", ok)];
  } catch (error) {
    const named = isIssuerError(error) ? error.named : null;
    const meaning = named === null ? undefined : MEANINGS[named];
    // other errors may be about the code, which never was
    if (named !== null && meaning === undefined) return findings;
    if (meaning === undefined) {
      if (!isIssuerError(error)) throw error;
      const message = `issuer "${name}": ${error.message}`;
      return [...findings, {
        id: "issuer/unavailable",
        level: "error",
        message,
      }];
    }
    return [...findings, {
      id: "issuer/device-client",
      level: "error",
      message: `issuer "${name}": device client ${
        JSON.stringify(client.clientId)
      }: ${named}: ${meaning}${saying(error)}`,
      hint:
        'correct "client_id" and the secret of the issuer\'s "device", or ' +
        "register the client for the device authorization grant",
    }];
  }
}
