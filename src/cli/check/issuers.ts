/**
 * `check`: whether the issuers answer, and have what the policy needs of them. Asked as a login
 * asks, with the policy's hosts, certificates and proxy; nothing is written to the cache.
 *
 * @module
 */
import { isDeviceIssuer } from "../../pam/device/flow.ts";
import { isAsked, kindRow } from "../../policy/kinds.ts";
import {
  type ClientMetadata,
  discoverAsClient,
} from "../../issuer/discovery.ts";
import { IssuerError } from "../../issuer/errors.ts";
import { type Jwk, requestKeys } from "../../issuer/jwks_cache.ts";
import { type IssuerAccess, openIssuer } from "../../pam/host/issuer_access.ts";
import { PolicyError } from "../../pam/host/policy_file.ts";
import {
  discoveryUrlOf,
  type Issuer,
  type IssuerOf,
  type LocalIssuer,
  type Policy,
} from "../../policy/model.ts";
import { clientAuth } from "../../token/client_auth.ts";
import { introspectionAuth } from "../../token/introspection.ts";
import { selectKey } from "../../token/signing_key.ts";
import {
  Answers,
  issuerClaimFindings,
  issuerClockFindings,
} from "./answers.ts";
import { clientAuthFindings } from "./client_auth.ts";
import { deviceClientFindings } from "./device_client.ts";
import type { Finding } from "../../policy/diagnostic.ts";
import {
  type CheckContext,
  type CheckHost,
  consistent,
  fine,
  type Noted,
  orFine,
} from "./finding.ts";
import { deniedHosts } from "./permissions.ts";

export async function issuerFindings(
  { policy, policyPath, host }: CheckContext,
): Promise<Noted[]> {
  const signal = AbortSignal.timeout(host.timeoutMs);
  if (policy === null) return [];
  const found = await Promise.all(policy.issuers.map((issuer) => {
    if (deniedHosts(issuer, host).length > 0) return [notAsked(issuer)];
    if (host.io.interactive) host.io.stderr(`asking ${issuer.issuer}\n`);
    return issuerFindingsOf(issuer, { host, policy }, signal);
  }));
  return found.flat().map((each) => ({ ...each, file: policyPath }));
}

function notAsked({ name }: Issuer): Finding {
  return {
    id: "issuer/not-asked",
    level: "info",
    message:
      `the issuer "${name}" was not asked: this program may not reach its hosts`,
    hint: "run the program that was built for the policy",
  };
}

async function issuerFindingsOf(
  issuer: Issuer,
  { host, policy }: { host: CheckHost; policy: Policy },
  signal: AbortSignal,
): Promise<Noted[]> {
  let access: IssuerAccess | undefined;
  try {
    access = await openIssuer(issuer, signal);
    return await judged(issuer, access, { host, policy });
  } catch (error) {
    // a finding about the file that cannot be used
    if (error instanceof PolicyError) return [];
    if (!(error instanceof IssuerError)) throw error;
    return [problem(issuer, "issuer/unavailable", error.message)];
  } finally {
    access?.transport.close();
  }
}

async function judged(
  issuer: Issuer,
  access: IssuerAccess,
  { host, policy }: { host: CheckHost; policy: Policy },
): Promise<Noted[]> {
  const answers = new Answers(access.transport, host.io.now);
  const findings = await asked(issuer, {
    ...access,
    transport: answers.transport,
  }, answers);
  return consistent([
    ...findings,
    ...issuerClockFindings(issuer, answers),
    ...issuerClaimFindings(issuer, answers, policy),
  ]);
}

async function asked(
  issuer: Issuer,
  { transport, hosts }: IssuerAccess,
  answers: Answers,
): Promise<Noted[]> {
  const named = issuer.kind === "introspection" &&
    issuer.introspection_endpoint === null;
  // the endpoints of the others stand in the policy or in the program, and want a secret
  if (isAsked(issuer) && !named && !isDeviceIssuer(issuer)) return [];
  const metadata = await discoverAsClient(transport, {
    issuer: issuer.issuer,
    hosts,
    oauthMetadata: kindRow(issuer).oauthMetadata,
    discoveryUrl: discoveryUrlOf(issuer),
  });
  const { name } = issuer;
  return [
    fine(
      "issuer/unavailable",
      `"${name}" answers as "${issuer.issuer}", by a certificate that a login trusts`,
    ),
    ...(named ? introspectionFindings(issuer, metadata) : []),
    ...(!isDeviceIssuer(issuer) ? [] : [
      ...orFine(
        missing(issuer, metadata, [
          "device_authorization_endpoint",
          "token_endpoint",
          ...(issuer.device.userinfo ? ["userinfo_endpoint"] as const : []),
        ]),
        fine(
          "issuer/endpoint",
          `"${name}" has the endpoints of device sign-in, on hosts of the policy`,
        ),
      ),
      ...await deviceClientFindings(issuer, {
        transport,
        hosts,
        metadata,
        scopes: answers.scopes,
      }),
    ]),
    ...(isAsked(issuer) ? [] : await keyFindings(
      issuer,
      metadata,
      (url) => requestKeys(transport, url),
    )),
  ];
}

function introspectionFindings(
  issuer: IssuerOf<"introspection">,
  metadata: ClientMetadata,
): Finding[] {
  const methods = introspectionAuth(metadata);
  const way = clientAuth(issuer.client_auth, methods);
  return [
    ...missing(issuer, metadata, ["introspection_endpoint"]),
    ...clientAuthFindings(issuer, { way, methods }),
  ];
}

type Endpoint =
  | "introspection_endpoint"
  | "device_authorization_endpoint"
  | "token_endpoint"
  | "userinfo_endpoint";

function missing(
  issuer: Issuer,
  metadata: ClientMetadata,
  endpoints: readonly Endpoint[],
): Finding[] {
  return endpoints.filter((name) => metadata[name] === null).map((name) => ({
    ...problem(
      issuer,
      "issuer/endpoint",
      `its discovery document has no "${name}" on a host that the policy lists`,
    ),
    hint: 'list the host under the issuer\'s "hosts" if there is one',
  }));
}

async function keyFindings(
  issuer: LocalIssuer,
  { jwks_uri }: ClientMetadata,
  fetchKeys: (url: string) => Promise<readonly Jwk[]>,
): Promise<Noted[]> {
  if (jwks_uri === null) {
    const message = 'its discovery document has no "jwks_uri"';
    return [problem(issuer, "issuer/keys", message)];
  }
  const keys = await fetchKeys(jwks_uri);
  const usable = keys.filter((key) =>
    issuer.algorithms.some((algorithm) =>
      selectKey([key], { algorithm, keyId: null }) !== null
    )
  );
  const message =
    `${usable.length} of ${keys.length} published keys can be used with ` +
    issuer.algorithms.join(", ");
  const finding = problem(issuer, "issuer/keys", message);
  if (usable.length > 0) {
    const ok =
      `"${issuer.name}" publishes keys that the policy's algorithms can use`;
    return [{ ...finding, level: "info" }, fine("issuer/keys", ok)];
  }
  const published = [...new Set(keys.map(({ alg, kty }) => alg ?? kty))]
    .filter((name) => typeof name === "string");
  return [{
    ...finding,
    hint: `the issuer publishes keys for ${
      published.join(", ") || "nothing"
    }: see the issuer's "algorithms"`,
  }];
}

function problem({ name }: Issuer, id: string, what: string): Finding {
  return { id, level: "error", message: `issuer "${name}": ${what}` };
}
