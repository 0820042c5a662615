/**
 * What the bench's OpenID provider is made of: people, clients, keys
 * and the configuration of oidc-provider.
 *
 * @module
 */
import { exportJWK, generateKeyPair, type JWK } from "@panva/jose";
import { InvalidTarget } from "oidc-provider/lib/helpers/errors.js";
import type { Authority } from "./certificates.ts";
import { askForCode, confirmCode, page } from "./provider_pages.ts";

interface Grant {
  addOIDCScope(scope: string): void;
  addResourceScope(resource: string, scope: string): void;
  save(): Promise<string>;
}
interface Source {
  acr?: string;
  amr?: string[];
  authTime?: number;
}
/** A device code as it is stored. */
interface StoredCode extends Source {
  nonce?: string;
  params: Readonly<Record<string, string>>;
  save(): Promise<string>;
}
export interface Context {
  path: string;
  status: number;
  body: unknown;
  oidc: {
    /** Only where the endpoint takes some. */
    params?: { device_code?: string };
    client: { clientId: string };
    session: { accountId?: string };
    entities: { AuthorizationCode?: Source; DeviceCode?: StoredCode };
    provider: {
      Grant: new (owner: { clientId: string; accountId: string }) => Grant;
    };
  };
}

export interface Account {
  readonly password: string;
  /** `sub` and what the scopes email, profile and groups release. */
  readonly claims: Readonly<Record<string, unknown>> & { readonly sub: string };
}

/**
 * Subjects differ from the account names, so that no test passes by mixing
 * the two up. Bob is not a member of staff; carol's address is not verified.
 */
export const ACCOUNTS: Readonly<Record<string, Account>> = {
  alice: person("alice", "u1", ["staff"]),
  bob: person("bob", "u2", ["students"]),
  carol: person("carol", "u3", ["staff", "admins"], false),
};

/** The resource indicator of JWT access tokens, and that of opaque ones. */
export const RESOURCE = "https://ssh.example.edu/";
export const OPAQUE_RESOURCE = "https://ssh.example.edu/opaque";
/** The audience of both kinds of access token. */
export const AUDIENCE = "ssh-prod";
export const REDIRECT_URI = "https://client.example.edu/callback";
export const SCOPES = "openid email profile groups";
const SECRET = "a secret of the test bench and of nothing else";
export const ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"] as const;
export type Algorithm = typeof ALGORITHMS[number];

export interface ProviderOptions {
  readonly authority?: Authority;
  /** Further people, or others of the same name. */
  readonly accounts?: Readonly<Record<string, Account>>;
  /** Further clients, as RFC 7591 metadata. */
  readonly clients?: readonly Record<string, unknown>[];
  /** Seconds the device endpoint tells clients to wait; default 1. */
  readonly deviceInterval?: number;
  /**
   * Whether the ID token of device sign-in has the request's nonce; default false,
   * as oidc-provider drops it.
   */
  readonly deviceNonce?: boolean;
  /** Seconds a device code lives; default 600. */
  readonly deviceLifetime?: number;
  /** Seconds that ID and access tokens live; default 3600. */
  readonly tokenLifetime?: number;
  /** Seconds that the ID tokens of single clients live. */
  readonly clientLifetimes?: Readonly<Record<string, number>>;
  /** 0 (default) takes a free port. */
  readonly port?: number;
}

function person(
  name: string,
  sub: string,
  groups: readonly string[],
  email_verified = true,
): Account {
  return {
    password: `${name}'s password`,
    claims: {
      sub,
      email: `${name}@example.edu`,
      email_verified,
      groups,
      preferred_username: name,
    },
  };
}

export async function generateKey(
  alg: Algorithm,
  generation: number,
): Promise<JWK> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  const kid = `${alg.toLowerCase()}-${generation}`;
  return { ...await exportJWK(privateKey), kid, alg, use: "sig" };
}

export function clientMetadata(
  more: readonly Record<string, unknown>[],
): Record<string, unknown>[] {
  const person = {
    redirect_uris: [REDIRECT_URI],
    response_types: ["code"],
    grant_types: [
      "authorization_code",
      "urn:ietf:params:oauth:grant-type:device_code",
    ],
  };
  const publicClient = { ...person, token_endpoint_auth_method: "none" };
  const machine = {
    redirect_uris: [],
    response_types: [],
    client_secret: SECRET,
  };
  return [
    { ...publicClient, client_id: "ssh-login" },
    ...ALGORITHMS.map((alg) => ({
      ...publicClient,
      client_id: `ssh-login-${alg.toLowerCase()}`,
      id_token_signed_response_alg: alg,
    })),
    { ...person, client_id: "ssh-login-secret", client_secret: SECRET },
    {
      ...machine,
      client_id: "ssh-machine",
      grant_types: ["client_credentials"],
    },
    { ...machine, client_id: "ssh-gate", grant_types: [] },
    ...more,
  ];
}

export function configuration(
  accounts: Readonly<Record<string, Account>>,
  options: ProviderOptions,
): Record<string, unknown> {
  const byId = new Map(
    Object.values(accounts).map((account) => [account.claims.sub, account]),
  );
  const life = options.tokenLifetime ?? 3600;
  return {
    findAccount(_ctx: Context, sub: string) {
      const claims = byId.get(sub)?.claims;
      return claims && { accountId: sub, claims: () => claims };
    },
    scopes: [...SCOPES.split(" "), "ssh"],
    claims: {
      openid: ["sub", "acr", "amr", "auth_time"],
      email: ["email", "email_verified"],
      profile: ["preferred_username", "idp"],
      groups: ["groups"],
    },
    // No policy here asks the userinfo endpoint: all claims go into the token.
    conformIdTokenClaims: false,
    cookies: { keys: [crypto.randomUUID()] },
    interactions: {
      url: (_ctx: Context, { uid }: { uid: string }) => `/interaction/${uid}`,
    },
    loadExistingGrant: consent,
    clientBasedCORS: () => false,
    renderError(ctx: Context, error: object) {
      // JSON cannot close the element it stands in once "<" is escaped.
      const text = JSON.stringify(error).replaceAll("<", "\\u003c");
      ctx.body = page("That did not work", `<pre>${text}</pre>`);
    },
    extraTokenClaims(ctx: Context, token: { accountId?: string }) {
      const claims = byId.get(token.accountId ?? "")?.claims;
      if (!claims) return undefined;
      const { sub: _, ...rest } = claims;
      const { AuthorizationCode, DeviceCode } = ctx.oidc.entities;
      const { acr, amr, authTime } = AuthorizationCode ?? DeviceCode ?? {};
      return { ...rest, acr, amr, auth_time: authTime };
    },
    ttl: {
      AccessToken: life,
      ClientCredentials: life,
      IdToken: (_ctx: Context, _token: unknown, client: { clientId: string }) =>
        options.clientLifetimes?.[client.clientId] ?? life,
      DeviceCode: options.deviceLifetime ?? 600,
      Interaction: 3600,
      Session: 86_400,
      Grant: 86_400,
    },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: () => true },
      deviceFlow: {
        enabled: true,
        userCodeInputSource: askForCode,
        userCodeConfirmSource: confirmCode,
        async successSource(ctx: Context) {
          const code = ctx.oidc.entities.DeviceCode;
          if (options.deviceNonce === true && code?.params.nonce) {
            code.nonce = code.params.nonce;
            await code.save();
          }
          ctx.body = page("You have signed in", "Go back to your device.");
        },
      },
      resourceIndicators: {
        enabled: true,
        useGrantedResource: () => true,
        getResourceServerInfo(_ctx: Context, resource: string) {
          if (resource !== RESOURCE && resource !== OPAQUE_RESOURCE) {
            throw new InvalidTarget();
          }
          return {
            scope: "ssh",
            audience: AUDIENCE,
            accessTokenTTL: life,
            accessTokenFormat: resource === RESOURCE ? "jwt" : "opaque",
            jwt: { sign: { alg: "RS256" } },
          };
        },
      },
    },
  };
}

/** Everybody agrees to everything: these clients are the site's own. */
async function consent({ oidc }: Context): Promise<Grant | undefined> {
  const { accountId } = oidc.session;
  if (!accountId) return undefined;
  const { clientId } = oidc.client;
  const grant = new oidc.provider.Grant({ clientId, accountId });
  grant.addOIDCScope(`${SCOPES} ssh`);
  grant.addResourceScope(RESOURCE, "ssh");
  grant.addResourceScope(OPAQUE_RESOURCE, "ssh");
  await grant.save();
  return grant;
}
