/**
 * kind: scitokens.
 *
 * Debian package: scitokens-cpp.
 *
 * @module
 */
// Threats: B14, K1, K11
import assert from "node:assert/strict";
import { DISCOVERY_PATH } from "../support/hostile_server.ts";
import { forgetFailures } from "../support/login.ts";
import { createScene, type Scene } from "../support/login_scene.ts";
import { KID, scitokensTools } from "../support/scitokens_tools.ts";
import { createSigner, publicJwk, signToken } from "../support/tokens.ts";

const KIND = ["kind: scitokens"];
/** Accounts by subject, so that tokens need no claim that SciTokens 1.0 does not know. */
const RULE = [
  "  - {map: {u1: [alice, bob, bobby]}, keys: [sub]}",
];

function sciScene(issuerLines: readonly string[] = []): Promise<Scene> {
  return createScene({
    issuerLines: [...KIND, ...issuerLines],
    ruleLines: RULE,
  });
}

const token = (scene: Scene, claims: Record<string, unknown> = {}) =>
  scene.token({
    claims: { ver: "scitoken:2.0", scope: "ssh:alice", ...claims },
  });

for (
  const [scope, user, reason] of [
    ["ssh:alice", "alice", "allowed"],
    ["read:/data ssh:alice", "alice", "allowed"],
    ["ssh:bob", "bob", "allowed"],
    ["ssh:bob", "bobby", "scope_missing"],
    ["ssh:bobby", "bob", "scope_missing"],
    ["ssh:bob ssh:bobby", "bobby", "allowed"],
    ["ssh", "bob", "scope_missing"],
    ["ssh:", "bob", "scope_missing"],
    ["ssh:/", "bob", "scope_missing"],
    ["ssh:*", "bob", "scope_missing"],
    ["ssh:/bob", "bob", "scope_missing"],
    ["SSH:bob", "bob", "scope_missing"],
    ["ssh:bob/", "bob", "scope_missing"],
    ["ssh:bob,ssh:alice", "bob", "scope_missing"],
    ["read:/ write:/", "bob", "scope_missing"],
    [["ssh:bob"], "bob", "scope_missing"],
    [undefined, "bob", "scope_missing"],
    // the token's scope alone opens nothing
    ["ssh:carol", "carol", "account_not_permitted"],
    ["ssh:root", "root", "account_not_permitted"],
  ] as const
) {
  Deno.test(`scope ${JSON.stringify(scope)} for ${user}: ${reason}`, async () => {
    await using scene = await sciScene();
    const result = await scene.attempt({
      token: await token(scene, { scope }),
      user,
    });
    assert.equal(result.reason, reason, result.log);
  });
}

const VERDICTS: [string, Record<string, unknown>, string][] = [
  ["the library's name of 2.0", { ver: "scitokens:2.0" }, "allowed"],
  ["an unknown version", { ver: "scitoken:3.0" }, "token_kind_unexpected"],
  ["a version that is no string", { ver: 2 }, "token_malformed"],
  ["an inherited name", { ver: "constructor" }, "token_kind_unexpected"],
  [
    "1.0 with a claim it does not know",
    { ver: "scitokens:1.0" },
    "token_malformed",
  ],
  ["no audience", { aud: undefined }, "claim_missing"],
  ["another audience", { aud: "ssh-test" }, "audience_mismatch"],
  ["the audience ANY", { aud: "ANY" }, "audience_mismatch"],
  ["an expired one", { exp: 1 }, "token_expired"],
  ["no exp", { exp: undefined }, "claim_missing"],
];
for (const [what, claims, reason] of VERDICTS) {
  Deno.test(`a SciToken with ${what}: ${reason}`, async () => {
    await using scene = await sciScene();
    const result = await scene.attempt({ token: await token(scene, claims) });
    assert.equal(result.reason, reason, result.log);
  });
}

Deno.test("a SciToken 1.0 is admitted with and without its version", async () => {
  await using scene = await sciScene();
  const bare = {
    ...Object.fromEntries(
      [
        "auth_time",
        "amr",
        "email",
        "email_verified",
        "groups",
        "preferred_username",
      ].map((name) => [name, undefined]),
    ),
  };
  for (const ver of ["scitokens:1.0", undefined]) {
    const result = await scene.attempt({
      token: await token(scene, { ...bare, ver }),
    });
    assert.equal(result.reason, "allowed", result.log);
  }
});

Deno.test("the audience ANY is for us only where the policy says any_audience", async () => {
  await using scene = await sciScene(["any_audience: true"]);
  for (
    const [aud, reason] of [
      ["ANY", "allowed"],
      [["x", "ANY"], "allowed"],
      ["ssh-prod", "allowed"],
      ["any", "audience_mismatch"],
      ["https://wlcg.cern.ch/jwt/v1/any", "audience_mismatch"],
    ] as const
  ) {
    const result = await scene.attempt({ token: await token(scene, { aud }) });
    assert.equal(result.reason, reason, String(aud));
  }
});

Deno.test("ANY among the policy's audiences does not stand for any_audience", async () => {
  await using scene = await createScene({
    audiences: ["ANY"],
    issuerLines: KIND,
    ruleLines: RULE,
  });
  const result = await scene.attempt({
    token: await token(scene, { aud: "ANY" }),
  });
  assert.equal(result.reason, "audience_mismatch");
});

Deno.test("a SciToken is held to the policy's assurance like any token", async () => {
  await using scene = await createScene({
    issuerLines: KIND,
    ruleLines: RULE,
    lines: ["assurance:", "  mfa: true"],
  });
  const good = await scene.attempt({ token: await token(scene) });
  assert.equal(good.reason, "allowed", good.log);
  const bad = await scene.attempt({
    token: await token(scene, { amr: ["pwd"] }),
  });
  assert.equal(bad.reason, "mfa_required");
});

Deno.test("every configured issuer of SciTokens is known, and no other", async () => {
  await using first = await sciScene();
  await using second = await sciScene();
  const policy = await Deno.readTextFile(first.site.policyFile);
  const secondIssuer = `  grid:
    issuer: ${second.server.issuer}
    audiences: [ssh-prod]
    kind: scitokens
    ca_file: ${second.site.directory}/ca.pem
rules:`;
  await Deno.writeTextFile(
    first.site.policyFile,
    policy.replace("rules:", secondIssuer),
  );
  const { policyFile } = first.site;
  for (const scene of [first, second]) {
    const result = await first.attempt({
      policyFile,
      token: await token(scene),
    });
    assert.equal(result.reason, "allowed", result.log);
  }
  await using third = await sciScene();
  const stranger = await first.attempt({ token: await token(third) });
  assert.equal(stranger.reason, "issuer_unknown");
  const impostor = await first.attempt({
    token: await token(second, { iss: first.server.issuer }),
  });
  assert.equal(impostor.reason, "signature_invalid");
});

Deno.test("the keys of an issuer without OpenID Connect are found by RFC 8414", async () => {
  await using scene = await sciScene();
  const { server } = scene;
  server.on(DISCOVERY_PATH, (_request, response) => {
    response.writeHead(404, { "content-type": "text/html" });
    response.end("no such page");
  });
  const missing = await scene.attempt({ token: await token(scene) });
  assert.equal(missing.reason, "issuer_refused");
  server.on("/.well-known/oauth-authorization-server", (_request, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify(server.discovery));
  });
  await forgetFailures(scene.site.cacheDirectory);
  const found = await scene.attempt({ token: await token(scene) });
  assert.equal(found.reason, "allowed", found.log);
});

for (const profile of ["scitokens1", "scitokens2"] as const) {
  Deno.test(`a ${profile} token of scitokens-create is admitted`, async () => {
    await using scene = await sciScene();
    await using tools = await scitokensTools();
    scene.server.jwks = { keys: [tools.jwk] };
    const { issuer } = scene.server;
    const claims = { aud: "ssh-prod", sub: "u1", scope: "ssh:bob" };
    const made = await tools.create({ profile, issuer, claims });
    assert.ok(made.length < 511, `${made.length} characters`);
    const result = await scene.attempt({ token: made, user: "bob" });
    assert.equal(result.reason, "allowed", result.log);
    const { reason } = await scene.attempt({ token: made, user: "bobby" });
    assert.equal(reason, "scope_missing");
  });
}

Deno.test("what login admits, scitokens-verify accepts, and a changed signature neither does", async () => {
  await using scene = await sciScene();
  await using tools = await scitokensTools();
  scene.server.jwks = { keys: [tools.jwk] };
  const { issuer } = scene.server;
  const now = Math.floor(Date.now() / 1000);
  const signer = {
    alg: "ES256",
    kid: KID,
    sign: async (data: Uint8Array<ArrayBuffer>) =>
      new Uint8Array(
        await crypto.subtle.sign(
          { name: "ECDSA", hash: "SHA-256" },
          tools.privateKey,
          data,
        ),
      ),
  };
  const ours = await signToken({
    signer,
    claims: {
      ver: "scitokens:2.0",
      iss: issuer,
      aud: "ssh-prod",
      sub: "u1",
      scope: "ssh:alice",
      iat: now,
      nbf: now,
      exp: now + 300,
      jti: crypto.randomUUID(),
    },
  });
  const verdict = { profile: "scitokens2", issuer } as const;
  const accepted = await tools.verify({ ...verdict, token: ours });
  assert.ok(accepted.accepted, accepted.output);
  assert.equal((await scene.attempt({ token: ours })).reason, "allowed");

  const other = await createSigner({ alg: "ES256", kid: KID });
  const forged = ours.replace(/[^.]+$/, "") +
    (await signToken({ signer: other, claims: {} })).split(".")[2];
  const refused = await tools.verify({ ...verdict, token: forged });
  assert.equal(refused.accepted, false);
  assert.equal(
    (await scene.attempt({ token: forged })).reason,
    "signature_invalid",
  );
});

Deno.test("scitokens and wlcg take RS256 and ES256 without being told, and no HMAC", async () => {
  for (const alg of ["RS256", "ES256", "PS256"]) {
    await using scene = await sciScene();
    const text = await Deno.readTextFile(scene.site.policyFile);
    await Deno.writeTextFile(
      scene.site.policyFile,
      text.replace(/ *algorithms: .*\n/, ""),
    );
    const signer = await createSigner({ alg, kid: "k2" });
    scene.server.jwks = { keys: [await publicJwk(signer)] };
    const now = Math.floor(Date.now() / 1000);
    const made = await signToken({
      signer,
      claims: {
        iss: scene.server.issuer,
        aud: "ssh-prod",
        sub: "u1",
        scope: "ssh:alice",
        iat: now,
        exp: now + 60,
      },
    });
    const { reason } = await scene.attempt({ token: made });
    const expected = alg === "PS256" ? "algorithm_not_allowed" : "allowed";
    assert.equal(reason, expected, alg);
  }
});
