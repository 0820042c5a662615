/**
 * The people at their browsers: they sign in to the bench's OpenID
 * provider and come back with tokens.
 *
 * @module
 */
import type { TestProvider } from "./provider.ts";
import {
  OPAQUE_RESOURCE,
  REDIRECT_URI,
  RESOURCE,
  SCOPES,
} from "./provider_configuration.ts";

export interface SignIn {
  /** A key of `accounts`. */
  readonly account: string;
  /** Default: the account's own. */
  readonly password?: string;
  /** Default true: amr is pwd, otp and mfa instead of pwd alone. */
  readonly secondFactor?: boolean;
  readonly acr?: string;
  /** How long ago the person authenticated, in seconds; default 0. */
  readonly secondsAgo?: number;
}

export interface TokenRequest extends SignIn {
  /** Default "ssh-login". */
  readonly client?: string;
  /** Default "openid email profile groups"; "openid email" for ES256. */
  readonly scope?: string;
  readonly resource?: string;
  readonly nonce?: string;
}

export interface TokenResponse {
  readonly access_token: string;
  readonly token_type: string;
  readonly id_token?: string;
  readonly scope?: string;
}

/**
 * Signs a person in by the authorization code flow with PKCE (RFC 7636), as
 * a browser would, and redeems the code.
 * Throws an Error with the page's or the endpoint's text when that fails.
 */
export async function signIn(
  provider: TestProvider,
  request: TokenRequest,
): Promise<TokenResponse> {
  const client = request.client ?? "ssh-login";
  const verifier = crypto.randomUUID() + crypto.randomUUID();
  const digest = await crypto.subtle.digest(
    "SHA-256",
    new TextEncoder().encode(verifier),
  );
  const state = crypto.randomUUID();
  const { resource, nonce } = request;
  const query = new URLSearchParams({
    client_id: client,
    response_type: "code",
    redirect_uri: REDIRECT_URI,
    scope: request.scope ?? (client === "ssh-login-es256"
      // pam_exec hands over 511 bytes: no more than a policy needs.
      ? "openid email"
      : SCOPES),
    state,
    code_challenge_method: "S256",
    code_challenge: new Uint8Array(digest).toBase64({
      alphabet: "base64url",
      omitPadding: true,
    }),
    ...(resource && { resource }),
    ...(nonce && { nonce }),
  });
  const end = await authenticate(
    createBrowser(provider),
    { provider, start: { target: `/auth?${query}` }, person: request },
  );
  const answer = new URL(end.url).searchParams;
  const code = answer.get("code");
  if (!code || answer.get("state") !== state) {
    throw new Error(`no code came back: ${end.url} ${end.text}`);
  }
  return await tokenRequest(provider, client, {
    grant_type: "authorization_code",
    code,
    redirect_uri: REDIRECT_URI,
    code_verifier: verifier,
    ...(resource && { resource }),
  });
}

/**
 * Opens an authorization request, signs the person in, and answers where the browser is sent in the
 * end, which it does not open.
 */
export async function signInAt(
  provider: TestProvider,
  url: string,
  person: SignIn,
): Promise<string> {
  const start = { target: url };
  return (await authenticate(createBrowser(provider), {
    provider,
    person,
    start,
  })).url;
}

/** An ID token by {@link signIn}. */
export async function idToken(
  provider: TestProvider,
  request: TokenRequest,
): Promise<string> {
  return (await signIn(provider, request)).id_token!;
}

/**
 * A JWT access token (RFC 9068) for {@link AUDIENCE}: a person's by
 * {@link signIn}, or without `account` that of a client by its credentials
 * (default "ssh-machine").
 */
export async function accessToken(
  provider: TestProvider,
  request: Partial<TokenRequest> = {},
): Promise<string> {
  const { account, resource = RESOURCE } = request;
  const response = account
    ? await signIn(provider, {
      scope: `${SCOPES} ssh`,
      ...request,
      account,
      resource,
    })
    : await tokenRequest(provider, request.client ?? "ssh-machine", {
      grant_type: "client_credentials",
      scope: request.scope ?? "ssh",
      resource,
    });
  return response.access_token;
}

/** As {@link accessToken}, but one that only introspection can read. */
export function opaqueToken(
  provider: TestProvider,
  request: Partial<TokenRequest> = {},
): Promise<string> {
  return accessToken(provider, { ...request, resource: OPAQUE_RESOURCE });
}

export interface DeviceAnswer extends SignIn {
  readonly userCode: string;
}

/** Types the code into the verification page, confirms it and signs in. */
export async function approveDevice(
  provider: TestProvider,
  answer: DeviceAnswer,
): Promise<void> {
  const browse = createBrowser(provider);
  const confirmation = await typeCode(browse, answer.userCode);
  const end = await authenticate(browse, {
    provider,
    person: answer,
    start: { target: confirmation.url, form: press(confirmation, "Yes") },
  });
  if (!end.text.includes("You have signed in")) {
    throw new Error(`the device was not approved: ${end.text}`);
  }
}

/** Types the code into the verification page and presses "No". */
export async function denyDevice(
  provider: TestProvider,
  answer: { readonly userCode: string },
): Promise<void> {
  const browse = createBrowser(provider);
  const confirmation = await typeCode(browse, answer.userCode);
  const end = await browse(confirmation.url, press(confirmation, "No"));
  if (!end.text.includes("the interaction was aborted")) {
    throw new Error(`the device was not denied: ${end.text}`);
  }
}

interface Page {
  readonly url: string;
  readonly status: number;
  readonly text: string;
}
type Form = string[][];
type Browser = (target: string, form?: Form) => Promise<Page>;

/**
 * A function that opens a page (posts, with `form`), keeps cookies and
 * follows redirects as long as they stay at the issuer.
 */
function createBrowser(provider: TestProvider): Browser {
  const jar = new Map<string, { pair: string; path: string }>();
  return async function browse(target, form) {
    let url = new URL(target, provider.issuer);
    let body = form && new URLSearchParams(form);
    for (let hops = 0; hops < 10; hops++) {
      const cookies = [...jar.values()]
        .filter(({ path }) => `${url.pathname}/`.startsWith(path))
        .map(({ pair }) => pair);
      const response = await provider.fetch(url, {
        method: body ? "POST" : "GET",
        headers: { cookie: cookies.join("; ") },
        body: body ?? null,
      });
      for (const line of response.headers.getSetCookie()) {
        const [pair = "", ...attributes] = line.split("; ");
        const path = attributes.find((a) => /^path=/i.test(a))?.slice(5) ?? "";
        const key = `${pair.split("=")[0]} ${path}`;
        if (line.includes("01 Jan 1970")) jar.delete(key);
        else jar.set(key, { pair, path: path.replace(/\/?$/, "/") });
      }
      const text = await response.text();
      const location = response.headers.get("location");
      const next = location === null ? url : new URL(location, url);
      const away = next.origin !== provider.issuer;
      if (location === null || away) {
        return { url: next.href, status: response.status, text };
      }
      url = next;
      body = undefined;
    }
    throw new Error(`too many redirects, the last to ${url}`);
  };
}

/** Opens a page and fills in the login form if that is where it leads. */
async function authenticate(
  browse: Browser,
  { provider, start, person }: {
    provider: TestProvider;
    start: { target: string; form?: Form };
    person: SignIn;
  },
): Promise<Page> {
  const login = await browse(start.target, start.form);
  if (!new URL(login.url).pathname.startsWith("/interaction/")) return login;
  const { account, acr, secondsAgo, secondFactor = true } = person;
  const password = person.password ?? provider.accounts[account]?.password;
  return await browse(login.url, [
    ["account", account],
    ["password", password ?? ""],
    ...(secondFactor ? [["second_factor", "on"]] : []),
    ["acr", acr ?? ""],
    ["seconds_ago", String(secondsAgo ?? "")],
  ]);
}

async function typeCode(browse: Browser, userCode: string): Promise<Page> {
  const start = await browse("/device");
  const typed = ["user_code", userCode];
  const page = await browse("/device", [...press(start, "Continue"), typed]);
  if (!page.text.includes(`<code>${userCode}</code>`)) {
    throw new Error(`the code is not known: ${page.text}`);
  }
  return page;
}

/** What a browser would send of the hidden fields and of the button. */
function press({ text }: Page, label: string): Form {
  const hidden = [
    ...text.matchAll(/type="hidden" name="(.*?)" value="(.*?)"/g),
  ];
  const button = new RegExp(`name="([^"]*)" value="([^"]*)">${label}<`);
  const pressed = button.exec(text);
  if (!pressed) throw new Error(`no button "${label}": ${text}`);
  return [...hidden, pressed]
    .map(([, name = "", value = ""]) => [name, value])
    .filter(([name]) => name !== "");
}

/** Posts to the token endpoint as the given client. */
export async function tokenRequest(
  provider: TestProvider,
  client: string,
  parameters: Readonly<Record<string, string>>,
): Promise<TokenResponse> {
  const secret = provider.clients[client];
  const response = await provider.fetch("/token", {
    method: "POST",
    headers: secret === undefined
      ? {}
      : { authorization: basic(client, secret) },
    body: new URLSearchParams(
      secret === undefined ? { ...parameters, client_id: client } : parameters,
    ),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`the token endpoint answered ${text}`);
  return JSON.parse(text);
}

/** HTTP Basic as RFC 6749 section 2.3.1 has it: both parts form-encoded. */
export function basic(client: string, secret: string): string {
  const encode = (text: string) =>
    new URLSearchParams({ v: text }).toString().slice(2);
  return `Basic ${btoa(`${encode(client)}:${encode(secret)}`)}`;
}
