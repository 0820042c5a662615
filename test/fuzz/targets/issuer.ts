/**
 * What the issuer answers: metadata, keys, introspection, codes and tokens.
 *
 * @module
 */
import {
  answer,
  type Behaviour,
  DISCOVERY_PATH,
  json,
} from "../../support/hostile_server.ts";
import { isAlice, isFor, members, utf8 } from "../oracle.ts";
import type { Target } from "../target.ts";
import { AUDIENCE, CLIENT, OPAQUE, type World } from "../world.ts";
import { isTypedToken, POLICY, TOKEN_WORDS } from "./login.ts";

/** Of an answer, before its body. */
const HEAD = { status: 200, headers: { "content-type": "application/json" } };
const withHead = (...bodies: unknown[]) =>
  bodies.map((body) => `${JSON.stringify(HEAD)}\n${JSON.stringify(body)}`);
const HTTP_WORDS = [
  ...["status", "headers", "content-type", "text/html", "application/jwt"],
  ...[
    "location",
    "@ISSUER@/elsewhere",
    "http://localhost/",
    "content-encoding",
  ],
  ...["gzip", "cache-control", "max-age=999999999", "age", "date", "br"],
];

const AT_DEVICE = POLICY.replace(
  "    algorithms:",
  `    device: {client_id: ${CLIENT}, starts_per_source: 10000, starts_total: 10000}
    algorithms:`,
);

interface Response {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** The first line is status and headers, and as much of it as HTTP can say counts. */
function responseOf(bytes: Uint8Array<ArrayBuffer>): Response {
  const end = bytes.indexOf(10);
  const head = members(utf8(bytes.subarray(0, Math.max(0, end))) ?? "");
  const status = Number(head?.status);
  const known = Number.isInteger(status) && status >= 200 && status <= 599;
  const headers = head?.headers;
  const sayable = headers === null || typeof headers !== "object"
    ? []
    : Object.entries(headers).filter(([name, value]) =>
      /^[a-z-]{1,40}$/.test(name) && typeof value === "string" &&
      /^[ -~]{0,200}$/.test(value) &&
      !["content-length", "transfer-encoding", "connection"].includes(name)
    );
  return {
    status: known ? status : 200,
    headers: Object.fromEntries(sayable),
    body: bytes.slice(end + 1),
  };
}

function behaviour(bytes: Uint8Array<ArrayBuffer>): Behaviour {
  return answer(responseOf(bytes));
}

/** The body of a good answer as JSON; `null` for everything else. */
function said(bytes: Uint8Array<ArrayBuffer>): Record<string, unknown> | null {
  const { status, body } = responseOf(bytes);
  return status === 200 ? members(utf8(body) ?? "") : null;
}

/** One login of Alice's by a good token, with nothing known about the issuer. */
async function firstLogin(world: World, policyText = POLICY) {
  await world.forget();
  const policy = await world.write("policy.yaml", policyText);
  const stdin = new TextEncoder().encode(await world.token());
  return { verb: "login", args: [policy], stdin } as const;
}

export const discovery: Target = {
  name: "discovery",
  json: true,
  seeds: withHead({
    issuer: "@ISSUER@",
    jwks_uri: "@ISSUER@/jwks",
    authorization_endpoint: "@ISSUER@/authorize",
    token_endpoint: "@ISSUER@/token",
    device_authorization_endpoint: "@ISSUER@/device_authorization",
    response_types_supported: ["code"],
    id_token_signing_alg_values_supported: ["ES256"],
  }),
  words: [
    ...HTTP_WORDS,
    ...["issuer", "jwks_uri", "@ISSUER@", "@ISSUER@/", "@ISSUER@/jwks"],
    ...["https://evil.example/jwks", "file:///etc/passwd", "data:,{}", "//"],
    ...["https://localhost@evil.example/", "https://127.0.0.1/", "/jwks"],
  ],
  place(bytes, world) {
    world.issuer.on(DISCOVERY_PATH, behaviour(bytes));
    return firstLogin(world);
  },
  mayBeYes(bytes, world) {
    const metadata = said(bytes);
    const { issuer } = world.issuer;
    return metadata?.issuer === issuer &&
      typeof metadata.jwks_uri === "string" &&
      URL.parse(metadata.jwks_uri)?.origin === issuer;
  },
};

export const jwks: Target = {
  name: "jwks",
  json: true,
  seeds: withHead(
    {
      keys: [{
        kty: "EC",
        crv: "P-256",
        x: "@X@",
        y: "@Y@",
        kid: "k1",
        alg: "ES256",
        use: "sig",
      }],
    },
    {
      keys: [
        { kty: "oct", k: "c2VjcmV0", kid: "k0" },
        { kty: "EC", crv: "P-256", x: "@X@", y: "@Y@", kid: "k1" },
      ],
    },
  ),
  words: [
    ...HTTP_WORDS,
    ...[
      "keys",
      "kty",
      "crv",
      "x",
      "y",
      "d",
      "k",
      "n",
      "e",
      "kid",
      "alg",
      "use",
    ],
    ...["EC", "RSA", "OKP", "oct", "P-256", "P-384", "Ed25519", "ES256", "sig"],
    ...["enc", "key_ops", "sign", "verify", "x5c", "ext", "AQAB", "@X@", "@Y@"],
  ],
  place(bytes, world) {
    world.issuer.on("/jwks", behaviour(bytes));
    return firstLogin(world);
  },
  mayBeYes(bytes, world) {
    const keys = said(bytes)?.keys;
    return Array.isArray(keys) &&
      keys.some((key) =>
        key?.kty === "EC" && key.crv === "P-256" && key.x === world.jwk.x &&
        key.y === world.jwk.y
      );
  },
};

const OPAQUE_POLICY = POLICY.replace(
  "    algorithms: [ES256]",
  `    kind: introspection
    client_id: gate
    client_secret_file: "@ROOT@/secret"`,
);

export const introspection: Target = {
  name: "introspection",
  json: true,
  seeds: withHead({
    active: true,
    iss: "@ISSUER@",
    aud: [AUDIENCE],
    sub: "u1",
    scope: "openid",
    token_type: "Bearer",
    client_id: "web",
    iat: "@NOW-10@",
    exp: "@NOW+300@",
    email: "alice@example.edu",
    email_verified: true,
    groups: ["staff"],
  }),
  words: [
    ...HTTP_WORDS,
    ...TOKEN_WORDS,
    "active",
    "true",
    "token_type",
    "DPoP",
  ],
  async place(bytes, world) {
    world.issuer.on("/introspect", behaviour(bytes));
    const login = await firstLogin(world, OPAQUE_POLICY);
    return { ...login, stdin: new TextEncoder().encode(OPAQUE) };
  },
  mayBeYes(bytes, world) {
    const claims = said(bytes);
    return claims?.active === true && isFor(claims, AUDIENCE) &&
      isAlice(claims) &&
      [null, world.issuer.issuer].includes((claims.iss ?? null) as string);
  },
};

const CODE = {
  device_code: "a-device-code-that-nobody-else-knows",
  user_code: "WDJB-MJHT",
  verification_uri: "@ISSUER@/device",
  verification_uri_complete: "@ISSUER@/device?user_code=WDJB-MJHT",
  expires_in: 600,
  interval: 5,
};

async function deviceSite(world: World, verb: "start" | "finish") {
  await world.forget();
  const policy = await world.write("policy.yaml", AT_DEVICE);
  return { verb: `device ${verb}`, args: [policy] } as const;
}

export const deviceCode: Target = {
  name: "device-code",
  json: true,
  seeds: withHead(CODE),
  words: [
    ...HTTP_WORDS,
    ...Object.keys(CODE),
    ...["http://evil.example/", "javascript:alert(1)", "https://[::1]/", "A-B"],
    ...["\u001b]0;pwned\u0007", "\u202eabc", "a\nb", "verification_url"],
    ...["error", "invalid_client", "server_error", "@ISSUER@/d%0aevice"],
  ],
  place(bytes, world) {
    world.issuer.on("/device_authorization", behaviour(bytes));
    return deviceSite(world, "start");
  },
  mayBeYes(bytes) {
    const code = said(bytes);
    return [code?.device_code, code?.user_code, code?.verification_uri].every(
      (each) => typeof each === "string" && each !== "",
    ) && URL.parse(String(code?.verification_uri))?.protocol === "https:";
  },
};

/** The answer to the request for tokens; the one after it is "expired_token". */
export const deviceTokens: Target = {
  name: "device-tokens",
  json: true,
  seeds: withHead(
    {
      access_token: OPAQUE,
      token_type: "Bearer",
      expires_in: 300,
      id_token: "@TOKEN@",
    },
    { error: "authorization_pending" },
    { error: "slow_down", error_description: "wait" },
  ),
  words: [
    ...HTTP_WORDS,
    ...["access_token", "id_token", "token_type", "DPoP", "@TOKEN@", "@OTHER@"],
    ...[
      "error",
      "access_denied",
      "expired_token",
      "slow_down",
      "refresh_token",
    ],
    ...["authorization_pending", "server_error", "invalid_grant", "scope"],
  ],
  async encode(content, world) {
    return world.fill(content)
      .replaceAll("@TOKEN@", await world.token({ audience: CLIENT }))
      .replaceAll("@OTHER@", await world.token({ audience: "another-client" }));
  },
  async place(bytes, world) {
    const site = await deviceSite(world, "start");
    const { issuer } = world.issuer;
    const code = JSON.parse(
      JSON.stringify(CODE).replaceAll("@ISSUER@", issuer),
    );
    world.issuer.on("/device_authorization", json(code));
    const started = await world.inProcess(site);
    if (!started.yes) throw new Error(`no code: ${started.log}`);
    const last = answer({ status: 400, body: { error: "expired_token" } });
    const first = behaviour(bytes);
    let asked = false;
    world.issuer.on("/token", (request, response) => {
      const turn = asked ? last : first;
      asked = true;
      return turn(request, response);
    });
    return { ...site, verb: "device finish" };
  },
  where: (bytes) => said(bytes)?.id_token === undefined ? "process" : "both",
  async mayBeYes(bytes, world) {
    const token = said(bytes)?.id_token;
    return typeof token === "string" &&
      await isTypedToken(new TextEncoder().encode(token), world, CLIENT);
  },
};
