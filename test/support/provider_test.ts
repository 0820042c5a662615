/**
 * The provider of the tests issues what policies are written for.
 *
 * @module
 */
import assert from "node:assert/strict";
import * as jose from "@panva/jose";
import {
  accessToken,
  ALGORITHMS,
  approveDevice,
  AUDIENCE,
  basic,
  denyDevice,
  idToken,
  opaqueToken,
  signIn,
  startProvider,
  type TestProvider,
  tokenRequest,
} from "./provider.ts";

/** A test with a provider of its own, which must leave nothing behind. */
function test(
  title: string,
  body: (provider: TestProvider) => Promise<void>,
): void {
  Deno.test(title, {
    sanitizeOps: true,
    sanitizeResources: true,
  }, async () => {
    await using provider = await startProvider();
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

async function startDevice(
  provider: TestProvider,
  scope = "openid email",
): Promise<Record<string, string>> {
  const response = await provider.fetch("/device/auth", {
    method: "POST",
    body: new URLSearchParams({ client_id: "ssh-login", scope }),
  });
  return await response.json();
}

function pollDevice(provider: TestProvider, device_code: string | undefined) {
  return tokenRequest(provider, "ssh-login", {
    grant_type: "urn:ietf:params:oauth:grant-type:device_code",
    device_code: device_code ?? "",
  });
}

test("idToken() verifies against the served key set, whatever the algorithm", async (provider) => {
  for (const alg of ALGORITHMS) {
    const client = `ssh-login-${alg.toLowerCase()}`;
    const token = await idToken(provider, { account: "alice", client });
    const { payload, protectedHeader } = await verify(provider, token);
    assert.equal(protectedHeader.alg, alg);
    assert.equal(protectedHeader.kid, `${alg.toLowerCase()}-1`);
    assert.equal(payload.aud, client);
    assert.equal(payload.sub, "u1");
  }
});

test("idToken() shows who signed in, how and when", async (provider) => {
  const before = Math.floor(Date.now() / 1000);
  const { payload } = await verify(
    provider,
    await idToken(provider, {
      account: "carol",
      secondFactor: false,
      acr: "https://refeds.org/profile/sfa",
      secondsAgo: 7200,
      nonce: "n1",
    }),
  );
  const { iss: _1, exp: _2, iat: _3, auth_time, ...rest } = payload;
  assert.ok(Math.abs(Number(auth_time) - (before - 7200)) < 60);
  assert.deepEqual(rest, {
    sub: "u3",
    aud: "ssh-login",
    email: "carol@example.edu",
    email_verified: false,
    groups: ["staff", "admins"],
    preferred_username: "carol",
    amr: ["pwd"],
    acr: "https://refeds.org/profile/sfa",
    nonce: "n1",
  });
});

test("the compact ES256 ID token fits into the 511 bytes of pam_exec", async (provider) => {
  const token = await idToken(provider, {
    account: "alice",
    client: "ssh-login-es256",
  });
  assert.ok(token.length < 450, `${token.length} bytes`);
  const { payload } = await verify(provider, token);
  assert.equal(payload.email, "alice@example.edu");
  assert.deepEqual(payload.amr, ["pwd", "otp", "mfa"]);
  const full = await idToken(provider, {
    account: "alice",
    client: "ssh-login-es256",
    scope: "openid email profile groups",
  });
  assert.ok(full.length < 511, `${full.length} bytes`);
});

test("a wrong password, an unknown account and an unknown client get no token", async (provider) => {
  await assert.rejects(
    idToken(provider, { account: "alice", password: "guess" }),
    /Wrong account or password/,
  );
  await assert.rejects(
    idToken(provider, { account: "mallory" }),
    /Wrong account or password/,
  );
  await assert.rejects(
    idToken(provider, { account: "alice", client: "nobody" }),
    /invalid_client/,
  );
});

test("a confidential client redeems its code with its secret", async (provider) => {
  const { id_token } = await signIn(provider, {
    account: "bob",
    client: "ssh-login-secret",
  });
  assert.equal(jose.decodeJwt(id_token!).aud, "ssh-login-secret");
});

test("accessToken() gives RFC 9068 tokens of machines and of people", async (provider) => {
  const machine = await verify(provider, await accessToken(provider));
  assert.equal(machine.protectedHeader.typ, "at+jwt");
  assert.equal(machine.payload.aud, AUDIENCE);
  assert.equal(machine.payload.sub, "ssh-machine");
  const token = await accessToken(provider, { account: "alice" });
  const { payload, protectedHeader } = await verify(provider, token);
  assert.equal(protectedHeader.typ, "at+jwt");
  assert.equal(payload.aud, AUDIENCE);
  assert.equal(payload.sub, "u1");
  assert.equal(payload.client_id, "ssh-login");
  assert.equal(payload.email, "alice@example.edu");
  assert.deepEqual(payload.amr, ["pwd", "otp", "mfa"]);
});

test("opaqueToken() is read by introspection and by nothing else", async (provider) => {
  const token = await opaqueToken(provider, { account: "alice" });
  assert.ok(token.length < 100 && !token.includes("."));
  const authorization = basic("ssh-gate", provider.clients["ssh-gate"]!);
  const ask = async (token: string) => {
    const response = await provider.fetch("/token/introspection", {
      method: "POST",
      headers: { authorization },
      body: new URLSearchParams({ token }),
    });
    return await response.json();
  };
  const answer = await ask(token);
  assert.equal(answer.active, true);
  assert.equal(answer.sub, "u1");
  assert.equal(answer.aud, AUDIENCE);
  assert.equal(answer.scope, "ssh");
  assert.equal(answer.email, "alice@example.edu");
  assert.deepEqual(await ask("x".repeat(43)), { active: false });
});

test("approveDevice() turns authorization_pending into a token of that person", async (provider) => {
  const device = await startDevice(provider);
  assert.equal(device.verification_uri, `${provider.issuer}/device`);
  assert.equal(device.interval, 1);
  await assert.rejects(
    pollDevice(provider, device.device_code),
    /authorization_pending/,
  );
  await approveDevice(provider, {
    userCode: device.user_code!,
    account: "bob",
  });
  const { id_token } = await pollDevice(provider, device.device_code);
  const { payload } = await verify(provider, id_token!);
  assert.equal(payload.sub, "u2");
  assert.equal(payload.email, "bob@example.edu");
  await assert.rejects(
    pollDevice(provider, device.device_code),
    /invalid_grant/,
  );
});

test("denyDevice() turns authorization_pending into access_denied", async (provider) => {
  const device = await startDevice(provider);
  await denyDevice(provider, { userCode: device.user_code! });
  await assert.rejects(
    pollDevice(provider, device.device_code),
    /access_denied/,
  );
});

test("a user code nobody asked for cannot be approved, nor by a wrong password", async (provider) => {
  await assert.rejects(
    approveDevice(provider, { userCode: "AAAA-AAAA", account: "bob" }),
    /the code is not known/,
  );
  const device = await startDevice(provider);
  await assert.rejects(
    approveDevice(provider, {
      userCode: device.user_code!,
      account: "bob",
      password: "guess",
    }),
    /not approved.*Wrong account or password/s,
  );
});
