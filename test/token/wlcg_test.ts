/**
 * kind: wlcg (WLCG Common JWT Profile 1.x).
 *
 * Debian package: scitokens-cpp.
 *
 * @module
 */
// Threats: E11, K2, K3, K4, K5, K6, K7, K8, K10
import assert from "node:assert/strict";
import { createScene, type Scene } from "../support/login_scene.ts";
import { scitokensTools } from "../support/scitokens_tools.ts";

function wlcgScene(
  issuerLines: readonly string[] = [],
  ruleLines: readonly string[] = [],
): Promise<Scene> {
  return createScene({
    issuerLines: ["kind: wlcg", ...issuerLines],
    ruleLines: ["  - {map: {u1: [alice]}, keys: [sub]}", ...ruleLines],
  });
}

const token = (scene: Scene, claims: Record<string, unknown> = {}) =>
  scene.token({
    claims: {
      "wlcg.ver": "1.0",
      "wlcg.groups": ["/cms", "/cms/prod"],
      ...claims,
    },
  });

const VERDICTS: [string, Record<string, unknown>, string][] = [
  ["as the profile has it", {}, "allowed"],
  ["of a later minor version", { "wlcg.ver": "1.12" }, "allowed"],
  ["of version 2.0", { "wlcg.ver": "2.0" }, "token_kind_unexpected"],
  ["of version 11.0", { "wlcg.ver": "11.0" }, "token_kind_unexpected"],
  ["of version 1", { "wlcg.ver": "1" }, "token_malformed"],
  ["of version 1.0.0", { "wlcg.ver": "1.0.0" }, "token_malformed"],
  ["of version 1.0 as a number", { "wlcg.ver": 1.0 }, "token_malformed"],
  ["with a version and a newline", { "wlcg.ver": "1.0\n" }, "token_malformed"],
  ["without a version", { "wlcg.ver": undefined }, "claim_missing"],
  ["without sub", { sub: undefined }, "claim_missing"],
  ["with a number for sub", { sub: 5 }, "token_malformed"],
  ["without jti", { jti: undefined }, "claim_missing"],
  ["with an empty jti", { jti: "" }, "claim_missing"],
  ["without iat", { iat: undefined }, "claim_missing"],
  ["without exp", { exp: undefined }, "claim_missing"],
  ["without aud", { aud: undefined }, "claim_missing"],
  [
    "for any audience",
    { aud: "https://wlcg.cern.ch/jwt/v1/any" },
    "audience_mismatch",
  ],
  ["with aud in another case", { aud: "SSH-prod" }, "audience_mismatch"],
  ["with a list of audiences", { aud: ["x", "ssh-prod"] }, "allowed"],
  ["with claims nobody knows", { eduperson_assurance: ["x"] }, "allowed"],
  ["without groups", { "wlcg.groups": undefined }, "allowed"],
  ["with groups as a string", { "wlcg.groups": "/cms" }, "token_malformed"],
  ["with a group without slash", { "wlcg.groups": ["cms"] }, "token_malformed"],
  [
    "with a group that ends in one",
    { "wlcg.groups": ["/cms/"] },
    "token_malformed",
  ],
  ["with an empty group", { "wlcg.groups": [""] }, "token_malformed"],
  [
    "with a group of two lines",
    { "wlcg.groups": ["/a\n/b"] },
    "token_malformed",
  ],
  ["with scope openid", { scope: "openid offline_access" }, "allowed"],
  [
    "with a storage scope",
    { scope: "storage.read:/" },
    "token_kind_unexpected",
  ],
  [
    "with a storage scope behind a tab",
    { scope: "openid\tstorage.read:/x" },
    "token_kind_unexpected",
  ],
  [
    "with a compute scope",
    { scope: "openid compute.create" },
    "token_kind_unexpected",
  ],
  [
    "with storage.read and no path",
    { scope: "storage.read" },
    "token_malformed",
  ],
  ["with an empty path", { scope: "storage.stage:" }, "token_malformed"],
  ["with a relative path", { scope: "storage.modify:home" }, "token_malformed"],
  ["with scope as a list", { scope: ["storage.read:/"] }, "token_malformed"],
];
for (const [what, claims, reason] of VERDICTS) {
  Deno.test(`a WLCG token ${what}: ${reason}`, async () => {
    await using scene = await wlcgScene();
    const result = await scene.attempt({ token: await token(scene, claims) });
    assert.equal(result.reason, reason, result.log);
  });
}

Deno.test("a WLCG token must name its key, even where there is but one", async () => {
  await using scene = await wlcgScene();
  const claims = { "wlcg.ver": "1.0" };
  const header = { kid: undefined };
  const { reason } = await scene.attempt({
    token: await scene.token({ claims, header }),
  });
  assert.equal(reason, "key_not_found");
  assert.equal(scene.server.requests.length, 0);
});

Deno.test("any audience of WLCG is for us only where the policy says any_audience", async () => {
  const aud = "https://wlcg.cern.ch/jwt/v1/any";
  await using scene = await wlcgScene(["any_audience: true"]);
  const any = await scene.attempt({ token: await token(scene, { aud }) });
  assert.equal(any.reason, "allowed", any.log);
  const other = await token(scene, { aud: "ANY" });
  assert.equal(
    (await scene.attempt({ token: other })).reason,
    "audience_mismatch",
  );
});

Deno.test("a capability logs in where the policy names it, and only with it", async () => {
  await using scene = await wlcgScene(["scopes: [compute.create]"]);
  for (
    const [scope, reason] of [
      ["compute.create", "allowed"],
      ["compute.create compute.read", "allowed"],
      ["compute.read", "scope_missing"],
      ["compute.create:/x", "scope_missing"],
      ["openid", "scope_missing"],
    ] as const
  ) {
    const result = await scene.attempt({
      token: await token(scene, { scope }),
    });
    assert.equal(result.reason, reason, scope);
  }
});

Deno.test("a scope that is not a capability does not open the way for one", async () => {
  await using scene = await wlcgScene(["scopes: [openid]"]);
  const result = await scene.attempt({
    token: await token(scene, { scope: "openid storage.read:/" }),
  });
  assert.equal(result.reason, "token_kind_unexpected");
});

Deno.test("groups of WLCG are compared whole: no parents, no prefixes, no case", async () => {
  for (
    const [groups, reason] of [
      [["/cms/uscms"], "allowed"],
      [["/cms"], "account_not_permitted"],
      [["/cms/uscms/admins"], "account_not_permitted"],
      [["/cms/USCMS"], "account_not_permitted"],
      [undefined, "account_not_permitted"],
    ] as const
  ) {
    await using scene = await wlcgScene([], [
      "when: {groups: {any: [/cms/uscms]}}",
    ]);
    const result = await scene.attempt({
      token: await token(scene, { "wlcg.groups": groups }),
    });
    assert.equal(result.reason, reason, String(groups));
  }
});

Deno.test("a wlcg token of scitokens-create is admitted", async () => {
  await using scene = await wlcgScene();
  await using tools = await scitokensTools();
  scene.server.jwks = { keys: [tools.jwk] };
  const made = await tools.create({
    profile: "wlcg",
    issuer: scene.server.issuer,
    claims: { aud: "ssh-prod", sub: "u1" },
  });
  assert.ok(made.length < 511, `${made.length} characters`);
  const result = await scene.attempt({ token: made });
  assert.equal(result.reason, "allowed", result.log);
});
