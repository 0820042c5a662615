/**
 * Keys as whole logins see them: real processes, a real provider, floods and rotations.
 *
 * @module
 */
// Threats: A4, B9, B10, B11, B12, F-4, I3, K12
import assert from "node:assert/strict";
import { createAuthority } from "../support/certificates.ts";
import {
  answer,
  DISCOVERY_PATH,
  json,
  redirect,
  startHostileIssuer,
} from "../support/hostile_server.ts";
import { attempt, createSite } from "../support/login.ts";
import { createScene } from "../support/login_scene.ts";
import { PAM_ENVIRONMENT, runProgram } from "../support/program.ts";
import { accessToken, AUDIENCE, startProvider } from "../support/provider.ts";
import {
  createSigner,
  publicJwk,
  type Signer,
  signToken,
  standardClaims,
} from "../support/tokens.ts";

Deno.test("20 processes that log in with an empty cache cause one fetch", async () => {
  await using scene = await createScene();
  const token = await scene.token();
  const results = await Promise.all(
    Array.from({ length: 20 }, () =>
      runProgram({
        args: ["login", scene.site.policyFile],
        env: PAM_ENVIRONMENT,
        stdin: token,
      })),
  );
  for (const { code, stderr } of results) assert.equal(code, 0, stderr);
  assert.equal(scene.server.requestCount("/jwks"), 1);
  assert.equal(scene.server.requestCount(DISCOVERY_PATH), 1);
  const jwks = `${scene.site.cacheDirectory}/jwks`;
  const names = await Array.fromAsync(Deno.readDir(jwks), ({ name }) => name);
  assert.deepEqual(
    names.map((name) => name.replace(/^[0-9a-f]{64}/, "HASH")).sort(),
    ["HASH", "HASH.lock"],
  );
  await assert.rejects(Deno.lstat(`${scene.site.cacheDirectory}/log.sock`));
});

Deno.test("an issuer on a server for files, which does not know JSON, is an issuer", async () => {
  for (const type of ["application/octet-stream", "text/plain"]) {
    await using scene = await createScene();
    const { server } = scene;
    const headers = { "content-type": type };
    server.on(DISCOVERY_PATH, answer({ headers, body: server.discovery }));
    server.on("/jwks", answer({ headers, body: server.jwks }));
    assert.equal((await scene.attempt()).reason, "allowed");
  }
});

Deno.test("an issuer's discovery document lies where the policy says, and only there", async () => {
  const authority = await createAuthority();
  await using own = await startHostileIssuer({ authority });
  await using other = await startHostileIssuer({ authority });
  const signer = await createSigner({ alg: "ES256", kid: "k1" });
  const path = "/tenant/v2.0/.well-known/openid-configuration";
  other.jwks = { keys: [await publicJwk(signer)] };
  const document = { issuer: own.issuer, jwks_uri: `${other.issuer}/jwks` };
  const token = await signToken({
    signer,
    claims: standardClaims({ issuer: own.issuer, audience: "ssh-prod" }),
  });
  const logIn = async (lines: readonly string[]) => {
    await using site = await createSite({
      issuer: own.issuer,
      caPem: authority.caPem,
      issuerLines: ["algorithms: [ES256]", ...lines],
    });
    const { reason, log } = await attempt({
      policyFile: site.policyFile,
      token,
    });
    return [reason, /detail="[^\n]*"/.exec(log)?.[0] ?? ""];
  };
  const there = [`discovery_url: "${other.issuer}${path}?p=B2C_1_ssh"`];
  other.on(path, json(document));
  assert.deepEqual(await logIn(there), ["allowed", ""]);
  assert.equal(own.requests.length, 0);
  assert.equal(other.requests[0]?.query, "p=B2C_1_ssh");
  // whose document it is, is compared byte for byte all the same
  other.on(path, json({ ...document, issuer: `${own.issuer}/` }));
  const [reason, detail] = await logIn(there);
  assert.equal(reason, "issuer_refused");
  assert.match(detail ?? "", /the discovery document is of the issuer/);
  // nor does it lead anywhere else
  other.on(path, redirect(`${own.issuer}/.well-known/openid-configuration`));
  own.discovery = document;
  const [led, where] = await logIn(there);
  assert.equal(led, "issuer_refused");
  assert.match(where ?? "", /a redirect to https:.* which is not followed/);
  // and a document that is not there is looked for nowhere else
  other.on(path);
  own.discovery = document;
  assert.equal((await logIn(there))[0], "issuer_refused");
  assert.equal(
    (await logIn(["kind: scitokens", ...there]))[0],
    "issuer_refused",
  );
  assert.equal(own.requests.length, 0);
});

Deno.test("keys that were found by another discovery document do not go on serving", async () => {
  const authority = await createAuthority();
  await using server = await startHostileIssuer({ authority });
  const signer = await createSigner({ alg: "ES256", kid: "k1" });
  server.jwks = { keys: [await publicJwk(signer)] };
  server.on("/elsewhere", json({ ...server.discovery, jwks_uri: undefined }));
  await using site = await createSite({
    issuer: server.issuer,
    caPem: authority.caPem,
    issuerLines: ["algorithms: [ES256]"],
  });
  const token = await signToken({
    signer,
    claims: standardClaims({ issuer: server.issuer, audience: "ssh-prod" }),
  });
  const { policyFile } = site;
  assert.equal((await attempt({ policyFile, token })).reason, "allowed");
  const text = await Deno.readTextFile(policyFile);
  await Deno.writeTextFile(
    policyFile,
    text.replace(
      "    algorithms:",
      `    discovery_url: ${server.issuer}/elsewhere\n    algorithms:`,
    ),
  );
  assert.equal((await attempt({ policyFile, token })).reason, "issuer_refused");
});

Deno.test("a page that asks to sign in is not an issuer's document, JSON or not", async () => {
  await using scene = await createScene();
  const { server } = scene;
  const headers = { "content-type": "text/html; charset=utf-8" };
  server.on("/jwks", answer({ headers, body: server.jwks }));
  const { reason, log } = await scene.attempt();
  assert.equal(reason, "issuer_refused");
  assert.match(log, /answered with content type/);
});

Deno.test("200 tokens with made-up kids cause two fetches, and alice still logs in", async () => {
  await using scene = await createScene();
  const flood = Array.from({ length: 200 }, async (_, index) => {
    const token = await scene.token({ header: { kid: `made-up-${index}` } });
    return (await scene.attempt({ token })).reason;
  });
  const good = scene.attempt();
  const reasons = new Set(await Promise.all(flood));
  assert.deepEqual([...reasons], ["key_not_found"]);
  assert.equal((await good).reason, "allowed");
  assert.equal((await scene.attempt()).reason, "allowed");
  assert.ok(scene.server.requestCount("/jwks") <= 2);
});

Deno.test("real processes share the cool-down after a made-up kid", async () => {
  await using scene = await createScene();
  assert.equal((await scene.attempt()).reason, "allowed");
  const token = await scene.token({ header: { kid: "made-up" } });
  const results = await Promise.all(
    Array.from({ length: 6 }, () =>
      runProgram({
        args: ["login", scene.site.policyFile],
        env: PAM_ENVIRONMENT,
        stdin: token,
      })),
  );
  for (const { code, stderr } of results) {
    assert.equal(code, 7);
    assert.match(stderr, /reason=key_not_found/);
  }
  assert.equal(scene.server.requestCount("/jwks"), 2);
});

Deno.test("a name for a key that there never was makes no outage of an issuer that is down", async () => {
  await using scene = await createScene({ issuerLines: ["jwks_ttl: 1h"] });
  const good = await scene.token();
  assert.equal((await scene.attempt({ token: good })).reason, "allowed");
  await scene.server.close();
  const foreign = await scene.token({ header: { kid: "nobody's" } });
  const { reason, exitCode } = await scene.attempt({ token: foreign });
  assert.deepEqual([reason, exitCode], ["key_not_found", 7]);
  assert.equal((await scene.attempt({ token: good })).reason, "allowed");
});

Deno.test("a key that came in the place of another, without a name of its own, admits at once", async () => {
  for (const kid of [undefined, "k1"]) {
    await using scene = await createScene();
    const header = { kid };
    const [old, next, impostor] = await Promise.all(
      [1, 2, 3].map(() => createSigner({ alg: "ES256", kid: kid ?? "" })),
    );
    assert.ok(old && next && impostor);
    const by = (signer: Signer) =>
      signToken({
        signer,
        header,
        claims: standardClaims({
          issuer: scene.server.issuer,
          audience: "ssh-prod",
        }),
      });
    const publish = async (signer: Signer) => {
      const { kid: _name, ...jwk } = await publicJwk(signer);
      scene.server.jwks = { keys: [kid === undefined ? jwk : { ...jwk, kid }] };
    };
    await publish(old);
    const token = await by(old);
    assert.equal((await scene.attempt({ token })).reason, "allowed");
    await publish(next);
    const rotated = await scene.attempt({ token: await by(next) });
    assert.equal(rotated.reason, "allowed", rotated.log);
    // the cool-down holds for bad signatures, too
    const forged = await by(impostor);
    for (let time = 0; time < 5; time++) {
      const { reason } = await scene.attempt({ token: forged });
      assert.equal(reason, "signature_invalid");
    }
    assert.equal(scene.server.requestCount("/jwks"), 2);
  }
});

Deno.test("a kid is compared and nothing else: it names no file and no address", async () => {
  await using scene = await createScene();
  const kids = [
    "../../../../dev/null",
    "/etc/passwd",
    "k1\0",
    " k1",
    "K1",
    "x".repeat(4000),
    "' OR 1=1 --",
    "$(id)",
    "__proto__",
    "constructor",
    "",
  ];
  for (const kid of kids) {
    const token = await scene.token({ header: { kid } });
    assert.equal((await scene.attempt({ token })).reason, "key_not_found", kid);
  }
  assert.equal((await scene.attempt()).reason, "allowed");
});

Deno.test("expired keys that serve while the issuer is away are told in the log", async () => {
  await using scene = await createScene({
    issuerLines: ["jwks_ttl: 1h", "jwks_stale: 12h", "max_token_age: 24h"],
  });
  const start = Date.now();
  const exp = Math.floor(start / 1000) + 80_000;
  const token = await scene.token({ claims: { exp } });
  assert.ok(!(await scene.attempt({ token })).log.includes("warning="));
  scene.server.on("/jwks", answer({ status: 503 }));
  const after = (hours: number) => ({
    token,
    now: () => start + hours * 3_600_000,
  });
  const stale = await scene.attempt(after(2));
  assert.equal(stale.reason, "allowed");
  assert.match(stale.log, /warning="issuer unreachable: expired keys served"/);
  const late = await scene.attempt(after(14));
  assert.equal(late.reason, "issuer_unavailable");
  assert.equal(late.exitCode, 9);
  assert.match(late.log, /status 503/);
});

Deno.test("a key that the issuer withdrew serves no longer than the policy says", async () => {
  await using scene = await createScene({ issuerLines: ["jwks_ttl: 5m"] });
  const token = await scene.token();
  assert.equal((await scene.attempt({ token })).reason, "allowed");
  scene.server.jwks = { keys: [] };
  const later = () => Date.now() + 290_000;
  const now = () => Date.now() + 301_000;
  assert.equal((await scene.attempt({ token, now: later })).reason, "allowed");
  assert.equal((await scene.attempt({ token, now })).reason, "key_not_found");
});

Deno.test("logins go on over a key rotation of a certified provider", async () => {
  await using provider = await startProvider();
  await using site = await createSite({
    issuer: provider.issuer,
    caPem: provider.caPem,
    audiences: [AUDIENCE],
    issuerLines: ["types: [at+jwt]"],
  });
  const { policyFile } = site;
  const login = async (token: string) =>
    (await attempt({ policyFile, token })).reason;
  const old = await accessToken(provider, { account: "alice" });
  assert.equal(await login(old), "allowed");
  await provider.rotateKeys();
  const fresh = await accessToken(provider, { account: "alice" });
  assert.deepEqual(
    await Promise.all([login(fresh), login(fresh), login(old), login(fresh)]),
    Array(4).fill("allowed"),
  );
  assert.equal(provider.requestCount("/jwks"), 2);
  await provider.setAvailability("down");
  assert.equal(await login(fresh), "allowed");
  assert.equal(await login(old), "allowed");
});

Deno.test("forgeries under a known kid cost the issuer one fetch in a cool-down, however many they are", async () => {
  await using scene = await createScene();
  await using forger = await createScene();
  assert.equal((await scene.attempt()).reason, "allowed");
  const claims = { iss: scene.server.issuer };
  for (let turn = 0; turn < 20; turn++) {
    const token = await forger.token({ claims });
    assert.equal((await scene.attempt({ token })).reason, "signature_invalid");
  }
  assert.equal(scene.server.requestCount("/jwks"), 2);
  assert.equal(forger.server.connections, 0);
});

Deno.test("an issuer is not asked about a token that names no issuer of the policy", async () => {
  await using scene = await createScene();
  const issuers = [
    `${scene.server.issuer}/`,
    scene.server.issuer.toUpperCase(),
    "https://login.example.org",
    `${scene.server.issuer}@login.example.org`,
    scene.server.issuer.replace("localhost", "127.0.0.1"),
  ];
  for (const iss of issuers) {
    const token = await scene.token({ claims: { iss } });
    assert.equal((await scene.attempt({ token })).reason, "issuer_unknown");
  }
  assert.equal(scene.server.connections, 0);
});

Deno.test("a hundred keys are searched, and a hundred and one are an attack", async () => {
  await using scene = await createScene({ issuerLines: ["jwks_ttl: 0s"] });
  const jwk = await publicJwk(scene.signer);
  const others = Array.from({ length: 99 }, (_, index) => ({
    ...jwk,
    kid: `other-${index}`,
  }));
  scene.server.jwks = { keys: [...others, jwk] };
  assert.equal((await scene.attempt()).reason, "allowed");
  scene.server.jwks.keys.push({ ...jwk, kid: "one too many" });
  assert.equal((await scene.attempt()).reason, "issuer_refused");
});
