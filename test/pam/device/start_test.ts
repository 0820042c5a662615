/**
 * `device start`: what the user sees, what the issuer is asked, and what is never shown.
 *
 * @module
 */
// Threats: D1, D5, D6, D10, F9
import assert from "node:assert/strict";
import {
  CLIENT,
  Clock,
  createDeviceScene,
  DEVICE_CODE,
  type DeviceScene,
  type DeviceSceneOptions,
  finish,
  OWN_SENTENCE,
  start,
  USER_CODE,
  withoutReference,
} from "../../support/device.ts";
import {
  answer,
  hang,
  html,
  json,
  redirect,
  startConnectionTrap,
} from "../../support/hostile_server.ts";

import { assertAlike } from "../../support/timing.ts";

function test(
  title: string,
  body: (scene: DeviceScene) => Promise<void>,
  options: DeviceSceneOptions = {},
): void {
  Deno.test(`device start ${title}`, {
    sanitizeOps: true,
    sanitizeResources: true,
  }, async () => {
    await using scene = await createDeviceScene(options);
    await body(scene);
  });
}

const UNAVAILABLE =
  "\nSigning in with a browser is not possible at the moment (reference REF).\n";

test("names host, account, service, source, URL and code", async (scene) => {
  const { policyFile } = scene.site;
  const started = await start({ policyFile });
  assert.equal(started.exitCode, 0);
  assert.equal(
    started.text,
    `
Sign-in to host.example.edu as "alice" (sshd) from 192.0.2.7

  1. Open   ${scene.server.issuer}/device
  2. Enter  ${USER_CODE}
  3. Come back, leave the next line empty, and press Enter.
     It waits until you have signed in, for 90 seconds at most.

Only if you started this yourself. If somebody sent you this code, stop:
entering it would let them in as you.

`,
  );
  assert.equal(started.log, "");
  const folder = `${scene.site.cacheDirectory}/device`;
  assert.equal((await Deno.stat(folder)).mode! & 0o777, 0o700);
  for await (const { name } of Deno.readDir(folder)) {
    assert.equal((await Deno.stat(`${folder}/${name}`)).mode! & 0o777, 0o600);
    assert.doesNotMatch(name, /alice|4711/);
  }
});

test("shows the site's own line above", async (scene) => {
  const { text } = await start({ policyFile: scene.site.policyFile });
  assert.match(
    text,
    /^\nCampus account needed\. Help: helpdesk@example\.edu\nSign-in to /,
  );
}, { device: 'prompt: "Campus account needed. Help: helpdesk@example.edu"' });

test("leaves out the source where there is none", async (scene) => {
  const env = { PAM_RHOST: undefined, PAM_SERVICE: "login" };
  const { text } = await start({ policyFile: scene.site.policyFile, env });
  assert.match(text, /^Sign-in to host\.example\.edu as "alice" \(login\)$/m);
});

test("asks for the scopes and nothing else, with the client's id", async (scene) => {
  await start({ policyFile: scene.site.policyFile });
  const { nonce, code_challenge, ...form } = scene.form(
    "/device_authorization",
  );
  assert.match(code_challenge ?? "", /^[A-Za-z0-9_-]{43}$/);
  assert.match(nonce ?? "", /^[0-9a-f-]{36}$/);
  assert.deepEqual(form, {
    client_id: CLIENT,
    scope: "openid",
    code_challenge_method: "S256",
  });
});

const ASSURANCE: DeviceSceneOptions = {
  device: 'acr_values: [mfa, "urn:silver"], parameters: {kc_idp_hint: campus}',
  lines: ["assurance: {mfa: true, max_auth_age: 8h}"],
  ruleLines: [
    "assurance: {max_auth_age: 1h}",
    "services: [sshd]",
  ],
};

test(
  "asks the issuer for what the policy wants of this service",
  async (scene) => {
    const { policyFile } = scene.site;
    await start({ policyFile });
    const { nonce: _, code_challenge: __, ...form } = scene.form(
      "/device_authorization",
    );
    assert.deepEqual(form, {
      client_id: CLIENT,
      code_challenge_method: "S256",
      scope: "openid",
      acr_values: "mfa urn:silver",
      kc_idp_hint: "campus",
      max_age: "3600",
    });
    await start({ policyFile, env: { PAM_SERVICE: "other" } });
    assert.equal(scene.form("/device_authorization").max_age, "28800");
  },
  ASSURANCE,
);

test(
  "asks for no acr where the policy wants no second factor",
  async (scene) => {
    await start({ policyFile: scene.site.policyFile });
    assert.equal(scene.form("/device_authorization").acr_values, undefined);
  },
  { device: "acr_values: [mfa]" },
);

test("authenticates a confidential client with Basic, never in the form", async (scene) => {
  const { policyFile, directory } = scene.site;
  const secret = `${directory}/secret`;
  await Deno.writeTextFile(secret, "s%:e/t\n", { mode: 0o600 });
  const text = await Deno.readTextFile(policyFile);
  await Deno.writeTextFile(
    policyFile,
    text.replace(
      "{client_id: ssh-device",
      `{client_secret_file: ${secret}, client_id: ssh-device`,
    ),
  );
  assert.equal((await start({ policyFile })).reason, null);
  scene.answerPolls(await scene.tokens());
  assert.equal((await finish({ policyFile })).reason, "allowed");
  for (const path of ["/device_authorization", "/token"]) {
    const request = scene.server.requests.find((request) =>
      request.path === path
    );
    const encoded = atob(
      request?.headers.authorization?.replace("Basic ", "") ?? "",
    );
    assert.equal(decodeURIComponent(encoded), `${CLIENT}:s%:e/t`);
    assert.equal(scene.form(path).client_secret, undefined);
  }
  await Deno.chmod(secret, 0o644);
  const refused = await start({ policyFile });
  assert.equal(refused.reason, "policy_invalid");
  assert.match(refused.log, /can be read by others/);
});

/** The id and the secret that a request carries, by where they stand. */
function sent(
  scene: DeviceScene,
  path: string,
): { basic: string | null; form: string | undefined } {
  const request = scene.server.requests.findLast((each) => each.path === path);
  const header = request?.headers.authorization;
  return {
    basic: header === undefined ? null : atob(header.replace("Basic ", "")),
    form: scene.form(path).client_secret,
  };
}

const UUID = "3fa85f64-5717-4562-b3fc-2c963f66afa6";
const BASIC = { basic: `${UUID}:AK2-x_Y.z*`, form: undefined };
const POST = { basic: null, form: "AK2-x_Y.z*" };

for (
  const [way, methods, expected] of [
    [null, undefined, BASIC],
    [null, [], BASIC],
    [null, ["client_secret_post", "client_secret_basic"], BASIC],
    [null, ["private_key_jwt", "client_secret_post"], POST],
    [null, ["private_key_jwt"], BASIC],
    [null, "client_secret_post", BASIC],
    ["post", ["client_secret_basic"], POST],
    ["basic", ["client_secret_post"], BASIC],
  ] as const
) {
  test(`sends the secret once, client_auth ${way} and ${JSON.stringify(methods)} listed`, async (scene) => {
    const { policyFile, directory } = scene.site;
    const secret = `${directory}/secret`;
    await Deno.writeTextFile(secret, "AK2-x_Y.z*", { mode: 0o600 });
    const text = await Deno.readTextFile(policyFile);
    await Deno.writeTextFile(
      policyFile,
      text.replace(
        "device: {client_id: ssh-device",
        `client_auth: ${way}\n    device: {client_secret_file: ${secret}, client_id: ${UUID}`,
      ),
    );
    scene.server.discovery.token_endpoint_auth_methods_supported = methods;
    const started = await start({ policyFile });
    assert.equal(started.reason, null, started.log);
    scene.answerPolls(await scene.tokens({ claims: { audience: UUID } }));
    const finished = await finish({ policyFile });
    assert.equal(finished.reason, "allowed", finished.log);
    for (const path of ["/device_authorization", "/token"]) {
      assert.deepEqual(sent(scene, path), expected, path);
    }
    assert.equal(scene.form("/device_authorization").client_id, UUID);
  });
}

test("sends nothing but the id of a client without a secret", async (scene) => {
  scene.server.discovery.token_endpoint_auth_methods_supported = [
    "client_secret_post",
  ];
  await start({ policyFile: scene.site.policyFile });
  assert.deepEqual(sent(scene, "/device_authorization"), {
    basic: null,
    form: undefined,
  });
  assert.equal(scene.form("/device_authorization").client_id, CLIENT);
}, { issuerLines: ["client_auth: post"] });

/** What RFC 7636 section 4.2 makes of a verifier. */
async function challengeOf(verifier: string): Promise<string> {
  const bytes = new TextEncoder().encode(verifier);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))
    .toBase64({ alphabet: "base64url", omitPadding: true });
}

test("proves to the issuer that who finishes has started (RFC 7636)", async (scene) => {
  const { policyFile } = scene.site;
  const challenges: string[] = [];
  for (let round = 0; round < 2; round++) {
    await start({ policyFile });
    const { code_challenge = "" } = scene.form("/device_authorization");
    scene.answerPolls("authorization_pending", await scene.tokens());
    const result = await finish({ policyFile });
    assert.equal(result.reason, "allowed", result.log);
    const { code_verifier = "" } = scene.form("/token");
    assert.equal(await challengeOf(code_verifier), code_challenge);
    assert.ok(!result.log.includes(code_verifier));
    challenges.push(code_challenge);
  }
  assert.notEqual(challenges[0], challenges[1]);
});

test("takes as long for an account that there is not", async ({ site }) => {
  const accounts = { alice: "1000:alice", nosuchuser: "", root: "0:root" };
  await assertAlike(async () => {
    const times: Record<string, number[]> = {};
    for (let round = 0; round < 30; round++) {
      for (const [user, account] of Object.entries(accounts)) {
        const env = { OAUTH_PAM_ACCOUNT: account };
        const begun = performance.now();
        const started = await start({ policyFile: site.policyFile, user, env });
        (times[user] ??= []).push(performance.now() - begun);
        assert.equal(started.exitCode, 0, started.log);
      }
    }
    return times;
  });
}, { device: "starts_per_source: 1000, starts_total: 1000" });

for (const user of ["nosuchuser", "root"]) {
  test(`looks the same to ${user} as to alice, to the last request`, async (scene) => {
    const { policyFile } = scene.site;
    const known = await start({ policyFile });
    const asked = scene.server.requests.map(({ path, method }) =>
      `${method} ${path}`
    );
    scene.server.requests.length = 0;
    const account = user === "root" ? "0:root" : "";
    const other = await start({
      policyFile,
      user,
      env: { OAUTH_PAM_ACCOUNT: account },
    });
    assert.equal(other.text, known.text.replace('"alice"', `"${user}"`));
    assert.equal(other.exitCode, known.exitCode);
    assert.deepEqual(
      scene.server.requests.map(({ path, method }) => `${method} ${path}`),
      asked,
    );
  });
}

test(
  "stays below sshd's 32 lines with a QR code, which holds the code",
  async (scene) => {
    const uri = `${scene.server.issuer}/device`;
    scene.answerStart({
      verification_uri_complete: `${uri}?user_code=${USER_CODE}`,
    });
    const { text } = await start({ policyFile: scene.site.policyFile });
    const lines = text.split("\n").slice(0, -1);
    assert.ok(lines.length <= 30, `${lines.length} lines`);
    assert.ok(
      lines.filter((line) => /^[█▀▄ ]+$/.test(line)).length >= 15,
      text,
    );
    for (const line of lines) assert.match(line, /^(?:[\x20-\x7e]*|[█▀▄ ]+)$/);
    assert.ok(text.includes(USER_CODE) && text.includes(uri));
  },
  { device: "qr: true, prompt: Campus" },
);

test("leaves out a QR code that does not fit", async (scene) => {
  const long = `${scene.server.issuer}/${"x".repeat(150)}`;
  scene.answerStart({ verification_uri_complete: long });
  const { text } = await start({ policyFile: scene.site.policyFile });
  assert.match(text, /^[\x20-\x7e\n]+$/);
}, { device: "qr: true" });

test("draws no QR code of an address that may not be shown", async (scene) => {
  scene.answerStart({
    verification_uri_complete: "https://evil.example.org/x",
  });
  const { text, exitCode } = await start({ policyFile: scene.site.policyFile });
  assert.equal(exitCode, 0);
  assert.match(text, /█/);
}, { device: "qr: true" });

const HOSTILE: readonly [
  string,
  (issuer: string) => Record<string, unknown>,
][] = [
  [
    "a URL with a control character",
    (issuer) => ({ verification_uri: `${issuer}/\u001b]0;pwn\u0007` }),
  ],
  [
    "a URL with a line end",
    (issuer) => ({ verification_uri: `${issuer}/\nPassword:` }),
  ],
  ["an http URL", () => ({ verification_uri: "http://localhost/device" })],
  ["a javascript URL", () => ({ verification_uri: "javascript:alert(1)" })],
  [
    "a URL of another host",
    () => ({ verification_uri: "https://evil.example.org/device" }),
  ],
  [
    "a URL of another port",
    () => ({ verification_uri: "https://localhost:1/device" }),
  ],
  [
    "a URL with user information",
    (issuer) => ({ verification_uri: issuer.replace("//", "//campus@") }),
  ],
  [
    "a URL of 10 KB",
    (issuer) => ({ verification_uri: `${issuer}/${"x".repeat(10_240)}` }),
  ],
  ["no URL", () => ({ verification_uri: undefined })],
  ["a list for a URL", () => ({ verification_uri: [] })],
  [
    "a code with an escape sequence",
    () => ({ user_code: "\u001b]0;pwn\u0007" }),
  ],
  ["a code that turns text round", () => ({ user_code: "ABCD\u202eEFGH" })],
  ["a code with a line end", () => ({ user_code: "ABCD\nEFGH" })],
  ["a code of two words", () => ({ user_code: "ABCD EFGH" })],
  ["a code beyond ASCII", () => ({ user_code: "ＡＢＣＤ" })],
  ["a code of 10 KB", () => ({ user_code: "A".repeat(10_240) })],
  ["an empty code", () => ({ user_code: "" })],
  ["a number for a code", () => ({ user_code: 12345678 })],
  ["no device code", () => ({ device_code: undefined })],
  ["a device code with a line end", () => ({ device_code: "a\nb" })],
  ["a device code of 10 KB", () => ({ device_code: "a".repeat(10_240) })],
  ["a negative interval", () => ({ interval: -5 })],
  ["a negative interval as text", () => ({ interval: "-5" })],
  ["an interval in words", () => ({ interval: "five" })],
  ["a list for an interval", () => ({ interval: [5] })],
  ["no lifetime", () => ({ expires_in: undefined })],
  ["a lifetime of 0", () => ({ expires_in: 0 })],
  ["an error", () => ({ error: "invalid_client" })],
];
for (const [what, members] of HOSTILE) {
  test(`shows nothing of an issuer that answers with ${what}`, async (scene) => {
    scene.answerStart(members(scene.server.issuer));
    const started = await start({ policyFile: scene.site.policyFile });
    assert.deepEqual([started.reason, started.exitCode], [
      "issuer_refused",
      3,
    ]);
    assert.equal(withoutReference(started.text), UNAVAILABLE);
    assert.match(started.log, /^[\x20-\x7e]{1,1000}\n$/);
    assert.doesNotMatch(started.log, new RegExp(DEVICE_CODE));
  });
}

const DIALECTS: readonly [string, (issuer: string) => object, string?][] = [
  [
    "verification_url, as Google does",
    (issuer) => ({
      verification_uri: undefined,
      verification_url: `${issuer}/device`,
    }),
  ],
  ["an interval as text", () => ({ interval: "5", expires_in: "600" })],
  ["an interval of 0", () => ({ interval: 0 })],
  ["an interval of 0 as text", () => ({ interval: "0" })],
  [
    "null for what there is none of",
    () => ({ interval: null, verification_uri_complete: null, message: null }),
  ],
  ["an empty complete address", () => ({ verification_uri_complete: "" })],
  ["a complete address that is a list", () => ({
    verification_uri_complete: [],
  })],
  ["a code of mixed case", () => ({ user_code: "KNpesLcE" }), "KNpesLcE"],
  ["a code with other signs", () => ({ user_code: "ab_c/D9=" }), "ab_c/D9="],
];
for (const [what, members, code = USER_CODE] of DIALECTS) {
  test(`understands ${what}`, async (scene) => {
    const { policyFile } = scene.site;
    scene.answerStart({ ...members(scene.server.issuer) });
    const started = await start({ policyFile });
    assert.equal(started.reason, null, started.log);
    assert.equal(started.userCode, code);
    assert.ok(started.text.includes(`Open   ${scene.server.issuer}/device\n`));
    scene.answerPolls("authorization_pending", await scene.tokens());
    const finished = await finish({ policyFile });
    assert.equal(finished.reason, "allowed", finished.log);
    assert.deepEqual(finished.waits, [5]);
  });
}

test("understands a code that was created, with status 201", async (scene) => {
  scene.server.on(
    "/device_authorization",
    answer({
      status: 201,
      body: {
        device_code: DEVICE_CODE,
        user_code: USER_CODE,
        verification_uri: `${scene.server.issuer}/device`,
        expires_in: 600,
      },
    }),
  );
  const started = await start({ policyFile: scene.site.policyFile });
  assert.equal(started.userCode, USER_CODE, started.log);
});

test("shows an international host name in ASCII", async (scene) => {
  scene.answerStart({ verification_uri: `${scene.server.issuer}/ä` });
  const { text } = await start({ policyFile: scene.site.policyFile });
  assert.match(text, /^ {2}1\. Open {3}https:\/\/localhost:\d+\/%C3%A4$/m);
});

for (
  const [what, behaviour, reason] of [
    ["does not answer", hang(), "issuer_unavailable"],
    ["answers with 500", answer({ status: 500 }), "issuer_unavailable"],
    [
      "says that it is out of service",
      answer({ status: 400, body: { error: "temporarily_unavailable" } }),
      "issuer_unavailable",
    ],
    ["answers with HTML", html(), "issuer_refused"],
    ["answers with a list", json([]), "issuer_refused"],
    ["answers with 403", answer({ status: 403, body: "x" }), "issuer_refused"],
    ["answers with 429", answer({ status: 429, body: "x" }), "issuer_refused"],
    [
      "does not know the client",
      answer({ status: 400, body: { error: "unauthorized_client" } }),
      "issuer_refused",
    ],
    [
      "wants PKCE",
      answer({ status: 400, body: { error: "invalid_request" } }),
      "issuer_refused",
    ],
    [
      "wants less of us",
      answer({ status: 400, body: { error: "slow_down" } }),
      "issuer_refused",
    ],
  ] as const
) {
  test(`tells the user in one sentence where the issuer ${what}`, async (scene) => {
    scene.server.on("/device_authorization", behaviour);
    const started = await start({
      policyFile: scene.site.policyFile,
      issuerMs: 500,
    });
    assert.deepEqual([started.reason, started.exitCode], [
      reason,
      reason === "issuer_unavailable" ? 9 : 3,
    ]);
    assert.equal(withoutReference(started.text), UNAVAILABLE);
    assert.match(
      started.log,
      new RegExp(` decision=deny reason=${reason} user=alice `),
    );
  });
}

for (
  const [error, error_description, said] of [
    [
      "invalid_client",
      "AADSTS7000218: The request body must contain the following parameter",
      '\\"invalid_client\\": AADSTS7000218: The request body must contain the',
    ],
    [
      "invalid_request",
      "Missing parameter: code_challenge_method",
      '\\"invalid_request\\": Missing parameter: code_challenge_method"',
    ],
    [
      "invalid_scope",
      `Missing scope "groups"\n${"x".repeat(300)}`,
      '\\"invalid_scope\\": Missing scope \\"groups\\" xxx',
    ],
  ] as const
) {
  test(`logs what the issuer says of "${error}", and shows nobody`, async (scene) => {
    scene.server.on(
      "/device_authorization",
      answer({ status: 400, body: { error, error_description } }),
    );
    const { policyFile } = scene.site;
    const { reason, text, log } = await start({ policyFile });
    assert.equal(reason, "issuer_refused");
    assert.match(text, OWN_SENTENCE);
    assert.ok(
      log.includes(`detail="the issuer does not start a sign-in: ${said}`),
      log,
    );
    const [, detail = ""] = / detail="((?:[^"\\]|\\.)*)"/.exec(log) ?? [];
    assert.ok(detail.length > 0 && detail.length <= 200);
  });
}

for (
  const [what, members, said] of [
    [
      "a page for the code on another host",
      { verification_uri: "https://www.example.net/device" },
      'https://www.example.net/device is on the host \\"www.example.net:443\\", which the policy does not list under \\"hosts\\""',
    ],
    [
      "an answer of Entra's first version",
      {
        code: "FJZQH7LXS",
        device_code: undefined,
        verification_uri: undefined,
        verification_url: "https://localhost/devicelogin",
        interval: "5",
        expires_in: "900",
      },
      '\\"device_code\\" property',
    ],
  ] as const
) {
  test(`says in the log what is wrong with ${what}`, async (scene) => {
    scene.answerStart(members);
    const started = await start({ policyFile: scene.site.policyFile });
    assert.equal(started.reason, "issuer_refused");
    assert.ok(started.log.includes(said), started.log);
    assert.equal(withoutReference(started.text), UNAVAILABLE);
  });
}

test("follows no redirect with the client's secret", async (scene) => {
  await using trap = startConnectionTrap();
  scene.server.on("/device_authorization", redirect(trap.url, { status: 307 }));
  const started = await start({ policyFile: scene.site.policyFile });
  assert.equal(started.reason, "issuer_refused");
  assert.match(
    started.log,
    /\/device_authorization answered with status 307, a redirect to https:\/\/localhost:\d+\/, which is not followed/,
  );
  assert.equal(trap.connections, 0);
});

test(
  "asks no endpoint on a host that the policy does not list",
  async (scene) => {
    await using trap = startConnectionTrap();
    for (const name of ["device_authorization_endpoint", "token_endpoint"]) {
      const before = scene.server.discovery[name];
      for (const url of [trap.url, "http://localhost/x", undefined]) {
        scene.server.discovery[name] = url;
        const started = await start({ policyFile: scene.site.policyFile });
        assert.equal(started.reason, "issuer_refused");
        assert.match(
          started.log,
          new RegExp(
            `no \\\\\\\\"${name}\\\\\\\\" on a permitted host|no \\\\"${name}\\\\" on`,
          ),
        );
      }
      scene.server.discovery[name] = before;
    }
    assert.equal(trap.connections, 0);
  },
  { device: "starts_per_source: 100" },
);

test("refuses a policy without device, and an unknown issuer", async (scene) => {
  const { policyFile } = scene.site;
  const unknown = await start({ policyFile, args: ["--issuer", "elsewhere"] });
  assert.deepEqual([unknown.reason, unknown.exitCode], ["policy_invalid", 3]);
  assert.equal(
    (await start({ policyFile, args: ["--issuer", "campus"] })).exitCode,
    0,
  );
  const text = await Deno.readTextFile(policyFile);
  await Deno.writeTextFile(policyFile, text.replace(/^ *device:.*\n/m, ""));
  const without = await start({ policyFile });
  assert.equal(without.reason, "policy_invalid");
  assert.match(without.log, /no issuer with \\"device\\"/);
});

test("wants a name where several issuers have device", async (scene) => {
  const { policyFile } = scene.site;
  const second = `  second:
    issuer: https://login.example.org
    audiences: [ssh-prod]
    device: {client_id: x}
rules:`;
  const text = await Deno.readTextFile(policyFile);
  await Deno.writeTextFile(policyFile, text.replace("rules:", second));
  const refused = await start({ policyFile });
  assert.equal(refused.reason, "policy_invalid");
  assert.match(refused.log, /choose one with --issuer/);
  assert.equal(
    (await start({ policyFile, args: ["--issuer", "campus"] })).exitCode,
    0,
  );
});

test("refuses without a conversation, with wrong arguments, and outside auth", async (scene) => {
  const { policyFile } = scene.site;
  for (
    const options of [
      { env: { OAUTH_PAM_CONVERSATION: undefined } },
      { env: { OAUTH_PAM_CONVERSATION: "1-2-3" } },
      { env: { PAM_TYPE: "account" } },
      { env: { PAM_USER: undefined } },
      { user: "Alice" },
      { user: "../alice" },
      { args: ["--issuer"] },
      { args: ["campus"] },
      { args: ["--issuer", "campus", "more"] },
    ]
  ) {
    const started = await start({ policyFile, ...options });
    assert.deepEqual([started.reason, started.exitCode], [
      "request_invalid",
      7,
    ]);
    assert.equal(
      (await finish({ policyFile, ...options })).reason,
      "request_invalid",
    );
  }
  assert.equal(scene.server.requests.length, 0);
});

test("removes what earlier conversations have left behind", async (scene) => {
  const { policyFile, cacheDirectory } = scene.site;
  const clock = new Clock();
  const conversation = (id: string) => ({
    env: { OAUTH_PAM_CONVERSATION: id },
  });
  await start({ policyFile, clock, ...conversation("1-1") });
  await start({ policyFile, clock, ...conversation("1-2") });
  const entries = async () => {
    const names = [];
    for await (const { name } of Deno.readDir(`${cacheDirectory}/device`)) {
      names.push(name);
    }
    return names;
  };
  assert.equal(
    (await entries()).filter((name) => /^[0-9a-f]{64}\.[0-9]+$/.test(name))
      .length,
    2,
  );
  clock.advance(600_000);
  await start({ policyFile, clock, ...conversation("1-3") });
  assert.equal(
    (await entries()).filter((name) => /^[0-9a-f]{64}\.[0-9]+$/.test(name))
      .length,
    1,
  );
  const minute = `${Math.floor(clock.now() / 60_000)}.`;
  const limits = [...Deno.readDirSync(`${cacheDirectory}/limits`)]
    .map(({ name }) => name).filter((name) => !name.startsWith("."));
  assert.ok(limits.length > 0);
  assert.deepEqual(limits.filter((name) => !name.startsWith(minute)), []);
});

test("starts nothing where it cannot be remembered", async (scene) => {
  const { policyFile, cacheDirectory } = scene.site;
  await Deno.writeTextFile(cacheDirectory, "a file in the way");
  const started = await start({ policyFile });
  assert.equal(started.reason, "internal_error");
  assert.equal(scene.server.requestCount("/device_authorization"), 0);
});
