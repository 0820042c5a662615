/**
 * `device finish`: the issuer's answers, from patient to hostile, and what becomes of them.
 *
 * @module
 */
// Threats: A14, D2, D3, D4, D8, D9
import assert from "node:assert/strict";
import {
  CLIENT,
  Clock,
  createDeviceScene,
  type DeviceScene,
  type DeviceSceneOptions,
  finish,
  OWN_SENTENCE,
  type PollBehaviour,
  start,
  withoutReference,
} from "../../support/device.ts";
import {
  answer,
  hang,
  html,
  json,
  reset,
} from "../../support/hostile_server.ts";
import {
  constantSignature,
  encodeSegment,
  signToken,
  standardClaims,
} from "../../support/tokens.ts";

/** Starts, lets the issuer answer as given, and finishes. */
async function signIn(
  scene: DeviceScene,
  answers: [PollBehaviour, ...PollBehaviour[]],
  options: Partial<Parameters<typeof finish>[0]> = {},
) {
  const { policyFile } = scene.site;
  const started = await start({ policyFile, ...options });
  assert.equal(started.reason, null, started.log);
  scene.answerPolls(...answers);
  return await finish({ policyFile, ...options });
}

function test(
  title: string,
  body: (scene: DeviceScene) => Promise<void>,
  options: DeviceSceneOptions = {},
): void {
  Deno.test(`device finish ${title}`, {
    sanitizeOps: true,
    sanitizeResources: true,
  }, async () => {
    await using scene = await createDeviceScene(options);
    await body(scene);
  });
}

test("admits who has approved, after the first request", async (scene) => {
  const result = await signIn(scene, [await scene.tokens()]);
  assert.deepEqual(
    [result.reason, result.exitCode],
    ["allowed", 0],
    result.log,
  );
  assert.deepEqual(result.waits, []);
  assert.match(
    result.log,
    / decision=allow reason=allowed user=alice .* sub=u1 .*rule=staff /,
  );
  assert.equal(result.stdout, "");
  const { code_verifier, ...form } = scene.form("/token");
  assert.match(code_verifier ?? "", /^[A-Za-z0-9_-]{43}$/);
  assert.deepEqual(form, {
    client_id: CLIENT,
    device_code: "a-device-code-that-nobody-else-knows",
    grant_type: "urn:ietf:params:oauth:grant-type:device_code",
  });
});

test("waits as long as the issuer asks, and five seconds more after each slow_down", async (scene) => {
  const result = await signIn(scene, [
    "authorization_pending",
    "slow_down",
    "slow_down",
    "authorization_pending",
    await scene.tokens(),
  ]);
  assert.equal(result.reason, "allowed", result.log);
  assert.deepEqual(result.waits, [5, 10, 15, 15]);
});

test(
  "gives up on authorization_pending for ever before the policy's timeout",
  async (scene) => {
    const result = await signIn(scene, ["authorization_pending"]);
    assert.deepEqual([result.reason, result.exitCode], ["device_expired", 7]);
    assert.match(result.log, /detail="nobody approved the sign-in in time"/);
    assert.equal(scene.server.requestCount("/token"), 12);
    assert.deepEqual(result.waits, Array(11).fill(5));
  },
  { device: "timeout: 60s" },
);

test("does not wait longer than the code lives", async (scene) => {
  scene.answerStart({ expires_in: 12 });
  const result = await signIn(scene, ["authorization_pending"]);
  assert.equal(result.reason, "device_expired");
  assert.deepEqual(result.waits, [5, 5]);
});

test("asks once and does not hang where the issuer wants 10,000 s between requests", async (scene) => {
  scene.answerStart({ interval: 10_000 });
  const result = await signIn(scene, ["authorization_pending"]);
  assert.equal(result.reason, "device_expired");
  assert.deepEqual(result.waits, []);
  assert.equal(scene.server.requestCount("/token"), 1);
  const approved = await signIn(scene, [await scene.tokens()]);
  assert.equal(approved.reason, "allowed");
});

for (
  const [error, reason, exitCode] of [
    ["access_denied", "device_denied", 7],
    ["expired_token", "device_expired", 7],
    ["invalid_grant", "device_denied", 7],
    ["authorization_declined", "device_denied", 7],
    ["\u001b]0;pwn\u0007", "device_denied", 7],
    ["invalid_client", "issuer_refused", 3],
    ["invalid_request", "issuer_refused", 3],
    ["invalid_scope", "issuer_refused", 3],
    ["unauthorized_client", "issuer_refused", 3],
    ["unsupported_grant_type", "issuer_refused", 3],
  ] as const
) {
  test(`stops at ${JSON.stringify(error)} with ${reason}`, async (scene) => {
    const result = await signIn(scene, [error]);
    assert.deepEqual([result.reason, result.exitCode], [reason, exitCode]);
    assert.equal(scene.server.requestCount("/token"), 1);
    assert.match(result.log, /^[\x20-\x7e]*\n$/);
  });
}

for (
  const [error, reason, description, said] of [
    [
      "invalid_grant",
      "device_denied",
      "AADSTS50105: Your administrator has configured the application",
      'the issuer answered \\"invalid_grant\\": AADSTS50105: Your administrator has',
    ],
    [
      "interaction_required",
      "device_denied",
      "AADSTS53003: Access has been blocked by Conditional Access policies.\r\nTrace ID: 1",
      'the issuer answered \\"interaction_required\\": AADSTS53003: Access has been blocked by Conditional Access policies. Trace ID: 1"',
    ],
    [
      "expired_token",
      "device_expired",
      "The device code has expired",
      'the issuer answered \\"expired_token\\": The device code has expired"',
    ],
    [
      "invalid_client",
      "issuer_refused",
      "AADSTS7000218: the request body must contain 'client_assertion' or 'client_secret'.",
      'the issuer does not answer the sign-in: \\"invalid_client\\": AADSTS7000218: the request body',
    ],
    [
      "server_error",
      "issuer_unavailable",
      "try later",
      'the issuer does not answer the sign-in: \\"server_error\\": try later"',
    ],
    [
      "access_denied",
      "device_denied",
      "\u001b]0;pwn\u0007 reason=allowed",
      'the issuer answered \\"access_denied\\": \\u001b]0;pwn\\u0007 reason=allowed"',
    ],
    ["access_denied", "device_denied", ["x"], 'answered \\"access_denied\\""'],
    ["access_denied", "device_denied", null, 'answered \\"access_denied\\""'],
  ] as const
) {
  test(`logs what the issuer says of "${error}": ${JSON.stringify(description)}`, async (scene) => {
    const result = await signIn(scene, [
      answer({ status: 400, body: { error, error_description: description } }),
    ]);
    assert.equal(result.reason, reason);
    assert.ok(result.log.includes(said), result.log);
    assert.match(result.log, /^[\x20-\x7e]*\n$/);
    assert.match(result.stdout, OWN_SENTENCE);
  });
}

test("understands words that hold what is a secret", async (scene) => {
  const { policyFile, directory } = scene.site;
  const secret = `${directory}/secret`;
  await Deno.writeTextFile(secret, "slow", { mode: 0o600 });
  const text = await Deno.readTextFile(policyFile);
  await Deno.writeTextFile(
    policyFile,
    text.replace(
      "{client_id: ssh-device",
      `{client_secret_file: ${secret}, client_id: ssh-device`,
    ),
  );
  const tokens = await scene.tokens();
  const result = await signIn(scene, ["slow_down", tokens]);
  assert.equal(result.reason, "allowed", result.log);
});

test("logs no secret that the issuer throws back", async (scene) => {
  const { policyFile, directory } = scene.site;
  const secret = `${directory}/secret`;
  await Deno.writeTextFile(secret, "s3cret/of+ours", { mode: 0o600 });
  const text = await Deno.readTextFile(policyFile);
  await Deno.writeTextFile(
    policyFile,
    text.replace(
      "{client_id: ssh-device",
      `{client_secret_file: ${secret}, client_id: ssh-device`,
    ),
  );
  for (const way of ["basic", "post"]) {
    await Deno.writeTextFile(
      policyFile,
      (await Deno.readTextFile(policyFile))
        .replace(/\n {4}client_auth: .*/, "")
        .replace("\n    device:", `\n    client_auth: ${way}\n    device:`),
    );
    // one after the other: the log cuts long details
    for (
      const echoed of [
        (_form: string, header: string) => header,
        (_form: string, header: string) => header && atob(header.slice(6)),
        (form: string) => form.slice(0, 120),
        (form: string) => form.slice(-120),
        (form: string) => decodeURIComponent(form).slice(0, 120),
        (form: string) => decodeURIComponent(form).slice(-120),
        () => "s3cret/of+ours",
      ]
    ) {
      const echo: PollBehaviour = (request, response) => {
        const { authorization = "" } = request.headers;
        const said = echoed(request.body, authorization);
        const body = {
          error: said || "denied",
          error_description: `x ${said}`,
        };
        return answer({ status: 400, body })(request, response);
      };
      const result = await signIn(scene, [echo]);
      assert.equal(result.reason, "device_denied", result.log);
      const { code_verifier = "-" } = scene.form("/token");
      const { authorization = "Basic -" } = scene.server.requests
        .findLast(({ path }) => path === "/token")?.headers ?? {};
      assert.ok(!result.log.includes(`${authorization.slice(6)}"`), result.log);
      assert.doesNotMatch(
        result.log,
        /a-device-code|s3cret|of%2Bours/,
        result.log,
      );
      assert.ok(!result.log.includes(code_verifier));
    }
  }
}, { device: "starts_per_source: 100" });

test("takes 429 for slow_down, whatever the body is", async (scene) => {
  const busy = (body: unknown) => answer({ status: 429, body });
  const result = await signIn(scene, [
    busy("<p>slow down"),
    busy({ error: "rate_limited" }),
    await scene.tokens(),
  ]);
  assert.equal(result.reason, "allowed", result.log);
  assert.deepEqual(result.waits, [10, 15]);
});

test("takes errors under the statuses that servers really use", async (scene) => {
  const status = (status: number, error: string) =>
    answer({ status, body: { error } });
  const result = await signIn(scene, [
    status(428, "authorization_pending"),
    status(403, "slow_down"),
    status(200, "slow_down"),
    status(401, "access_denied"),
  ]);
  assert.equal(result.reason, "device_denied");
  assert.deepEqual(result.waits, [5, 10, 15]);
});

for (
  const [what, behaviour] of [
    ["resets connections", reset()],
    ["does not answer", hang()],
    ["answers with 500", answer({ status: 500, body: {} })],
    ["answers with 503", answer({ status: 503, body: "<p>later" })],
    ["says server_error", json({ error: "server_error" })],
    [
      "says temporarily_unavailable",
      answer({ status: 400, body: { error: "temporarily_unavailable" } }),
    ],
  ] as const
) {
  test(`doubles its pace down while the token endpoint ${what}, then says issuer_unavailable`, async (scene) => {
    const result = await signIn(scene, [behaviour], { requestMs: 200 });
    assert.deepEqual([result.reason, result.exitCode], [
      "issuer_unavailable",
      9,
    ], result.log);
    assert.deepEqual(result.waits, [10, 20, 40]);
  });
  test(`goes on after the token endpoint once ${what}`, async (scene) => {
    const result = await signIn(scene, [behaviour, await scene.tokens()], {
      // a machine that does other work as well may take as long for the good answer
      requestMs: 1_500,
    });
    assert.equal(result.reason, "allowed", result.log);
  });
}

for (
  const [what, behaviour] of [
    [
      "a page",
      answer({
        status: 403,
        headers: { "content-type": "text/html" },
        body: "<p>Access denied",
      }),
    ],
    ["JSON that is nobody's error", answer({ status: 403, body: {} })],
  ] as const
) {
  test(`goes on at a slower pace after a firewall's 403 with ${what}, which is no outage`, async (scene) => {
    const pending = "authorization_pending";
    const tokens = await scene.tokens();
    const result = await signIn(scene, [behaviour, pending, tokens]);
    assert.equal(result.reason, "allowed", result.log);
    assert.deepEqual(result.waits, [10, 10]);
    const never = await signIn(scene, [behaviour]);
    assert.deepEqual([never.reason, never.exitCode], ["issuer_refused", 3]);
    assert.match(never.log, /status 403/);
    assert.deepEqual(never.waits, [10, 20, 40]);
  });
}

for (
  const [what, behaviour] of [
    ["HTML", html()],
    ["a list", json([])],
    ["nothing of use", json({})],
    [
      "a number for an ID token",
      json({ access_token: "x", token_type: "Bearer", id_token: 7 }),
    ],
    [
      "a scope that is an object",
      json({ access_token: "x", id_token: "x", scope: {} }),
    ],
    ["a redirect", answer({ status: 307, headers: { location: "/" } })],
    ["status 404", answer({ status: 404, body: {} })],
    ["a null for an access token", json({ access_token: null, id_token: "x" })],
    [
      "a redirect with 302",
      answer({ status: 302, headers: { location: "x" } }),
    ],
  ] as const
) {
  test(`admits nobody for ${what} from the token endpoint`, async (scene) => {
    const result = await signIn(scene, [behaviour]);
    assert.deepEqual([result.reason, result.exitCode], ["issuer_refused", 3]);
    assert.deepEqual(result.waits, []);
  });
}

for (
  const [what, members] of [
    ["no token type", { token_type: undefined }],
    ["null for token type, scope and refresh token", {
      token_type: null,
      scope: null,
      refresh_token: null,
    }],
    ["a list for a scope", { scope: ["openid", "email"] }],
    ["a lifetime that is empty", { expires_in: "" }],
    ["a refresh token that is not text", { refresh_token: {} }],
  ] as const
) {
  test(`admits by an answer with ${what}`, async (scene) => {
    const tokens = await scene.tokens({ members });
    const result = await signIn(scene, [tokens]);
    assert.equal(result.reason, "allowed", result.log);
  });
}

test("looks for the policy's scopes in a list, too", async (scene) => {
  for (
    const [scope, reason] of [
      [["openid"], "scope_missing"],
      [["openid", "ssh"], "allowed"],
      [[], "scope_missing"],
    ] as const
  ) {
    const result = await signIn(scene, [
      await scene.tokens({ members: { scope } }),
    ]);
    assert.equal(result.reason, reason, result.log);
  }
}, { device: "scopes: [openid, ssh]", issuerLines: ["scopes: [ssh]"] });

for (
  const [what, behaviour] of [
    [
      "a page",
      answer({
        status: 403,
        headers: { "content-type": "text/html" },
        body: "<p>WAF",
      }),
    ],
    ["what is not JSON", answer({ status: 403, body: "<p>WAF" })],
    [
      "JSON of a gateway's",
      answer({ status: 403, body: { message: "Forbidden" } }),
    ],
  ] as const
) {
  test(`goes on after 403 with ${what}, and calls it no outage in the end`, async (scene) => {
    const passed = await signIn(scene, [behaviour, await scene.tokens()]);
    assert.equal(passed.reason, "allowed", passed.log);
    assert.deepEqual(passed.waits, [10]);
    const stayed = await signIn(scene, [behaviour]);
    assert.deepEqual([stayed.reason, stayed.exitCode], ["issuer_refused", 3]);
    assert.deepEqual(stayed.waits, [10, 20, 40]);
  });
}

test("says where a redirect of the token endpoint leads", async (scene) => {
  const { log, reason } = await signIn(scene, [
    answer({ status: 307, headers: { location: "/oauth/token?x=y" } }),
  ]);
  assert.equal(reason, "issuer_refused");
  assert.match(
    log,
    /status 307, a redirect to https:\/\/localhost:\d+\/oauth\/token, which is not followed"/,
  );
});

test("refuses an ID token with alg none", async (scene) => {
  const claims = standardClaims({
    issuer: scene.server.issuer,
    audience: CLIENT,
  });
  const id_token =
    [{ alg: "none", typ: "JWT" }, claims].map(encodeSegment).join(".") + ".";
  const result = await signIn(scene, [
    json({ access_token: "x", token_type: "Bearer", id_token }),
  ]);
  assert.equal(result.reason, "algorithm_not_allowed");
});

test("refuses an ID token with a signature of nobody's", async (scene) => {
  const signer = constantSignature({
    alg: "ES256",
    kid: "k1",
    signature: new Uint8Array(64),
  });
  const id_token = await signToken({
    signer,
    claims: standardClaims({ issuer: scene.server.issuer, audience: CLIENT }),
  });
  const result = await signIn(scene, [
    json({ access_token: "x", token_type: "Bearer", id_token }),
  ]);
  assert.equal(result.reason, "signature_invalid");
});

for (
  const [what, claims, reason] of [
    ["for another client", { audience: "ssh-other" }, "audience_mismatch"],
    [
      "for the policy's audience only",
      { audience: "ssh-prod" },
      "audience_mismatch",
    ],
    ["issued to another client", { azp: "ssh-other" }, "audience_mismatch"],
    [
      "for several without azp",
      { audience: [CLIENT, "x"] },
      "audience_mismatch",
    ],
    ["with another nonce", { nonce: "of another sign-in" }, "token_replayed"],
    ["with a nonce that is a list", { nonce: ["x"] }, "token_replayed"],
    [
      "of another issuer",
      { iss: "https://login.example.org" },
      "issuer_unknown",
    ],
    ["that has expired", { exp: 1_000_000_000 }, "token_expired"],
    ["that is a logout token", { events: {} }, "token_kind_unexpected"],
  ] as const
) {
  test(`refuses an ID token ${what}`, async (scene) => {
    const result = await signIn(scene, [
      await scene.tokens({ claims: { ...claims } }),
    ]);
    assert.deepEqual([result.reason, result.exitCode], [reason, 7], result.log);
  });
}

test("says what is wrong with the client of an ID token", async (scene) => {
  for (
    const [claims, detail] of [
      [{ azp: "ssh-other" }, "the token was issued to another client"],
      [{ audience: [CLIENT, "x"], azp: "x" }, "issued to another client"],
      [
        { audience: [CLIENT, "x"] },
        'the token has several audiences, and no \\"azp\\" that says to which client',
      ],
    ] as const
  ) {
    const result = await signIn(scene, [await scene.tokens({ claims })]);
    assert.equal(result.reason, "audience_mismatch");
    assert.ok(result.log.includes(detail), result.log);
  }
});

test("admits an ID token with the nonce of this sign-in", async (scene) => {
  const { policyFile } = scene.site;
  await start({ policyFile });
  const { nonce } = scene.form("/device_authorization");
  assert.match(nonce ?? "", /^[0-9a-f-]{36}$/);
  scene.answerPolls(await scene.tokens({ claims: { nonce, azp: CLIENT } }));
  assert.equal((await finish({ policyFile })).reason, "allowed");
});

test("refuses an ID token that is typed as an access token", async (scene) => {
  const result = await signIn(scene, [
    await scene.tokens({ header: { typ: "at+jwt" } }),
  ]);
  assert.equal(result.reason, "type_not_allowed");
});

test("refuses where the issuer sends no ID token", async (scene) => {
  const result = await signIn(scene, [
    await scene.tokens({ members: { id_token: undefined } }),
  ]);
  assert.equal(result.reason, "token_missing");
  assert.match(result.log, /is \\"openid\\" among the scopes\?/);
});

test("refuses bob's approval for alice's login", async (scene) => {
  const claims = { sub: "u2", email: "bob@example.edu" };
  const result = await signIn(scene, [await scene.tokens({ claims })]);
  assert.deepEqual([result.reason, result.exitCode], [
    "account_not_permitted",
    10,
  ]);
  assert.match(result.log, / user=alice .* sub=u2 /);
});

test("refuses an unknown account although its owner-to-be approves", async (scene) => {
  const claims = { email: "ghost@example.edu" };
  const options = { user: "ghost", env: { OAUTH_PAM_ACCOUNT: "" } };
  const result = await signIn(scene, [await scene.tokens({ claims })], options);
  assert.equal(result.exitCode === 0, false);
  assert.match(result.log, / decision=deny .* user=ghost /);
});

test("holds the policy's assurance against the token", async (scene) => {
  const old = Math.floor(Date.now() / 1000) - 3600;
  for (
    const [claims, reason] of [
      [{ amr: ["pwd"] }, "mfa_required"],
      [{ auth_time: old }, "reauthentication_required"],
      [{}, "allowed"],
    ] as const
  ) {
    const result = await signIn(scene, [
      await scene.tokens({ claims: { ...claims } }),
    ]);
    assert.equal(result.reason, reason, result.log);
  }
}, { lines: ["assurance: {mfa: true, max_auth_age: 15m}"] });

test("uses the access token where the policy says so", async (scene) => {
  const access_token = await scene.token({ claims: { client_id: CLIENT } });
  const result = await signIn(scene, [
    await scene.tokens({ claims: { sub: "u9" }, members: { access_token } }),
  ]);
  assert.equal(result.reason, "allowed", result.log);
  assert.match(result.log, / sub=u1 /);
  assert.equal(scene.form("/device_authorization").nonce, undefined);
  const opaque = await signIn(scene, [await scene.tokens()]);
  // as Cognito, and EGI Check-in where nobody asks for an audience, issue them
  const noAudience = await scene.token({ claims: { aud: undefined } });
  const forNobody = await signIn(scene, [
    await scene.tokens({ members: { access_token: noAudience } }),
  ]);
  assert.equal(forNobody.reason, "claim_missing");
  assert.match(forNobody.log, / detail="the claim \\"aud\\" is missing"/);
  assert.equal(opaque.reason, "token_malformed");
  assert.match(
    opaque.log,
    /detail="the access token is opaque: let the ID token decide \(\\"token: id_token\\", \\"userinfo: true\\"\), or ask/,
  );
}, { device: "token: access_token, starts_per_source: 100" });

test(
  "refuses an access token that is bound to a key, whatever is in it",
  async (scene) => {
    const access_token = await scene.token({ claims: { client_id: CLIENT } });
    for (
      const [token_type, reason, exitCode] of [
        ["DPoP", "token_kind_unexpected", 7],
        ["mac", "issuer_refused", 3],
        ["N_A", "issuer_refused", 3],
      ] as const
    ) {
      const members = { access_token, token_type };
      const result = await signIn(scene, [await scene.tokens({ members })]);
      assert.deepEqual(
        [result.reason, result.exitCode],
        [reason, exitCode],
        result.log,
      );
    }
  },
  { device: "token: access_token, starts_per_source: 20" },
);

test("holds the policy's scopes against what was granted", async (scene) => {
  for (
    const [scope, reason] of [
      ["openid", "scope_missing"],
      ["openid ssh", "allowed"],
      [undefined, "allowed"],
    ] as const
  ) {
    const result = await signIn(scene, [
      await scene.tokens({ members: { scope } }),
    ]);
    assert.equal(result.reason, reason, result.log);
  }
}, { device: "scopes: [openid, ssh]", issuerLines: ["scopes: [ssh]"] });

test(
  "admits ID tokens without jti where the issuer's tokens admit once",
  async (scene) => {
    const result = await signIn(scene, [
      await scene.tokens({ claims: { jti: undefined } }),
    ]);
    assert.equal(result.reason, "allowed", result.log);
  },
  { issuerLines: ["one_time: true"] },
);

test("uses a token that is typed at the prompt instead", async (scene) => {
  const typed = await scene.token();
  const result = await signIn(scene, ["authorization_pending"], { typed });
  assert.equal(result.reason, "allowed", result.log);
  assert.equal(scene.server.requestCount("/token"), 0);
});

test("refuses what is typed and no token, without a request", async (scene) => {
  for (const typed of ["yes", "my password", "\b\n\r\x7fINCORRECT"]) {
    const result = await signIn(scene, ["authorization_pending"], { typed });
    assert.equal(result.reason, "token_malformed", typed);
  }
  assert.equal(scene.server.requestCount("/token"), 0);
});

test("refuses where no sign-in was started", async (scene) => {
  const result = await finish({ policyFile: scene.site.policyFile });
  assert.deepEqual([result.reason, result.exitCode], ["device_expired", 7]);
  assert.match(result.log, /detail="no sign-in is pending"/);
});

test("refuses when the user comes back too late, without a request", async (scene) => {
  const { policyFile } = scene.site;
  const clock = new Clock();
  await start({ policyFile, clock });
  scene.answerPolls(await scene.tokens());
  clock.advance(90_000);
  assert.equal((await finish({ policyFile, clock })).reason, "device_expired");
  assert.equal(scene.server.requestCount("/token"), 0);
});

test("ends for the same reason as a start that failed, and leaves a password alone", async (scene) => {
  const { policyFile } = scene.site;
  for (
    const typed of [
      "",
      "correct horse battery staple",
      "hunter2",
      "\b\n\r\x7fINCORRECT",
    ]
  ) {
    scene.server.on("/device_authorization", answer({ status: 503, body: {} }));
    const started = await start({ policyFile });
    assert.deepEqual([started.reason, started.exitCode], [
      "issuer_unavailable",
      9,
    ]);
    assert.equal(
      withoutReference(started.text),
      "\nSigning in with a browser is not possible at the moment (reference REF).\n",
    );
    const result = await finish({ policyFile, typed });
    assert.deepEqual([result.reason, result.exitCode], [
      "issuer_unavailable",
      9,
    ]);
    assert.doesNotMatch(result.log, /horse|hunter2/);
  }
});

test("uses a typed token where the start failed", async (scene) => {
  const { policyFile } = scene.site;
  scene.server.on("/device_authorization", answer({ status: 503, body: {} }));
  await start({ policyFile });
  const result = await finish({ policyFile, typed: await scene.token() });
  assert.equal(result.reason, "allowed", result.log);
});

test("refuses when the policy names another issuer by now", async (scene) => {
  const { policyFile } = scene.site;
  await start({ policyFile });
  const text = await Deno.readTextFile(policyFile);
  await Deno.writeTextFile(
    policyFile,
    text.replace(/issuer: https.*/, "issuer: https://login.example.org"),
  );
  const result = await finish({ policyFile });
  assert.equal(result.reason, "policy_invalid");
  assert.equal(scene.server.requestCount("/token"), 0);
});

test("puts no secret into the log and shows the user nothing", async (scene) => {
  for (
    const behaviour of [
      "access_denied",
      html(),
      await scene.tokens({ claims: { audience: "x" } }),
    ]
  ) {
    const result = await signIn(scene, [behaviour]);
    assert.doesNotMatch(result.log, /a-device-code|an-opaque-token|eyJ/);
    assert.equal(result.stdout, "");
  }
});
