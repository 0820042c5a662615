/**
 * Signing in for a key: from an issuer and a client to an ID token that commits to the key.
 *
 * @module
 */
import { clientAuth } from "../token/client_auth.ts";
import type { AccessToken } from "../token/access_token.ts";
import {
  pollForTokens,
  proofKey,
  requestDeviceAuthorization,
  requestTokens,
} from "../token/device_flow.ts";
import type { IssuedTokens, OAuthClient } from "../token/oauth_client.ts";
import type { JsonObject } from "../token/strict_json.ts";
import { signInByCode } from "./code_flow.ts";
import { ClientError } from "./errors.ts";
import { verifyIdToken } from "./id_token.ts";
import type { LoopbackTarget } from "./loopback.ts";
import { needed, openProvider, type Provider, REQUEST_MS } from "./provider.ts";

export interface SignIn {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string | null;
  readonly scope: string;
  /** Further parameters of the request, such as `acr_values`. */
  readonly parameters: Readonly<Record<string, string>>;
  /** The key's commitment. */
  readonly nonce: string;
  /** PEM certificates that are trusted beside the runtime's own. */
  readonly caCerts: readonly string[];
  /** Where the browser of this machine comes back to; `null`: another device's browser (RFC 8628). */
  readonly loopback: LoopbackTarget | null;
  /** Milliseconds for the person. */
  readonly patience: number;
  readonly screen: Screen;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly wait: (milliseconds: number) => Promise<void>;
}

/** What the person is shown. */
interface Screen {
  /** The address to open in the browser of this machine. */
  readonly address: (url: string) => void;
  /** The address and the code to enter there, on any device. */
  readonly code: (
    code: { readonly url: string; readonly userCode: string },
  ) => void;
}

/** An ID token that has been verified, with what it says. */
export interface SignedIn {
  readonly idToken: AccessToken;
  readonly claims: JsonObject;
}

/**
 * Has the person sign in, and gives the verified ID token to `use`, whose success or failure the
 * browser's page tells. Throws {@link ClientError}, `IssuerError`, `TokenError`, `SignInError`, and
 * what `use` throws.
 */
export async function signIn<Result>(
  options: SignIn,
  use: (signedIn: SignedIn) => Promise<Result>,
): Promise<Result> {
  const provider = await openProvider(options.issuer, options.caCerts);
  try {
    const client: OAuthClient = {
      ...options,
      transport: provider.transport,
      clientAuth: clientAuth(null, provider.tokenAuthMethods),
      requestMs: REQUEST_MS,
    };
    const parts = { options, provider, client };
    return await tokensOf(
      parts,
      async (tokens) => await use(await signedIn(tokens, parts)),
    );
  } finally {
    provider.transport.close();
  }
}

interface Parts {
  readonly options: SignIn;
  readonly provider: Provider;
  readonly client: OAuthClient;
}

async function tokensOf<Result>(
  { options, provider, client }: Parts,
  use: (tokens: IssuedTokens) => Promise<Result>,
): Promise<Result> {
  const { scope, nonce, loopback, patience, screen } = options;
  const parameters = { ...options.parameters, scope, nonce };
  if (loopback === null) {
    return await use(await tokensByDevice({ options, provider, client }));
  }
  const { authorizationEndpoint, tokenEndpoint, namesItself } = provider;
  return await signInByCode({
    client,
    authorizationEndpoint: needed(
      authorizationEndpoint,
      "authorization_endpoint",
    ),
    tokenEndpoint,
    namesItself,
    parameters,
    target: loopback,
    patience,
    show: screen.address,
  }, use);
}

async function tokensByDevice(
  { options, provider, client }: Parts,
): Promise<IssuedTokens> {
  const { scope, nonce, now, wait } = options;
  const { codeVerifier, parameters } = await proofKey();
  const code = await requestDeviceAuthorization({ ...client, hosts: null }, {
    endpoint: needed(
      provider.deviceEndpoint,
      "device_authorization_endpoint",
    ),
    parameters: { ...options.parameters, ...parameters, scope, nonce },
  });
  const { deviceCode, userCode, interval } = code;
  options.screen.code({ url: code.verificationUri, userCode });
  const deadline = now() + Math.min(code.expiresIn * 1000, options.patience);
  // nobody can be that quick
  await wait(interval * 1000);
  return await pollForTokens({
    poll: () =>
      requestTokens(client, {
        endpoint: provider.tokenEndpoint,
        deviceCode,
        codeVerifier,
      }),
    interval,
    deadline,
    now,
    wait,
    // the person ends the program instead
    gone: new AbortController().signal,
  });
}

async function signedIn(
  { idToken }: IssuedTokens,
  { options, provider }: Parts,
): Promise<SignedIn> {
  if (idToken === null) {
    throw new ClientError(
      "refused",
      'the issuer gave no ID token: is "openid" among the scopes?',
    );
  }
  const claims = await verifyIdToken(provider.transport, idToken, {
    issuer: options.issuer,
    clientId: options.clientId,
    nonce: options.nonce,
    jwksUri: provider.jwksUri,
    now: Math.floor(options.now() / 1000),
  });
  return { idToken, claims };
}
