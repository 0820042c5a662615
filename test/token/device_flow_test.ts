/**
 * The protocol of RFC 8628, without a network: requests as sent, answers as judged.
 *
 * @module
 */
// Threats: D3, D5
import assert from "node:assert/strict";
import { IssuerError } from "../../src/issuer/errors.ts";
import type {
  JsonRequest,
  JsonResponse,
  Transport,
} from "../../src/issuer/http.ts";
import { AccessToken } from "../../src/token/access_token.ts";
import {
  checkDeviceAuthorization,
  type DeviceFlow,
  pollForTokens,
  requestDeviceAuthorization,
  requestTokens,
} from "../../src/token/device_flow.ts";
import { SignInError } from "../../src/token/errors.ts";

const ISSUER = "https://login.example.edu";
const HOSTS = ["login.example.edu:443", "device.example.org:443"];
const ANSWER = {
  device_code: "GmRhmhcxhwAzkoEqiMEg_DnyEysNkuNhszIySk9eS",
  user_code: "WDJB-MJHT",
  verification_uri: `${ISSUER}/device`,
  expires_in: 1800,
};

/** An issuer that gives the answers in turn, and what it was sent. */
function flowWith(
  answers: readonly JsonResponse[],
  client: Partial<DeviceFlow> = {},
): { flow: DeviceFlow; sent: { url: string; request: JsonRequest }[] } {
  const sent: { url: string; request: JsonRequest }[] = [];
  const transport: Transport = {
    request(url, request = {}) {
      const answer = answers[sent.length];
      sent.push({ url, request });
      return answer === undefined
        ? Promise.reject(new IssuerError("unreachable", "no more answers"))
        : Promise.resolve(answer);
    },
    close() {},
  };
  const flow = {
    transport,
    issuer: ISSUER,
    hosts: HOSTS,
    clientId: "ssh login",
    clientSecret: null,
    requestMs: 1000,
    ...client,
  };
  return { flow, sent };
}

Deno.test("requestDeviceAuthorization() sends the parameters beside the client's id (RFC 8628 section 3.1)", async () => {
  const { flow, sent } = flowWith([{ status: 200, body: ANSWER }]);
  const parameters = { scope: "openid email", max_age: "900" };
  const answer = await requestDeviceAuthorization(flow, {
    endpoint: `${ISSUER}/device_authorization`,
    parameters,
  });
  assert.equal(sent.length, 1);
  assert.equal(sent[0]?.url, `${ISSUER}/device_authorization`);
  assert.equal(sent[0]?.request.method, "POST");
  assert.deepEqual(sent[0]?.request.form, {
    ...parameters,
    client_id: "ssh login",
  });
  assert.equal(sent[0]?.request.headers?.authorization, undefined);
  const { deviceCode, ...shown } = answer;
  assert.equal(deviceCode.reveal(), ANSWER.device_code);
  assert.deepEqual(shown, {
    userCode: "WDJB-MJHT",
    verificationUri: `${ISSUER}/device`,
    verificationUriComplete: null,
    expiresIn: 1800,
    interval: 5,
  });
  assert.doesNotMatch(Deno.inspect(answer) + JSON.stringify(answer), /GmRhm/);
});

Deno.test("requestDeviceAuthorization() encodes a client's secret for Basic (RFC 6749 section 2.3.1)", async () => {
  const { flow, sent } = flowWith([{ status: 200, body: ANSWER }], {
    clientSecret: "a:b %",
  });
  await requestDeviceAuthorization(flow, {
    endpoint: `${ISSUER}/d`,
    parameters: {},
  });
  const header = sent[0]?.request.headers?.authorization ?? "";
  assert.equal(atob(header.replace("Basic ", "")), "ssh+login:a%3Ab+%25");
});

Deno.test("requestDeviceAuthorization() reports the issuer's error with its description, on one line", async () => {
  const body = {
    error: "unauthorized_client",
    error_description: " not\r\nhere ",
  };
  const { flow } = flowWith([{ status: 400, body }]);
  await assert.rejects(
    requestDeviceAuthorization(flow, {
      endpoint: `${ISSUER}/d`,
      parameters: {},
    }),
    {
      name: "IssuerError",
      message:
        'the issuer does not start a sign-in: "unauthorized_client": not here',
      named: "unauthorized_client",
      description: "not here",
    },
  );
});

Deno.test("requestTokens() sends the device code, and keeps the tokens from being printed", async () => {
  const body = {
    access_token: "secret-1",
    id_token: "secret-2",
    token_type: "bearer",
    scope: "openid",
  };
  const { flow, sent } = flowWith([{ status: 200, body }]);
  const answer = await requestTokens(flow, {
    endpoint: `${ISSUER}/token`,
    deviceCode: new AccessToken("the-device-code"),
    codeVerifier: new AccessToken("the-verifier"),
  });
  assert.deepEqual(sent[0]?.request.form, {
    client_id: "ssh login",
    code_verifier: "the-verifier",
    device_code: "the-device-code",
    grant_type: "urn:ietf:params:oauth:grant-type:device_code",
  });
  assert.equal(answer.status, "granted");
  assert.deepEqual(
    answer.status === "granted" &&
      [answer.accessToken.reveal(), answer.idToken?.reveal(), answer.scope],
    ["secret-1", "secret-2", "openid"],
  );
  assert.doesNotMatch(Deno.inspect(answer) + JSON.stringify(answer), /secret/);
});

for (
  const [name, body] of [
    ["DPoP-bound to nothing we hold", { access_token: "x", token_type: "MAC" }],
    ["without an access token", { token_type: "bearer", id_token: "x" }],
    ["with an empty access token", { access_token: "", token_type: "bearer" }],
    ["with a list for an ID token", {
      access_token: "x",
      token_type: "bearer",
      id_token: ["x"],
    }],
  ] as const
) {
  Deno.test(`requestTokens() refuses an answer ${name}`, async () => {
    const { flow } = flowWith([{ status: 200, body }]);
    const deviceCode = new AccessToken("x");
    await assert.rejects(
      requestTokens(flow, {
        endpoint: `${ISSUER}/token`,
        deviceCode,
        codeVerifier: new AccessToken("y"),
      }),
      { name: "IssuerError", problem: "invalid" },
    );
  });
}

Deno.test("checkDeviceAuthorization() takes addresses on listed hosts and codes of 4 to 16 characters", () => {
  for (
    const user_code of [
      "WXYZ",
      "123456789",
      "A1B2-C3D4-E5F6",
      "ABCDEFGHIJKLMNOP",
      "KNpesLcE",
      "abcd_Efgh",
      "-ABC",
    ]
  ) {
    const answer = checkDeviceAuthorization({
      ...ANSWER,
      user_code,
      verification_uri: "https://device.example.org/",
      verification_uri_complete: `https://device.example.org/?c=${user_code}`,
    }, { hosts: HOSTS });
    assert.equal(answer.userCode, user_code);
    assert.equal(
      answer.verificationUriComplete,
      `https://device.example.org/?c=${user_code}`,
    );
  }
});

Deno.test("checkDeviceAuthorization() refuses codes that are not plain", () => {
  const bad = [
    "ABC",
    "ABCD EFGH",
    " ABCD",
    "ABCDEFGHIJKLMNOPQ",
    "ABCD\n",
    "ＡＢＣＤ",
    "ABCD\x7f",
    "ABCD\u00a0",
  ];
  for (const user_code of bad) {
    assert.throws(
      () =>
        checkDeviceAuthorization({ ...ANSWER, user_code }, { hosts: HOSTS }),
      IssuerError,
    );
  }
});

/** Plays the answers, each of which must be used up, and notes the waits in seconds. */
async function play(
  answers: readonly (Awaited<ReturnType<typeof requestTokens>> | IssuerError)[],
  options: { interval?: number; seconds?: number } = {},
) {
  let now = 1_000_000;
  let turn = 0;
  const waits: number[] = [];
  const ending = await pollForTokens({
    gone: new AbortController().signal,
    poll: () => {
      const answer = answers[turn++] ?? new Error("one request too many");
      return answer instanceof Error
        ? Promise.reject(answer)
        : Promise.resolve(answer);
    },
    interval: options.interval ?? 5,
    deadline: now + (options.seconds ?? 90) * 1000,
    now: () => now,
    wait: (milliseconds) => {
      waits.push(milliseconds / 1000);
      now += milliseconds;
      return Promise.resolve();
    },
  }).catch((error: unknown) => error);
  assert.equal(turn, answers.length, "answers are left over");
  return { ending, waits };
}

const GRANTED = {
  status: "granted",
  accessToken: new AccessToken("x"),
  idToken: null,
  tokenType: "bearer",
  scope: null,
} as const;
const PENDING = { status: "pending" } as const;
const SLOW_DOWN = { status: "slow_down" } as const;

Deno.test("pollForTokens() asks at once and then at the issuer's pace", async () => {
  const { ending, waits } = await play([PENDING, PENDING, GRANTED], {
    interval: 7,
  });
  assert.equal(ending, GRANTED);
  assert.deepEqual(waits, [7, 7]);
});

Deno.test("pollForTokens() adds five seconds for each slow_down, for good", async () => {
  const { waits } = await play([
    SLOW_DOWN,
    SLOW_DOWN,
    PENDING,
    SLOW_DOWN,
    GRANTED,
  ]);
  assert.deepEqual(waits, [10, 15, 15, 20]);
});

Deno.test("pollForTokens() ends with a last request that can still be in time", async () => {
  const { ending, waits } = await play([PENDING, PENDING, PENDING], {
    seconds: 14,
  });
  assert.ok(ending instanceof SignInError && ending.code === "device_expired");
  assert.deepEqual(waits, [5, 5]);
});

Deno.test("pollForTokens() backs off from an issuer that does not answer, and reports it in the end", async () => {
  const down = new IssuerError("timeout", "no answer");
  const { ending, waits } = await play([down, down, down, down], {
    seconds: 80,
  });
  assert.equal(ending, down);
  assert.deepEqual(waits, [10, 20, 40]);
  const { ending: recovered } = await play([down, PENDING, GRANTED]);
  assert.equal(recovered, GRANTED);
});

Deno.test("pollForTokens() does not repeat what cannot get better", async () => {
  for (
    const problem of [
      "invalid",
      "host_not_permitted",
      "not_https",
      "not_json",
      "too_large",
      "content_type",
    ] as const
  ) {
    const error = new IssuerError(problem, "x");
    assert.equal((await play([error])).ending, error);
  }
  const denied = { status: "denied", error: "access_denied" } as const;
  const { ending } = await play([denied]);
  assert.ok(ending instanceof SignInError && ending.code === "device_denied");
});
