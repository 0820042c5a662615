/**
 * The provider of the tests speaks the protocols that a login needs.
 *
 * @module
 */
import assert from "node:assert/strict";
import * as jose from "@panva/jose";
import {
  basic,
  idToken,
  opaqueToken,
  type ProviderOptions,
  startProvider,
  type TestProvider,
} from "./provider.ts";

/** A test with a provider of its own, which must leave nothing behind. */
function test(
  title: string,
  body: (provider: TestProvider) => Promise<void>,
  options?: ProviderOptions,
): void {
  Deno.test(title, {
    sanitizeOps: true,
    sanitizeResources: true,
  }, async () => {
    await using provider = await startProvider(options);
    await body(provider);
  });
}

async function keySet(provider: TestProvider): Promise<jose.JSONWebKeySet> {
  return await (await provider.fetch("/jwks")).json();
}

async function verify(
  provider: TestProvider,
  token: string,
): Promise<jose.JWTVerifyResult> {
  return await jose.jwtVerify(
    token,
    jose.createLocalJWKSet(await keySet(provider)),
    { issuer: provider.issuer },
  );
}

test("rotateKeys() shows the new key, and the old one for as long as it is kept", async (provider) => {
  const kids = async () => (await keySet(provider)).keys.map(({ kid }) => kid);
  const old = await idToken(provider, { account: "alice" });
  const opaque = await opaqueToken(provider, { account: "alice" });
  await provider.rotateKeys({ algorithms: ["RS256"] });
  assert.deepEqual((await kids()).sort(), [
    "eddsa-1",
    "es256-1",
    "ps256-1",
    "rs256-1",
    "rs256-2",
  ]);
  const fresh = await idToken(provider, { account: "alice" });
  assert.equal(jose.decodeProtectedHeader(fresh).kid, "rs256-2");
  await verify(provider, old);
  await verify(provider, fresh);
  await provider.rotateKeys({ keepOld: false });
  assert.deepEqual((await kids()).sort(), [
    "eddsa-3",
    "es256-3",
    "ps256-3",
    "rs256-3",
  ]);
  await assert.rejects(verify(provider, old), jose.errors.JWKSNoMatchingKey);
  // What was issued before lives on: the storage is not rotated.
  const introspection = await provider.fetch("/token/introspection", {
    method: "POST",
    headers: {
      authorization: basic("ssh-gate", provider.clients["ssh-gate"]!),
    },
    body: new URLSearchParams({ token: opaque }),
  });
  assert.equal((await introspection.json()).active, true);
});

test("setAvailability() refuses, hangs and serves again on the same port", async (provider) => {
  assert.equal((await keySet(provider)).keys.length, 4);
  await provider.setAvailability("down");
  assert.equal(provider.available, false);
  await assert.rejects(provider.fetch("/jwks"), TypeError);
  await provider.setAvailability("hang");
  const patience = new AbortController();
  const waiting = assert.rejects(
    provider.fetch("/jwks?hang", { signal: patience.signal }),
    { name: "AbortError" },
  );
  while (provider.requestCount("/jwks") < 2) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  patience.abort();
  await waiting;
  await provider.setAvailability("up");
  assert.equal((await keySet(provider)).keys.length, 4);
  assert.deepEqual(provider.requests, [
    { method: "GET", path: "/jwks" },
    { method: "GET", path: "/jwks" },
    { method: "GET", path: "/jwks" },
  ]);
});

/**
 * Connects this often, waits for a line, sends a request on each connection, and is killed. What the
 * server has sent is not read, so each connection is reset: the kernel does not list it any more, while
 * its request can still be read.
 */
const KILLED_CLIENTS = `
import os, signal, socket, ssl, sys
port, clients = map(int, sys.argv[1:])
trusting = ssl._create_unverified_context()
connections = [
    trusting.wrap_socket(socket.create_connection(("127.0.0.1", port)))
    for _ in range(clients)
]
print("connected", flush=True)
sys.stdin.readline()
for connection in connections:
    connection.send(b"GET /jwks HTTP/1.1\\r\\nhost: localhost\\r\\n\\r\\n")
os.kill(os.getpid(), signal.SIGKILL)
`;

test("settled() waits for the requests of clients that were killed", async (provider) => {
  await provider.setAvailability("hang");
  const clients = new Deno.Command("python3", {
    args: ["-c", KILLED_CLIENTS, String(provider.port), "20"],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const output = clients.stdout.getReader();
  await output.read();
  const writer = clients.stdin.getWriter();
  await writer.write(new TextEncoder().encode("go\n"));
  await writer.close();
  // nothing is read by this process until they are gone
  new Deno.Command("sh", {
    args: [
      "-c",
      `while grep -qs '^State:.[^Z]' /proc/$0/status; do :; done`,
      String(clients.pid),
    ],
  }).outputSync();
  assert.equal(provider.requestCount("/jwks"), 0);
  await provider.settled();
  assert.equal(provider.requestCount("/jwks"), 20);
  await output.cancel();
  assert.equal((await clients.status).signal, "SIGKILL");
});

test(
  "startProvider() takes further people, clients and lifetimes",
  async (provider) => {
    const { payload } = await verify(
      provider,
      await idToken(provider, {
        account: "dave",
        client: "other",
        scope: "openid profile",
      }),
    );
    assert.equal(payload.sub, "u4");
    assert.equal(payload.idp, "https://idp.example.edu");
    assert.equal(payload.exp! - payload.iat!, 60);
    const device = await provider.fetch("/device/auth", {
      method: "POST",
      body: new URLSearchParams({ client_id: "ssh-login", scope: "openid" }),
    });
    const { expires_in, interval } = await device.json();
    assert.deepEqual([expires_in, interval], [5, 3]);
  },
  {
    accounts: {
      dave: {
        password: "x",
        claims: { sub: "u4", idp: "https://idp.example.edu" },
      },
    },
    clients: [{
      client_id: "other",
      token_endpoint_auth_method: "none",
      redirect_uris: ["https://client.example.edu/callback"],
    }],
    deviceInterval: 3,
    deviceLifetime: 5,
    tokenLifetime: 60,
  },
);
