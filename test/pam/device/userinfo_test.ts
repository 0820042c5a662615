/**
 * Claims from the userinfo endpoint: what they add to an ID token, and what they never do.
 *
 * @module
 */
// Threats: D2, D3
import assert from "node:assert/strict";
import {
  CLIENT,
  createDeviceScene,
  type DeviceScene,
  type DeviceSceneOptions,
  finish,
  type FinishResult,
  OWN_SENTENCE,
  start,
} from "../../support/device.ts";
import {
  answer,
  type Behaviour,
  hang,
  html,
  json,
  redirect,
} from "../../support/hostile_server.ts";

const BARE = {
  ...{ email: undefined, email_verified: undefined, groups: undefined },
  ...{ preferred_username: undefined, amr: undefined, auth_time: undefined },
};
const ALICE = { sub: "u1", email: "alice@example.edu", groups: ["staff"] };

function test(
  title: string,
  body: (scene: DeviceScene) => Promise<void>,
  options: DeviceSceneOptions = {},
): void {
  Deno.test(`userinfo ${title}`, async () => {
    await using scene = await createDeviceScene({
      device: "userinfo: true, starts_per_source: 100",
      ...options,
    });
    await body(scene);
  });
}

/** A sign-in that is approved, with an ID token that says no more than who. */
async function signIn(
  scene: DeviceScene,
  userinfo: unknown,
  { claims = {}, members = {} }: {
    claims?: Record<string, unknown>;
    members?: Record<string, unknown>;
  } = {},
): Promise<FinishResult> {
  const { policyFile } = scene.site;
  scene.server.on(
    "/userinfo",
    typeof userinfo === "function" ? userinfo as Behaviour : json(userinfo),
  );
  const started = await start({ policyFile });
  assert.equal(started.reason, null, started.log);
  scene.answerPolls(
    await scene.tokens({ claims: { ...BARE, ...claims }, members }),
  );
  return await finish({ policyFile, requestMs: 1000 });
}

test("gives what a bare ID token lacks", async (scene) => {
  const result = await signIn(scene, ALICE);
  assert.equal(result.reason, "allowed", result.log);
  const asked = scene.server.requests.filter(({ path }) =>
    path === "/userinfo"
  );
  assert.deepEqual(
    asked.map(({ method, query, body, headers }) => [
      method,
      query,
      body,
      headers.authorization,
    ]),
    [["GET", "", "", "Bearer an-opaque-token"]],
  );
}, { ruleLines: ["when: {groups: {any: [staff]}}"] });

test("is not asked where the policy does not say so", async (scene) => {
  const result = await signIn(scene, ALICE);
  assert.equal(result.reason, "account_not_permitted");
  assert.equal(scene.server.requestCount("/userinfo"), 0);
}, { device: "starts_per_source: 9" });

test("of another person is not used", async (scene) => {
  for (
    const sub of ["u2", "U1", "", null, undefined, ["u1"], { u1: 1 }, 1, "u1 "]
  ) {
    const result = await signIn(scene, { ...ALICE, sub });
    assert.deepEqual([result.reason, result.exitCode], ["issuer_refused", 3]);
    assert.match(
      result.log,
      / sub=u1 .*detail="the userinfo has another \\"sub\\" than the ID token"/,
    );
  }
});

test("is not asked with an ID token that is not good", async (scene) => {
  for (
    const [claims, reason] of [
      [{ audience: "other" }, "audience_mismatch"],
      [{ azp: "other" }, "audience_mismatch"],
      [{ nonce: "other" }, "token_replayed"],
      [{ exp: 1_000_000_000 }, "token_expired"],
      [{ sub: undefined }, "claim_missing"],
    ] as const
  ) {
    const result = await signIn(scene, ALICE, { claims: { ...claims } });
    assert.equal(result.reason, reason, result.log);
  }
  const none = await signIn(scene, ALICE, { members: { id_token: null } });
  assert.equal(none.reason, "token_missing");
  assert.equal(scene.server.requestCount("/userinfo"), 0);
});

test("does not change what the ID token says", async (scene) => {
  const bob = { email: "bob@example.edu", groups: ["guests"] };
  const result = await signIn(scene, ALICE, { claims: bob });
  assert.equal(result.reason, "account_not_permitted", result.log);
  const own = await signIn(scene, { ...ALICE, ...bob, sub: "u1" }, {
    claims: { email: ALICE.email, groups: ["staff"] },
  });
  assert.equal(own.reason, "allowed", own.log);
  // null stands for absent, in both
  const empty = await signIn(scene, ALICE, { claims: { email: null } });
  assert.equal(empty.reason, "allowed", empty.log);
  const nothing = await signIn(scene, { ...ALICE, email: null });
  assert.equal(nothing.reason, "account_not_permitted");
});

const BOB = "bob@example.edu";
for (
  const [what, own, more, admitted] of [
    ["a bare ID token", {}, { email_verified: true }, true],
    ["an address of the ID token's, confirmed", { email: ALICE.email }, {
      email_verified: true,
    }, true],
    ["another address, confirmed", { email: ALICE.email }, {
      email: BOB,
      email_verified: true,
    }, false],
    ["a confirmation of nothing", { email: ALICE.email }, {
      email: null,
      email_verified: true,
    }, false],
    ["a confirmation of its own", { email_verified: true }, {
      email_verified: true,
    }, true],
    ["an address that is not confirmed", { email_verified: true }, {
      email_verified: false,
    }, false],
    [
      "an address of which nothing is said",
      { email_verified: true },
      {},
      false,
    ],
    ["a confirmation that it takes back", { email_verified: false }, {
      email_verified: true,
    }, false],
  ] as const
) {
  test(
    `never confirms an address by what was said of another: ${what}`,
    async (scene) => {
      const result = await signIn(scene, { ...ALICE, ...more }, {
        claims: { ...own },
      });
      assert.equal(
        result.reason,
        admitted ? "allowed" : "account_not_permitted",
        result.log,
      );
    },
    { ruleLines: ["when: {email_verified: true}"] },
  );
}

for (
  const [what, claims, reason, lines] of [
    ["amr", { amr: ["mfa"] }, "mfa_required", ["assurance: {mfa: true}"]],
    [
      "auth_time",
      { auth_time: Math.floor(Date.now() / 1000) },
      "reauthentication_required",
      ["assurance: {max_auth_age: 15m}"],
    ],
    ["idp", { idp: "campus" }, "idp_not_permitted", [
      "assurance: {permitted_idps: [campus]}",
    ]],
  ] as const
) {
  test(`says nothing about the sign-in: ${what}`, async (scene) => {
    const result = await signIn(scene, { ...ALICE, ...claims });
    assert.equal(result.reason, reason, result.log);
    const signed = await signIn(scene, ALICE, { claims: { ...claims } });
    assert.equal(signed.reason, "allowed", signed.log);
  }, { lines });
}

test(
  "says nothing about the sign-in under the names of the policy",
  async (scene) => {
    const context = { methods: ["mfa"] };
    const result = await signIn(scene, { ...ALICE, context });
    assert.equal(result.reason, "mfa_required", result.log);
    const signed = await signIn(scene, ALICE, { claims: { context } });
    assert.equal(signed.reason, "allowed", signed.log);
  },
  {
    lines: ["assurance: {mfa: true}"],
    issuerLines: ["claims: {amr: /context/methods}"],
  },
);

test("cannot make a condition on the protocol's claims hold", async (scene) => {
  const result = await signIn(scene, {
    ...ALICE,
    azp: "ssh-other",
    client_id: "ssh-other",
    scope: "admin",
    acr: "gold",
    nonce: "x",
  });
  assert.equal(result.reason, "account_not_permitted", result.log);
}, {
  ruleLines: [
    "when: {azp: {in: [ssh-other]}}",
  ],
});

test("that says that groups lie elsewhere keeps deny rules from passing them over", async (scene) => {
  const { groups: _, ...rest } = ALICE;
  const { policyFile } = scene.site;
  const text = await Deno.readTextFile(policyFile);
  await Deno.writeTextFile(
    policyFile,
    text.replace(
      "rules:\n",
      "rules:\n  leavers: {effect: deny, when: {groups: {any: [leavers]}}}\n",
    ),
  );
  for (
    const [userinfo, claims] of [
      [{ ...rest, _claim_names: { groups: "src1" } }, {
        _claim_names: { address: "src2" },
      }],
      [{ ...rest, _claim_names: { address: "src2" } }, {
        _claim_names: { groups: "src1" },
      }],
      [{ ...rest, _claim_names: "x" }, { _claim_names: {} }],
      [{ ...rest, hasgroups: true }, {}],
    ] as const
  ) {
    const result = await signIn(scene, userinfo, { claims: { ...claims } });
    assert.equal(result.reason, "denied_by_rule", result.log);
  }
  const result = await signIn(scene, { ...ALICE, groups: ["leavers"] });
  assert.equal(result.reason, "denied_by_rule", result.log);
  assert.equal((await signIn(scene, ALICE)).reason, "allowed");
});

for (
  const [what, behaviour, reason, detail] of [
    ["a page", html(), "issuer_refused", /content type/],
    ["a list", json([]), "token_malformed", /userinfo is not a JSON object/],
    ["null", json(null), "token_malformed", /userinfo/],
    [
      "a lone surrogate",
      json({ ...ALICE, x: "\ud800" }),
      "token_malformed",
      /userinfo/,
    ],
    [
      "a signed answer",
      answer({ headers: { "content-type": "application/jwt" }, body: "e.e.e" }),
      "issuer_refused",
      /application\/jwt/,
    ],
    [
      "an error",
      answer({
        status: 403,
        body: {
          error: "insufficient_scope",
          error_description: "an-opaque-token lacks openid",
        },
      }),
      "issuer_refused",
      /status 403: \\"insufficient_scope\\": \[secret\] lacks openid"/,
    ],
    [
      "an error as JSON without a word",
      answer({ status: 401, body: {} }),
      "issuer_refused",
      /status 401"/,
    ],
    ["503", answer({ status: 503 }), "issuer_unavailable", /status 503/],
    ["nothing", hang(), "issuer_unavailable", /did not answer in time/],
    ["a redirect", redirect("/elsewhere"), "issuer_refused", /not followed/],
  ] as const
) {
  test(`admits nobody where the endpoint answers with ${what}`, async (scene) => {
    // the ID token alone would do
    const result = await signIn(scene, behaviour, {
      claims: { email: ALICE.email },
    });
    assert.equal(result.reason, reason, result.log);
    assert.match(result.log, detail);
    assert.doesNotMatch(result.log, /an-opaque-token|eyJ/);
    assert.match(result.stdout, OWN_SENTENCE);
  });
}

test("is not asked with a token that is bound to a key", async (scene) => {
  const result = await signIn(scene, ALICE, {
    members: { token_type: "DPoP" },
  });
  assert.equal(result.reason, "token_kind_unexpected", result.log);
  assert.equal(scene.server.requestCount("/userinfo"), 0);
});

test("has to be on a host of the policy before anybody gets a code", async (scene) => {
  const { policyFile } = scene.site;
  for (const url of ["https://evil.example.org/userinfo", undefined]) {
    scene.server.discovery.userinfo_endpoint = url;
    const started = await start({ policyFile });
    assert.equal(started.reason, "issuer_refused");
    assert.match(started.log, /no \\"userinfo_endpoint\\" on a permitted host/);
  }
});

test(
  "is refused where the policy asks for it only since the sign-in began",
  async (scene) => {
    const { policyFile } = scene.site;
    await start({ policyFile });
    const text = await Deno.readTextFile(policyFile);
    await Deno.writeTextFile(
      policyFile,
      text.replace(
        `client_id: ${CLIENT}`,
        `client_id: ${CLIENT}, userinfo: true`,
      ),
    );
    scene.answerPolls(await scene.tokens());
    const result = await finish({ policyFile });
    assert.equal(result.reason, "policy_invalid", result.log);
  },
  { device: "starts_per_source: 9" },
);
