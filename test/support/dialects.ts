/**
 * Issuers as their makers answer at device sign-in: a table of dialects, and a stand-in that speaks
 * them. The members are those of the makers' documents or of public threads; ids and codes are not.
 *
 * @module
 */
import {
  CLIENT,
  createDeviceScene,
  type DeviceScene,
  type PollBehaviour,
} from "./device.ts";
import {
  type Answer,
  answer,
  type Behaviour,
  type ReceivedRequest,
} from "./hostile_server.ts";

type Members = Readonly<Record<string, unknown>>;

/** One provider's way of speaking. */
export interface Dialect {
  readonly name: string;
  /** The answer to the request for a code; `issuer` is its URL. */
  readonly start: (issuer: string) => Members;
  /** The code that the person must see. */
  readonly userCode: string;
  /** Seconds between two requests; 5 unless given. */
  readonly interval?: number;
  /** A client that may not do this, at the request for a code. */
  readonly refused: Answer;
  readonly pending: Answer;
  readonly slowDown: Answer;
  readonly declined: Answer;
  readonly expired: Answer;
  /** What the log says beside the reason, at each of them. */
  readonly words: {
    readonly refused: string;
    readonly declined: string;
    readonly expired: string;
  };
  /** The answer that has the tokens, from an ID token that says all. */
  readonly tokens: (idToken: string) => Members;
  /** Claims of the ID token; `undefined` takes one away. */
  readonly claims?: Members;
  /** The answer of the userinfo endpoint. */
  readonly userinfo?: Members;
  /** A client with a secret. */
  readonly secret?: string;
  readonly clientId?: string;
  /** Of the discovery document. */
  readonly discovery?: Members;
  /** Further lines of the policy's issuer and members of its `device`. */
  readonly issuerLines?: readonly string[];
  readonly device?: string;
  /** What it wants of every request beside the grant; `null`: it is content. */
  readonly demands?: (request: Asked) => Answer | null;
  /** How a sign-in that was approved ends; `allowed` unless given. */
  readonly approved?: { readonly reason: string; readonly detail: RegExp };
}

/** A request to one of the two endpoints. */
interface Asked {
  readonly path: "/device_authorization" | "/token";
  readonly form: Readonly<Record<string, string>>;
  /** What the header of HTTP Basic holds, not decoded any further; `null` without. */
  readonly basic: string | null;
  /** Of the request for a code. */
  readonly challenge: string;
  /** S256 of the verifier in this request. */
  readonly proof: string;
}

const GRANT = "urn:ietf:params:oauth:grant-type:device_code";
const DEVICE_CODE = "a-device-code-of-nobody";

function error(
  status: number,
  error: string,
  description?: string,
  rest: Members = {},
): Answer {
  return {
    status,
    body: {
      error,
      ...(description === undefined ? {} : { error_description: description }),
      ...rest,
    },
  };
}

/** The four errors of RFC 8628 section 3.5 with one status, as most servers have them. */
function plain(
  status: number,
  said: Partial<
    Record<"pending" | "slowDown" | "declined" | "expired", string>
  > = {},
): Pick<Dialect, "pending" | "slowDown" | "declined" | "expired"> {
  return {
    pending: error(status, "authorization_pending", said.pending),
    slowDown: error(status, "slow_down", said.slowDown),
    declined: error(status, "access_denied", said.declined),
    expired: error(status, "expired_token", said.expired),
  };
}

function bearer(idToken: string): Members {
  return {
    access_token: "an-opaque-token",
    token_type: "Bearer",
    expires_in: 3600,
    id_token: idToken,
  };
}

/** The members of RFC 8628 section 3.2. */
function code(
  issuer: string,
  { userCode, path = "/device", ...members }: {
    userCode: string;
    path?: string;
    [name: string]: unknown;
  },
): Members {
  return {
    device_code: DEVICE_CODE,
    user_code: userCode,
    verification_uri: `${issuer}${path}`,
    verification_uri_complete: `${issuer}${path}?user_code=${userCode}`,
    expires_in: 600,
    interval: 5,
    ...members,
  };
}

/** RFC 7636 as servers that demand it ask for it. */
function pkce({ path, form, challenge, proof }: Asked): Answer | null {
  if (path === "/device_authorization") {
    return form.code_challenge_method === "S256" && challenge !== ""
      ? null
      : error(
        400,
        "invalid_request",
        "Missing parameter: code_challenge_method",
      );
  }
  return proof === challenge
    ? null
    : error(400, "invalid_grant", "PKCE verification failed");
}

const UUID = "3fa85f64-5717-4562-b3fc-2c963f66afa6";
const BARE = {
  ...{ email: undefined, email_verified: undefined, groups: undefined },
  ...{ preferred_username: undefined, amr: undefined },
};

const KEYCLOAK: Omit<Dialect, "name"> = {
  userCode: "WQGM-TJHO",
  start: (issuer) => code(issuer, { userCode: "WQGM-TJHO" }),
  refused: error(
    401,
    "unauthorized_client",
    "Client is not allowed to initiate OAuth 2.0 Device Authorization Grant.",
  ),
  ...plain(400, {
    pending: "The authorization request is still pending",
    slowDown: "Slow down",
    declined: "The end user denied the authorization request",
    expired: "Device code is expired",
  }),
  words: {
    refused: '"unauthorized_client": Client is not allowed to initiate',
    declined: '"access_denied": The end user denied the authorization request',
    expired: '"expired_token": Device code is expired',
  },
  demands: pkce,
  tokens: (idToken) => ({
    ...bearer(idToken),
    "not-before-policy": 0,
    refresh_expires_in: 1800,
    refresh_token: "r",
    scope: "openid email profile",
    session_state: UUID,
  }),
};

export const DIALECTS: readonly Dialect[] = [
  {
    name: "Google",
    userCode: "GQVQ-JKEC",
    start: (issuer) => ({
      device_code: DEVICE_CODE,
      user_code: "GQVQ-JKEC",
      verification_url: `${issuer}/device`,
      expires_in: 1800,
      interval: 5,
    }),
    refused: error(
      401,
      "invalid_client",
      "Only clients of type 'TVs and Limited Input devices' can use the OAuth 2.0 flow for TV and Limited-Input Device Applications.",
    ),
    pending: error(428, "authorization_pending", "Precondition Required"),
    slowDown: error(403, "slow_down", "Forbidden"),
    declined: error(403, "access_denied", "Forbidden"),
    expired: error(400, "expired_token", "Bad Request"),
    words: {
      refused:
        "\"invalid_client\": Only clients of type 'TVs and Limited Input devices'",
      declined: '"access_denied": Forbidden',
      expired: '"expired_token": Bad Request',
    },
    secret: "GOCSPX-a_b-c",
    discovery: {
      token_endpoint_auth_methods_supported: [
        "client_secret_post",
        "client_secret_basic",
      ],
    },
    tokens: (idToken) => ({
      ...bearer(idToken),
      scope: "openid https://www.example.org/auth/userinfo.email",
      refresh_token: "1//r",
    }),
  },
  {
    name: "Entra v2",
    userCode: "FJZQH7LXS",
    start: (issuer) => ({
      user_code: "FJZQH7LXS",
      device_code: DEVICE_CODE,
      verification_uri: `${issuer}/devicelogin`,
      expires_in: 900,
      interval: 5,
      message: "To sign in, use a web browser to open the page",
    }),
    refused: error(
      400,
      "unauthorized_client",
      "AADSTS700016: Application with identifier 'x' was not found in the directory 'y'.\r\nTrace ID: 1\r\nTimestamp: 2",
      { error_codes: [700016], trace_id: UUID },
    ),
    pending: error(
      400,
      "authorization_pending",
      "AADSTS70016: OAuth 2.0 device flow error. Authorization is pending. Continue polling.\r\nTrace ID: 1",
      { error_codes: [70016], correlation_id: UUID },
    ),
    slowDown: error(400, "slow_down", "AADSTS90055: slow down"),
    declined: error(
      400,
      "authorization_declined",
      "AADSTS70018: End-user denied authorization",
    ),
    expired: error(
      400,
      "expired_token",
      "AADSTS70020: The provided value for the input parameter 'device_code' is expired.",
    ),
    words: {
      refused:
        "\"unauthorized_client\": AADSTS700016: Application with identifier 'x' was not found in the directory",
      declined:
        '"authorization_declined": AADSTS70018: End-user denied authorization',
      expired: '"expired_token": AADSTS70020: The provided value',
    },
    tokens: (idToken) => ({
      ...bearer(idToken),
      scope: "openid profile email",
      ext_expires_in: 3600,
    }),
  },
  {
    name: "Okta",
    userCode: "RGTCFDTL",
    start: (issuer) =>
      code(issuer, { userCode: "RGTCFDTL", path: "/activate" }),
    refused: {
      status: 401,
      body: {
        errorCode: "invalid_client",
        errorSummary: "Invalid value for 'client_id' parameter.",
        errorLink: "invalid_client",
        errorId: "oae1",
        errorCauses: [],
      },
    },
    ...plain(400, {
      pending: "The device authorization is pending. Please try again later.",
      declined: "The resource owner denied the request.",
    }),
    words: {
      refused: "\"invalid_client\": Invalid value for 'client_id' parameter.",
      declined: '"access_denied": The resource owner denied the request.',
      expired: '"expired_token"',
    },
    tokens: (idToken) => ({ ...bearer(idToken), scope: "openid email" }),
  },
  {
    name: "Auth0",
    userCode: "QTZL-MCBW",
    start: (issuer) =>
      code(issuer, { userCode: "QTZL-MCBW", path: "/activate" }),
    refused: error(
      403,
      "unauthorized_client",
      `Grant type '${GRANT}' not allowed for the client.`,
      { error_uri: "https://example.com/docs/clients/client-grant-types" },
    ),
    ...plain(403, {
      pending: "User has yet to authorize device code.",
      declined: "User cancelled the confirmation prompt.",
      expired: "The code has expired.",
    }),
    slowDown: error(
      429,
      "slow_down",
      "You are polling faster than the specified interval of 5 seconds.",
    ),
    words: {
      refused: `"unauthorized_client": Grant type '${GRANT}' not allowed`,
      declined: '"access_denied": User cancelled the confirmation prompt.',
      expired: '"expired_token": The code has expired.',
    },
    // a native application has none, and one that comes all the same is refused
    demands: ({ form, basic }) =>
      form.client_secret === undefined && basic === null
        ? null
        : error(401, "invalid_client", "a secret was sent"),
    tokens: (idToken) => ({ ...bearer(idToken), scope: "openid email" }),
  },
  { name: "Keycloak", ...KEYCLOAK },
  {
    name: "GitHub",
    userCode: "WDJB-MJHT",
    start: (issuer) => ({
      device_code: DEVICE_CODE,
      user_code: "WDJB-MJHT",
      verification_uri: `${issuer}/login/device`,
      expires_in: 900,
      interval: 5,
    }),
    refused: error(
      200,
      "device_flow_disabled",
      "Device Flow must be explicitly enabled for this App",
    ),
    pending: error(200, "authorization_pending", "still pending."),
    slowDown: error(200, "slow_down", "Too many requests", { interval: 10 }),
    declined: error(
      200,
      "access_denied",
      "The authorization request was denied.",
    ),
    expired: error(200, "expired_token", "The `device_code` has expired."),
    words: {
      refused: '"device_flow_disabled": Device Flow must be explicitly enabled',
      declined: '"access_denied": The authorization request was denied.',
      expired: '"expired_token": The `device_code` has expired.',
    },
    tokens: () => ({
      access_token: "gho_16C7e42F292c6912E7710c838347Ae178B4a",
      token_type: "bearer",
      scope: "user:email",
    }),
    // not an issuer of ID tokens
    approved: {
      reason: "token_missing",
      detail: /the issuer sent no ID token: is \\"openid\\" among the scopes\?/,
    },
  },
  {
    name: "GitLab",
    userCode: "0A44L90H",
    start: (issuer) =>
      code(issuer, {
        userCode: "0A44L90H",
        path: "/oauth/device",
        expires_in: 300,
      }),
    refused: error(
      401,
      "invalid_client",
      "Client authentication failed due to unknown client, no client authentication included, or unsupported authentication method.",
    ),
    ...plain(400, {
      pending: "The authorization request is still pending",
      declined:
        "The resource owner or authorization server denied the request.",
      expired: "The device_code has expired",
    }),
    words: {
      refused: '"invalid_client": Client authentication failed due to unknown',
      declined: '"access_denied": The resource owner or authorization server',
      expired: '"expired_token": The device_code has expired',
    },
    claims: BARE,
    userinfo: {
      sub: "u1",
      email: "alice@example.edu",
      email_verified: true,
      groups: ["staff"],
    },
    device: "userinfo: true",
    tokens: (idToken) => ({
      ...bearer(idToken),
      refresh_token: "r",
      scope: "openid",
      created_at: 1_607_635_748,
    }),
  },
  {
    name: "Authentik",
    userCode: "683517944",
    start: (issuer) => code(issuer, { userCode: "683517944", expires_in: 60 }),
    refused: error(
      400,
      "invalid_client",
      "Client authentication failed (e.g., unknown client)",
    ),
    ...plain(400, {
      pending: "The authorization request is still pending as the end user",
    }),
    words: {
      refused: '"invalid_client": Client authentication failed',
      declined: '"access_denied"',
      expired: '"expired_token"',
    },
    tokens: (idToken) => ({ ...bearer(idToken), scope: "openid email" }),
  },
  {
    name: "Authelia",
    userCode: "TQKRVWSB",
    interval: 10,
    start: (issuer) => code(issuer, { userCode: "TQKRVWSB", interval: 10 }),
    refused: error(
      400,
      "invalid_scope",
      "The requested scope is invalid, unknown, or malformed. Missing scope 'groups'",
    ),
    ...plain(400, {
      pending: "The authorization request is still pending",
      declined:
        "The resource owner or authorization server denied the request.",
      expired: "The device_code has expired",
    }),
    words: {
      refused: '"invalid_scope": The requested scope is invalid',
      declined: '"access_denied": The resource owner or authorization server',
      expired: '"expired_token": The device_code has expired',
    },
    claims: BARE,
    userinfo: {
      sub: "u1",
      email: "alice@example.edu",
      email_verified: true,
      groups: ["staff"],
      preferred_username: "alice",
      updated_at: 1_767_268_800,
    },
    device: "userinfo: true",
    demands: pkce,
    tokens: (idToken) => ({
      ...bearer(idToken),
      token_type: "bearer",
      scope: "openid email groups",
    }),
  },
  {
    name: "Zitadel",
    userCode: "BCDF-GHJK",
    start: (issuer) => code(issuer, { userCode: "BCDF-GHJK", expires_in: 300 }),
    refused: error(400, "invalid_client", "client not found"),
    ...plain(400),
    words: {
      refused: '"invalid_client": client not found',
      declined: '"access_denied"',
      expired: '"expired_token"',
    },
    tokens: bearer,
  },
  {
    name: "Dex",
    userCode: "HJKL-QWER",
    start: (issuer) => code(issuer, { userCode: "HJKL-QWER", expires_in: 300 }),
    refused: error(401, "unauthorized_client", "Invalid client credentials."),
    ...plain(400),
    pending: error(401, "authorization_pending"),
    words: {
      refused: '"unauthorized_client": Invalid client credentials.',
      declined: '"access_denied"',
      expired: '"expired_token"',
    },
    secret: "ZXhhbXBsZS1hcHAtc2VjcmV0",
    issuerLines: ["client_auth: post"],
    demands: ({ form }) =>
      form.client_secret === "ZXhhbXBsZS1hcHAtc2VjcmV0"
        ? null
        : error(401, "unauthorized_client", "Invalid client credentials."),
    tokens: (idToken) => ({ ...bearer(idToken), token_type: "bearer" }),
  },
  {
    name: "CILogon",
    userCode: "VQQ_4KX_X3J",
    start: (issuer) =>
      code(issuer, {
        userCode: "VQQ_4KX_X3J",
        device_code: `${issuer}/oauth2/1a2b?type=device&ts=17&version=v2.0`,
        path: "/device/",
        expires_in: 900,
      }),
    refused: error(401, "invalid_client", "client is not approved"),
    ...plain(400, { pending: "authorization pending" }),
    words: {
      refused: '"invalid_client": client is not approved',
      declined: '"access_denied"',
      expired: '"expired_token"',
    },
    secret: "x_-.Y~1",
    clientId: "cilogon:/client_id/1a2b",
    discovery: {
      token_endpoint_auth_methods_supported: [
        "client_secret_post",
        "private_key_jwt",
      ],
    },
    demands: ({ form }) =>
      form.client_secret === "x_-.Y~1"
        ? null
        : error(400, "invalid_request", "no client secret"),
    tokens: (idToken) => ({
      ...bearer(idToken),
      access_token: "https://login.example.org/oauth2/accessToken/1a2b/17",
      refresh_token: "https://login.example.org/oauth2/refreshToken/1a2b/17",
    }),
  },
  {
    name: "INDIGO IAM",
    userCode: "EPSJ5S",
    start: (issuer) =>
      code(issuer, { userCode: "EPSJ5S", interval: undefined }),
    refused: error(401, "invalid_client", "Bad client credentials"),
    ...plain(400, {
      pending: `Authorization pending for code: ${DEVICE_CODE}`,
      declined: "the user has denied the request",
      expired: `Device code has expired ${DEVICE_CODE}`,
    }),
    words: {
      refused: '"invalid_client": Bad client credentials',
      declined: '"access_denied": the user has denied the request',
      expired: '"expired_token": Device code has expired [secret]',
    },
    clientId: UUID,
    secret: "AK2-x_Y.z",
    // compares without decoding
    demands: ({ basic }) =>
      basic === `${UUID}:AK2-x_Y.z`
        ? null
        : error(401, "invalid_client", "Bad client credentials"),
    tokens: (idToken) => ({
      ...bearer(idToken),
      scope: "openid profile wlcg.groups",
    }),
  },
  {
    ...KEYCLOAK,
    name: "EGI Check-in",
    claims: {
      groups: undefined,
      eduperson_entitlement: ["urn:mace:egi.eu:group:staff"],
      voperson_id: "a1@egi.eu",
    },
  },
  {
    name: "ForgeRock",
    userCode: "KNpesLcE",
    start: (issuer) =>
      code(issuer, {
        userCode: "KNpesLcE",
        path: "/openam/oauth2/device/user",
        verification_url: `${issuer}/openam/oauth2/device/user`,
        verification_url_complete: null,
        expires_in: 300,
      }),
    refused: error(401, "invalid_client", "Client authentication failed"),
    ...plain(400, {
      slowDown: "The polling interval has not elapsed since the last request",
      declined: "Resource Owner did not authorize the request",
      expired: "The provided device code has expired",
    }),
    pending: error(
      403,
      "authorization_pending",
      "End user has yet to authorize request",
    ),
    words: {
      refused: '"invalid_client": Client authentication failed',
      declined: '"access_denied": Resource Owner did not authorize the request',
      expired: '"expired_token": The provided device code has expired',
    },
    demands: pkce,
    tokens: (idToken) => ({
      ...bearer(idToken),
      refresh_token: null,
      scope: ["openid", "profile"],
    }),
  },
  {
    name: "LemonLDAP::NG",
    userCode: "BCDF-GHJK",
    start: (issuer) =>
      code(issuer, { userCode: "BCDF-GHJK", interval: "5", expires_in: "600" }),
    refused: error(400, "unauthorized_client"),
    ...plain(400),
    words: {
      refused: '"unauthorized_client"',
      declined: '"access_denied"',
      expired: '"expired_token"',
    },
    tokens: (idToken) => ({ ...bearer(idToken), token_type: null }),
  },
  {
    name: "Kanidm",
    userCode: "123-456-789",
    start: (issuer) =>
      code(issuer, {
        userCode: "123-456-789",
        path: "/ui/oauth2/device",
        expires_in: 300,
      }),
    refused: error(400, "invalid_request"),
    ...plain(400),
    words: {
      refused: '"invalid_request"',
      declined: '"access_denied"',
      expired: '"expired_token"',
    },
    demands: pkce,
    tokens: (idToken) => ({ ...bearer(idToken), scope: "openid email" }),
  },
  {
    name: "Hydra",
    userCode: "GRVYHXWT",
    start: (issuer) =>
      code(issuer, {
        userCode: "GRVYHXWT",
        path: "/oauth2/device/verify",
        device_code: "ory_dc_1a2b.3c4d",
      }),
    refused: error(
      401,
      "invalid_client",
      "Client authentication failed (e.g., unknown client, no client authentication included, or unsupported authentication method).",
    ),
    ...plain(400, {
      pending: "The authorization request is still pending",
      slowDown: "The authorization request was rate-limited",
      declined:
        "The resource owner or authorization server denied the request.",
      expired: "The device_code has expired",
    }),
    words: {
      refused: '"invalid_client": Client authentication failed',
      declined: '"access_denied": The resource owner or authorization server',
      expired: '"expired_token": The device_code has expired',
    },
    tokens: (idToken) => ({
      ...bearer(idToken),
      access_token: "ory_at_1a2b.3c4d",
      token_type: "bearer",
      scope: "openid offline",
    }),
  },
];

/** How an issuer answers the requests for tokens, in its own words. */
export type Turn = "pending" | "slowDown" | "declined" | "expired" | "approved";

export interface DialectScene extends DeviceScene {
  /** Answers the request for a code: with one, or with a refusal. */
  answerInDialect(start: "code" | "refused"): void;
  /** Answers the requests for tokens one after the other; the last answer stays. */
  turns(...turns: [Turn, ...Turn[]]): Promise<void>;
  /** How often the issuer was not content with how it was asked. */
  readonly complaints: readonly string[];
}

/** A site whose issuer speaks the dialect. */
export async function createDialectScene(
  dialect: Dialect,
): Promise<DialectScene> {
  const { clientId = CLIENT, secret, device = "" } = dialect;
  const scene = await createDeviceScene({
    issuerLines: dialect.issuerLines ?? [],
    device: ["starts_per_source: 100", device].filter(Boolean).join(", "),
  });
  const { server, site } = scene;
  const members = [`client_id: ${JSON.stringify(clientId)}`];
  if (secret !== undefined) {
    const file = `${site.directory}/secret`;
    await Deno.writeTextFile(file, secret, { mode: 0o600 });
    members.push(`client_secret_file: ${file}`);
  }
  const text = await Deno.readTextFile(site.policyFile);
  await Deno.writeTextFile(
    site.policyFile,
    text.replace(`client_id: ${CLIENT}`, members.join(", ")),
  );
  Object.assign(server.discovery, dialect.discovery);
  if (dialect.userinfo !== undefined) {
    server.on("/userinfo", answer({ body: dialect.userinfo }));
  }
  const complaints: string[] = [];
  let challenge = "";
  const speaking = (path: Asked["path"], body: Behaviour): Behaviour =>
  async (
    request,
    response,
  ) => {
    const asked = await read(path, request, challenge);
    if (path === "/device_authorization") challenge = asked.challenge;
    const complaint = dialect.demands?.(asked) ?? null;
    if (complaint === null) return await body(request, response);
    complaints.push(JSON.stringify(complaint.body));
    return await answer(complaint)(request, response);
  };
  return Object.assign(scene, {
    complaints,
    answerInDialect(start: "code" | "refused") {
      const code = answer({ body: dialect.start(server.issuer) });
      const told = start === "code" ? code : answer(dialect.refused);
      server.on(
        "/device_authorization",
        speaking("/device_authorization", told),
      );
    },
    async turns(...turns: [Turn, ...Turn[]]) {
      const idToken = await scene.token({
        claims: { audience: clientId, ...dialect.claims },
      });
      const [first, ...rest] = turns.map((turn): PollBehaviour =>
        speaking(
          "/token",
          answer(
            turn === "approved"
              ? { body: dialect.tokens(idToken) }
              : dialect[turn],
          ),
        )
      );
      if (first !== undefined) scene.answerPolls(first, ...rest);
    },
  });
}

async function read(
  path: Asked["path"],
  { headers, body }: ReceivedRequest,
  challenge: string,
): Promise<Asked> {
  const form = Object.fromEntries(new URLSearchParams(body));
  const basic = headers.authorization?.startsWith("Basic ")
    ? atob(headers.authorization.slice(6))
    : null;
  const verifier = new TextEncoder().encode(form.code_verifier ?? "");
  const digest = await crypto.subtle.digest("SHA-256", verifier);
  return {
    path,
    form,
    basic,
    challenge: form.code_challenge ?? challenge,
    proof: new Uint8Array(digest)
      .toBase64({ alphabet: "base64url", omitPadding: true }),
  };
}
