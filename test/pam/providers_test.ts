/**
 * Tokens as providers make them, and what the log says of those that cannot work.
 *
 * @module
 */
import assert from "node:assert/strict";
import { setScene } from "../support/attack.ts";
import { json } from "../support/hostile_server.ts";
import { createScene } from "../support/login_scene.ts";
import { publicJwk } from "../support/tokens.ts";

Deno.test("a token of RS512 without kid is taken at an issuer with one key, as Globus has", async () => {
  await using scene = await setScene({
    alg: "RS512",
    kid: null,
    issuerLines: ["jwks_ttl: 0s"],
  });
  await scene.admits(await scene.token());
  // nor need the key say what it is for, as Entra's does not
  scene.issuer.jwks.keys = [
    await publicJwk(scene.signer, { alg: undefined, use: undefined }),
    // and one of a kind that nobody knows is nobody's
    { kty: "AKP", kid: "x", pub: "AA" },
  ];
  await scene.admits(await scene.token());
});

Deno.test("the log names the issuer of a token of Entra's first version", async () => {
  await using scene = await createScene();
  const iss = "https://sts.windows.net/7d1f2f2a-3f0e-4c0f-9a53-5d0f4f1f5b11/";
  const token = await scene.token({ claims: { iss } });
  const { reason, log } = await scene.attempt({ token });
  assert.equal(reason, "issuer_unknown");
  assert.ok(log.includes(`the issuer \\"${iss}\\" is not in the policy"`), log);
});

Deno.test("the log says of an issuer without a signing key that it has no list of keys", async () => {
  await using scene = await createScene();
  scene.server.on("/jwks", json({}));
  const { reason, log } = await scene.attempt();
  assert.equal(reason, "issuer_refused");
  assert.match(log, / detail="the key set has no list \\"keys\\""/);
});

Deno.test("claims are found by the names that providers give them", async () => {
  const path = "/urn:zitadel:iam:org:project:roles";
  await using scene = await createScene({
    issuerLines: ['lists: ["cognito:groups"]'],
    ruleLines: [
      `when: {"cognito:groups": {any: [ssh]}, "custom:unit": physics, "https://slack.com/user_id": U1, "${path}": {has: ssh}, "${path}/ssh/12": {like: "*.example.edu"}}`,
    ],
  });
  const roles = { ssh: { 12: "uni.example.edu" } };
  const claims = {
    "cognito:groups": ["ssh"],
    "custom:unit": "physics",
    "https://slack.com/user_id": "U1",
    "urn:zitadel:iam:org:project:roles": roles,
  };
  const reasonFor = async (more: Record<string, unknown>) => {
    const token = await scene.token({ claims: { ...claims, ...more } });
    const { reason, log } = await scene.attempt({ token });
    return [reason, / detail="(.*)"\n$/.exec(log)?.[1]];
  };
  assert.deepEqual(await reasonFor({}), ["allowed", undefined]);
  assert.deepEqual(await reasonFor({ "cognito:groups": "ssh" }), [
    "allowed",
    undefined,
  ]);
  for (
    const [more, lacks] of [
      [{ "cognito:groups": "ssh admin" }, "cognito:groups.any"],
      [
        { "https://slack.com/user_id": "U2" },
        "https://slack.com/user_id.equals",
      ],
      [
        { "urn:zitadel:iam:org:project:roles": { admin: roles.ssh } },
        `${path}.has, ${path}/ssh/12.like`,
      ],
    ] as const
  ) {
    assert.deepEqual(await reasonFor(more), [
      "account_not_permitted",
      `rule staff: ${lacks}`,
    ]);
  }
});
