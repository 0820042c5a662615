/**
 * Device sign-in at issuers of every kind: what is asked for, which token decides, and how.
 *
 * @module
 */
// Threats: C1, D2
import assert from "node:assert/strict";
import { parsePolicy } from "../../../src/policy/syntax/parse.ts";
import { KINDS } from "../../../src/policy/kinds.ts";
import {
  CLIENT,
  createDeviceScene,
  finish,
  start,
} from "../../support/device.ts";
import type { DeviceScene, FinishResult } from "../../support/device.ts";
import { createGlobusScene } from "../../support/globus_site.ts";
import { answer, json } from "../../support/hostile_server.ts";

const ALICE = { email: "alice@example.edu" };

function test(
  title: string,
  lines: (secretFile: string) => readonly string[],
  body: (scene: DeviceScene) => Promise<void>,
): void {
  Deno.test(`device sign-in ${title}`, async () => {
    const folder = await Deno.realPath(await Deno.makeTempDir());
    const secret = `${folder}/secret`;
    await Deno.writeTextFile(secret, "s3cret", { mode: 0o600 });
    await using scene = await createDeviceScene({
      issuerLines: lines(secret),
      device: "scopes: [openid, profile], starts_per_source: 100",
    });
    const { policyFile } = scene.site;
    const text = await Deno.readTextFile(policyFile);
    if (text.includes("kind: introspection")) {
      await Deno.writeTextFile(
        policyFile,
        text.replace("    algorithms: [ES256]\n", ""),
      );
    }
    await body(scene);
    await Deno.remove(folder, { recursive: true });
  });
}

/** One sign-in that ends with the access token. */
async function signIn(
  scene: DeviceScene,
  access_token: string,
  options: Partial<Parameters<typeof finish>[0]> = {},
): Promise<FinishResult> {
  const { policyFile } = scene.site;
  const started = await start({ policyFile, ...options });
  assert.equal(started.reason, null, started.log);
  scene.answerPolls("authorization_pending", async (request, response) => {
    // an ID token of somebody else's, which nobody may look at
    const tokens = await scene.tokens({
      claims: { sub: "u9", email: "bob@example.edu" },
      members: { access_token },
    });
    await tokens(request, response);
  });
  return await finish({ policyFile, ...options });
}

const WLCG = { "wlcg.ver": "1.0", "wlcg.groups": ["/cms"], ...ALICE };

test(
  "at a WLCG issuer: the access token decides",
  () => ["kind: wlcg"],
  async (scene) => {
    const good = await signIn(scene, await scene.token({ claims: WLCG }));
    assert.equal(good.reason, "allowed", good.log);
    assert.match(good.log, / sub=u1 /);
    assert.equal(scene.form("/device_authorization").scope, "openid profile");
    assert.equal(scene.form("/device_authorization").nonce, undefined);
    for (
      const [claims, reason] of [
        [{ ...WLCG, "wlcg.ver": undefined }, "claim_missing"],
        [{ ...WLCG, scope: "storage.read:/" }, "token_kind_unexpected"],
        [{ ...WLCG, audience: CLIENT }, "audience_mismatch"],
        [{ ...WLCG, email: "bob@example.edu" }, "account_not_permitted"],
      ] as const
    ) {
      const refused = await signIn(scene, await scene.token({ claims }));
      assert.equal(refused.reason, reason, refused.log);
    }
    const opaque = await signIn(scene, "2YotnFZFEjr1zCsicMWpAA");
    assert.equal(opaque.reason, "token_malformed");
    assert.match(
      opaque.log,
      /the access token is opaque: it is not of the kind \\"wlcg\\""/,
    );
  },
);

test(
  "at a grid issuer that has the metadata of RFC 8414 alone",
  () => ["kind: wlcg"],
  async (scene) => {
    const missing = answer({ status: 404 });
    scene.server.on("/.well-known/openid-configuration", missing);
    scene.server.on(
      "/.well-known/oauth-authorization-server",
      json(scene.server.discovery),
    );
    const good = await signIn(scene, await scene.token({ claims: WLCG }));
    assert.equal(good.reason, "allowed", good.log);
  },
);

test(
  "at an issuer of SciTokens asks for the account's scope, which decides",
  () => ["kind: scitokens"],
  async (scene) => {
    const token = (scope: string) =>
      scene.token({ claims: { ver: "scitoken:2.0", scope, ...ALICE } });
    const good = await signIn(scene, await token("ssh:alice"));
    assert.equal(good.reason, "allowed", good.log);
    assert.equal(
      scene.form("/device_authorization").scope,
      "openid profile ssh:alice",
    );
    const other = await signIn(scene, await token("ssh:bob"));
    assert.equal(other.reason, "scope_missing", other.log);
    const ghost = { user: "ghost", env: { OAUTH_PAM_ACCOUNT: "" } };
    await start({ policyFile: scene.site.policyFile, ...ghost });
    assert.equal(
      scene.form("/device_authorization").scope,
      "openid profile ssh:ghost",
    );
  },
);

test(
  "at an issuer that introspects asks it about the access token",
  (secret) => [
    "kind: introspection",
    "client_id: gate",
    `client_secret_file: ${secret}`,
  ],
  async (scene) => {
    const active = { active: true, aud: "ssh-prod", sub: "u1", ...ALICE };
    scene.server.on("/introspect", json(active));
    // opaque or not: the issuer's own words about it decide
    for (const token of ["2YotnFZFEjr1zCsicMWpAA", await scene.token()]) {
      const good = await signIn(scene, token);
      assert.equal(good.reason, "allowed", good.log);
      assert.equal(scene.form("/introspect").token, token);
      assert.equal(scene.server.requestCount("/jwks"), 0);
    }
    for (
      const [told, reason] of [
        [{ active: false }, "token_inactive"],
        [{ ...active, aud: "x" }, "audience_mismatch"],
        [{ ...active, email: "bob@example.edu" }, "account_not_permitted"],
        [{ error: "invalid_request" }, "issuer_refused"],
      ] as const
    ) {
      scene.server.on("/introspect", json(told));
      const refused = await signIn(scene, "2YotnFZFEjr1zCsicMWpAA");
      assert.equal(refused.reason, reason, refused.log);
      assert.doesNotMatch(refused.log, /2YotnFZ/);
    }
  },
);

Deno.test("device sign-in at Globus Auth: identities and scopes as for any of its tokens", async () => {
  await using scene = await createGlobusScene({
    issuerLines: [`device: {client_id: ${CLIENT}}`],
  });
  const { globus, site: { policyFile } } = scene;
  const issuer = globus.issuer;
  globus.on(
    "/.well-known/openid-configuration",
    json({
      issuer,
      device_authorization_endpoint: `${issuer}/device_authorization`,
      token_endpoint: `${issuer}/token`,
    }),
  );
  globus.on(
    "/device_authorization",
    json({
      device_code: "x",
      user_code: "ABCD-EFGH",
      verification_uri: `${issuer}/device`,
      expires_in: 600,
    }),
  );
  const poll = async (access_token: string) => {
    globus.on("/token", json({ access_token, token_type: "Bearer" }));
    const started = await start({ policyFile });
    assert.equal(started.reason, null, started.log);
    return await finish({ policyFile });
  };
  const good = await poll(globus.issue());
  assert.equal(good.reason, "allowed", good.log);
  const unknown = await poll("AgUnknown");
  assert.equal(unknown.reason, "token_inactive", unknown.log);
});

for (const kind of KINDS) {
  Deno.test(`a policy can have device at an issuer of the kind ${kind}, where access tokens decide but for jwt`, () => {
    const policy = (device: string) =>
      parsePolicy(
        `version: 1
issuers:
  campus:
    issuer: https://login.example.edu
    audiences: [ssh]
    kind: ${kind}
    ${
          ["introspection", "globus"].includes(kind)
            ? "client_id: gate\n    client_secret_file: /etc/secret"
            : "clock_skew: 30s"
        }
    device: {client_id: ssh${device}}
rules:
  staff: {accounts: [{claim: sub}]}
`,
        { file: "policy.yaml" },
      );
    const found = policy("").policy?.issuers[0]?.device;
    assert.equal(found?.token, kind === "jwt" ? "id_token" : "access_token");
    const chosen = policy(", token: id_token");
    assert.deepEqual(
      chosen.diagnostics.map(({ message }) => message),
      kind === "jwt"
        ? []
        : [`the kind "${kind}" is about access tokens, not ID tokens`],
    );
  });
}
