/**
 * `oauth-pam key` at an issuer that answers anything: nothing but a right ID token makes a certificate.
 *
 * @module
 */
import assert from "node:assert/strict";
import { encodeBase64url } from "../../../src/lib/base64url.ts";
import { createAuthority } from "../../support/certificates.ts";
import {
  answer,
  type Behaviour,
  DISCOVERY_PATH,
  drip,
  endless,
  garbage,
  type HostileIssuer,
  html,
  json,
  redirect,
  reset,
  startConnectionTrap,
  startHostileIssuer,
} from "../../support/hostile_server.ts";
import { comeBack, createDesk, type Desk } from "../../support/key_desk.ts";
import {
  createHmacSigner,
  createSigner,
  publicJwk,
  type Signer,
  signToken,
  standardClaims,
} from "../../support/tokens.ts";

interface Scene extends AsyncDisposable {
  readonly server: HostileIssuer;
  readonly desk: Desk;
  readonly signer: Signer;
  readonly words: readonly string[];
  /** A sign-in to which the token endpoint answers so. */
  signIn(
    tokens: (nonce: string) => Promise<Behaviour> | Behaviour,
    args?: readonly string[],
  ): Promise<{ code: number; stderr: string; status: number }>;
  /** A right ID token but for what is given. */
  idToken(
    nonce: string,
    changes?: { claims?: object; header?: object; signer?: Signer },
  ): Promise<string>;
}

async function createScene(): Promise<Scene> {
  const authority = await createAuthority();
  const server = await startHostileIssuer({ authority });
  const desk = await createDesk({ authority });
  const signer = await createSigner({ alg: "ES256", kid: "1" });
  server.jwks.keys = [await publicJwk(signer)];
  const words = ["--issuer", server.issuer, "--client-id", "ssh-key"];
  return {
    server,
    desk,
    signer,
    words,
    async signIn(tokens, args = []) {
      const run = desk.key([...words, ...args]);
      const address = await run.address;
      if (address === null) throw new Error((await run.ended).stderr);
      const { searchParams } = new URL(address);
      server.on("/token", await tokens(searchParams.get("nonce") ?? ""));
      const back = new URL(searchParams.get("redirect_uri") ?? "");
      back.searchParams.set("code", "a code");
      back.searchParams.set("state", searchParams.get("state") ?? "");
      const { status } = await comeBack(back.href);
      return { ...await run.ended, status };
    },
    idToken: (nonce, { claims = {}, header = {}, ...other } = {}) =>
      signToken({
        signer,
        ...other,
        header,
        claims: {
          ...standardClaims({ issuer: server.issuer, audience: "ssh-key" }),
          nonce,
          ...claims,
        },
      }),
    async [Symbol.asyncDispose]() {
      await desk[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

function tokens(idToken: unknown): Behaviour {
  return json({
    access_token: "an access token",
    token_type: "Bearer",
    ...(idToken === undefined ? {} : { id_token: idToken }),
  });
}

Deno.test("a right ID token makes a certificate, and the request for it proves who asks", async () => {
  await using scene = await createScene();
  const { server } = scene;
  const { code, status, stderr } = await scene.signIn(
    async (nonce) => tokens(await scene.idToken(nonce)),
  );
  assert.deepEqual({ code, status }, { code: 0, status: 200 }, stderr);
  assert.equal((await scene.desk.agent.lines()).length, 1);
  const request = server.requests.find(({ path }) => path === "/token");
  const form = Object.fromEntries(new URLSearchParams(request?.body));
  const { searchParams } = new URL(/^https:\S+$/m.exec(stderr)?.[0] ?? "");
  const { code_verifier = "", ...rest } = form;
  assert.deepEqual(rest, {
    grant_type: "authorization_code",
    code: "a code",
    client_id: "ssh-key",
    redirect_uri: searchParams.get("redirect_uri"),
  });
  // RFC 7636 section 4.6
  const digest = await crypto.subtle.digest(
    "SHA-256",
    new TextEncoder().encode(code_verifier),
  );
  assert.equal(
    encodeBase64url(new Uint8Array(digest)),
    searchParams.get("code_challenge"),
  );
  assert.doesNotMatch(stderr, new RegExp(`${code_verifier}|an access token`));
});

const now = () => Math.floor(Date.now() / 1000);

type Change = Parameters<Scene["idToken"]>[1];

/** Each is one change of a right ID token. */
const REFUSED: readonly [string, () => Change | Promise<Change>, RegExp][] = [
  [
    "of another sign-in",
    () => ({ claims: { nonce: "x".repeat(43) } }),
    /another nonce/,
  ],
  ["without a nonce", () => ({ claims: { nonce: undefined } }), /has no nonce/],
  [
    "with a list of nonces",
    () => ({ claims: { nonce: ["x"] } }),
    /another nonce/,
  ],
  [
    "for another client",
    () => ({ claims: { aud: "another" } }),
    /the token is for \["another"\]/,
  ],
  [
    "for several clients",
    () => ({ claims: { aud: ["ssh-key", "another"] } }),
    /not issued to this client alone/,
  ],
  [
    "issued to another client",
    () => ({ claims: { azp: "another" } }),
    /not issued to this client alone/,
  ],
  [
    "of another issuer",
    () => ({ claims: { iss: "https://evil.example.org" } }),
    /of another issuer/,
  ],
  [
    "that has expired",
    () => ({ claims: { iat: now() - 900, exp: now() - 301 } }),
    /expired/,
  ],
  [
    "of the future",
    () => ({ claims: { iat: now() + 900, exp: now() + 1200 } }),
    /in the future/,
  ],
  [
    "of yesterday",
    () => ({ claims: { iat: now() - 86_400 } }),
    /issued 8640\d s ago/,
  ],
  [
    "without an end",
    () => ({ claims: { exp: undefined } }),
    /"exp" is missing/,
  ],
  [
    "without a subject",
    () => ({ claims: { sub: undefined } }),
    /"sub" is missing/,
  ],
  [
    "that is bound to a key already",
    () => ({ claims: { cnf: { jkt: "x" } } }),
    /bound to a key/,
  ],
  ["by a key that the issuer does not publish", async () => ({
    signer: await createSigner({ alg: "ES256", kid: "1" }),
  }), /signature is not by the issuer's key/],
  ["by a key of another name", () => ({ header: { kid: "2" } }), /key "2"/],
  ["by a shared secret", async () => ({
    signer: await createHmacSigner({ key: "a client secret" }),
  }), /algorithm "HS256"/],
  [
    "without a signature",
    () => ({ header: { alg: "none" } }),
    /algorithm "none"/,
  ],
  [
    "that is an access token",
    () => ({ header: { typ: "at+jwt" } }),
    /of the type "at\+jwt"/,
  ],
];

for (const [what, change, message] of REFUSED) {
  Deno.test(`an ID token ${what} is refused, and ssh-agent gets nothing`, async () => {
    await using scene = await createScene();
    const changes = await change();
    const { code, status, stderr } = await scene.signIn(
      async (nonce) => tokens(await scene.idToken(nonce, changes)),
    );
    assert.deepEqual({ code, status }, { code: 1, status: 400 }, stderr);
    assert.match(stderr, message);
    assert.doesNotMatch(stderr, /eyJ|policy/);
    assert.deepEqual(await scene.desk.agent.lines(), []);
  });
}

Deno.test("an ID token for several clients is taken where it says that it was issued to this one", async () => {
  await using scene = await createScene();
  const claims = { aud: ["ssh-key", "another"], azp: "ssh-key" };
  const { code, stderr } = await scene.signIn(
    async (nonce) => tokens(await scene.idToken(nonce, { claims })),
  );
  assert.equal(code, 0, stderr);
});

Deno.test("words of the issuer do not steer the terminal, and do not become a key id", async () => {
  await using scene = await createScene();
  const claims = {
    email: "alice\u001b]0;x\u0007\n@example.edu",
    sub: "u\u001b[2J1",
  };
  const { code, stderr } = await scene.signIn(
    async (nonce) => tokens(await scene.idToken(nonce, { claims })),
  );
  assert.equal(code, 0);
  // deno-lint-ignore no-control-regex -- it is what must not be there
  assert.doesNotMatch(stderr, /[\x00-\x09\x0b-\x1f\x7f]/);
  assert.match(stderr, /signed in as u\\u001b\[2J1; /);
  assert.match((await scene.desk.agent.add("-l")).text, /u\\u001b\[2J1 at /);
});

const ANSWERS: readonly [string, Behaviour, number, RegExp][] = [
  [
    "no ID token",
    tokens(undefined),
    1,
    /no ID token: is "openid" among the scopes/,
  ],
  ["a number for an ID token", tokens(7), 1, /ID token is not a string/],
  ["an opaque ID token", tokens("opaque"), 1, /malformed/],
  ["an encrypted ID token", tokens("a.b.c.d.e"), 1, /encrypted/],
  ["a web page", html(), 1, /content type "text\/html/],
  ["garbage", garbage(), 1, /did not answer with JSON/],
  ["a body without an end", endless(), 1, /more than 1048576 bytes/],
  [
    "a redirect",
    redirect("https://evil.example.org/", { status: 307 }),
    1,
    /not followed/,
  ],
  ["a cut connection", reset(), 3, /cannot be reached/],
  ["status 500", answer({ status: 500, body: {} }), 3, /status 500/],
  ["status 429", answer({ status: 429, body: {} }), 1, /status 429/],
  [
    "a refusal",
    answer({ status: 400, body: { error: "invalid_grant" } }),
    1,
    /"invalid_grant"/,
  ],
  [
    "an outage",
    answer({ status: 400, body: { error: "temporarily_unavailable" } }),
    3,
    /"temporarily_unavailable"/,
  ],
];

for (const [what, behaviour, expected, message] of ANSWERS) {
  Deno.test(`${what} instead of tokens ends with ${expected}`, async () => {
    await using scene = await createScene();
    const { code, status, stderr } = await scene.signIn(() => behaviour);
    assert.deepEqual({ code, status }, { code: expected, status: 400 }, stderr);
    assert.match(stderr, message);
    assert.deepEqual(await scene.desk.agent.lines(), []);
  });
}

Deno.test("keys that cannot be had end as an issuer that does not answer", async () => {
  await using scene = await createScene();
  scene.server.on("/jwks", answer({ status: 503 }));
  const { code } = await scene.signIn(
    async (nonce) => tokens(await scene.idToken(nonce)),
  );
  assert.equal(code, 3);
});

/** What the discovery document says instead. */
const DOCUMENTS: readonly [string, Record<string, unknown>, RegExp][] = [
  [
    "another issuer",
    { issuer: "https://evil.example.org" },
    /is of the issuer "https:\/\/evil/,
  ],
  [
    "no place to sign in",
    { authorization_endpoint: undefined },
    /no "authorization_endpoint"/,
  ],
  ["a place to sign in without TLS", {
    authorization_endpoint: "http://localhost/",
  }, /not a plain https URL/],
  [
    "a command for a place",
    { authorization_endpoint: "--version" },
    /not a URL/,
  ],
  [
    "a script for a place",
    { authorization_endpoint: "javascript:alert(1)" },
    /not a plain https URL/,
  ],
  ["a user name in a place", {
    authorization_endpoint: "https://login.example.edu@evil.example.org/",
  }, /not a plain https URL/],
  ["no token endpoint", { token_endpoint: undefined }, /no "token_endpoint"/],
  [
    "a token endpoint without TLS",
    { token_endpoint: "http://localhost/token" },
    /no "token_endpoint"/,
  ],
  ["no keys", { jwks_uri: undefined }, /no "jwks_uri"/],
];

for (const [what, members, message] of DOCUMENTS) {
  Deno.test(`a discovery document with ${what} is refused before anybody signs in`, async () => {
    await using scene = await createScene();
    const { server, desk, words } = scene;
    server.discovery = { ...server.discovery, ...members };
    const { code, stderr } = await desk.key(words).ended;
    assert.equal(code, 1, stderr);
    assert.match(stderr, message);
    assert.deepEqual(server.requests.map(({ path }) => path), [DISCOVERY_PATH]);
  });
}

Deno.test("endpoints may be on another host, which the discovery document names", async () => {
  await using scene = await createScene();
  const { server } = scene;
  const elsewhere = `https://127.0.0.1:${server.port}`;
  server.discovery = {
    ...server.discovery,
    token_endpoint: `${elsewhere}/token`,
    jwks_uri: `${elsewhere}/jwks`,
  };
  const { code, stderr } = await scene.signIn(
    async (nonce) => tokens(await scene.idToken(nonce)),
  );
  assert.equal(code, 0, stderr);
});

Deno.test("the code is not sent to where a redirect points", async () => {
  await using scene = await createScene();
  await using trap = startConnectionTrap();
  const { code } = await scene.signIn(() =>
    redirect(trap.url, { status: 307 })
  );
  assert.equal(code, 1);
  assert.equal(trap.connections, 0);
});

Deno.test("an issuer that drips its answer is given up in time", async () => {
  await using scene = await createScene();
  const { server, desk, words } = scene;
  server.on(DISCOVERY_PATH, drip(server.discovery, { interval: 1000 }));
  const start = performance.now();
  const { code, stderr } = await desk.key(words).ended;
  assert.equal(code, 3);
  assert.match(stderr, /did not answer in time/);
  assert.ok(performance.now() - start < 20_000);
});

/** Answers to the request for a code on another device that must not be shown. */
const CODES: readonly [string, Record<string, unknown>, number][] = [
  ["a place without TLS", { verification_uri: "http://localhost/device" }, 1],
  ["a place with a line end", {
    verification_uri: "https://localhost/\ndevice",
  }, 1],
  ["a code with an escape", { user_code: "AB\u001b[2J" }, 1],
  ["no code", { user_code: undefined }, 1],
];

for (const [what, members, expected] of CODES) {
  Deno.test(`--device shows nothing of an answer with ${what}`, async () => {
    await using scene = await createScene();
    const { server, desk, words } = scene;
    server.on(
      "/device_authorization",
      json({
        device_code: "a device code",
        user_code: "WDJB-MJHT",
        verification_uri: "https://login.example.edu/device",
        expires_in: 600,
        interval: 1,
        ...members,
      }),
    );
    const { code, stderr } = await desk.key([...words, "--device"]).ended;
    assert.equal(code, expected, stderr);
    assert.doesNotMatch(stderr, /open http|enter the code/);
  });
}

Deno.test("--device sends the commitment and a challenge, and takes any host's page", async () => {
  await using scene = await createScene();
  const { server, desk, words } = scene;
  server.on(
    "/device_authorization",
    json({
      device_code: "a-device-code",
      user_code: "WDJB-MJHT",
      verification_uri: "https://device.example.org/",
      expires_in: 600,
      interval: 1,
    }),
  );
  server.on("/token", async (request, response) => {
    const form = new URLSearchParams(
      server.requests.find(({ path }) => path === "/device_authorization")
        ?.body,
    );
    assert.equal(form.get("scope"), "openid email");
    assert.match(form.get("code_challenge") ?? "", /^[\w-]{43}$/);
    const idToken = await scene.idToken(form.get("nonce") ?? "");
    await tokens(idToken)(request, response);
  });
  const { code, stderr } = await desk.key([...words, "--device"]).ended;
  assert.equal(code, 0, stderr);
  assert.match(
    stderr,
    /open https:\/\/device\.example\.org\/ and enter the code WDJB-MJHT\n/,
  );
  assert.equal((await desk.agent.lines()).length, 1);
});
