/**
 * Whose token it is: one issuer may see it, and no other ever does.
 *
 * @module
 */
// Threats: C3, C5
import assert from "node:assert/strict";
import { createAuthority } from "../support/certificates.ts";
import {
  answer,
  type Behaviour,
  DISCOVERY_PATH,
  type HostileIssuer,
  html,
  json,
  reset,
  startHostileIssuer,
} from "../support/hostile_server.ts";
import { attempt, type AttemptResult } from "../support/login.ts";
import {
  createSigner,
  publicJwk,
  signToken,
  standardClaims,
} from "../support/tokens.ts";

const ACTIVE = {
  active: true,
  aud: "ssh-prod",
  sub: "u1",
  email: "alice@example.edu",
};

interface Bench extends AsyncDisposable {
  readonly campus: HostileIssuer;
  /** Kind introspection; knows every token. */
  readonly first: HostileIssuer;
  readonly second: HostileIssuer;
  readonly directory: string;
  jwt(claims?: Record<string, unknown>): Promise<string>;
  login(token: string, args?: readonly string[]): Promise<AttemptResult>;
  /** All three, in the order campus, first, second; forgotten by asking. */
  requestCounts(): number[];
}

async function createBench(
  issuers: readonly ("campus" | "first" | "second")[],
  lines: readonly string[] = [],
): Promise<Bench> {
  const authority = await createAuthority();
  const start = () => startHostileIssuer({ authority });
  const [campus, first, second] = await Promise.all([
    start(),
    start(),
    start(),
  ]);
  const servers = { campus, first, second };
  const signer = await createSigner({ alg: "ES256", kid: "k1" });
  campus.jwks = { keys: [await publicJwk(signer)] };
  for (const server of [first, second]) server.on("/introspect", json(ACTIVE));
  const directory = await Deno.realPath(await Deno.makeTempDir());
  await Deno.writeTextFile(`${directory}/ca.pem`, authority.caPem);
  await Deno.writeTextFile(`${directory}/secret`, "s", { mode: 0o600 });
  const kindLines = (name: string) =>
    name === "campus" ? ["algorithms: [ES256]"] : [
      "kind: introspection",
      "client_id: gate",
      `client_secret_file: ${directory}/secret`,
      ...lines,
    ];
  const text = issuers.map((name) =>
    [
      `  ${name}:`,
      `    issuer: ${servers[name].issuer}`,
      "    audiences: [ssh-prod]",
      `    ca_file: ${directory}/ca.pem`,
      ...kindLines(name).map((line) => `    ${line}`),
    ].join("\n")
  ).join("\n");
  const policyFile = `${directory}/policy.yaml`;
  await Deno.writeTextFile(
    policyFile,
    `version: 1
issuers:
${text}
rules:
  staff:
    accounts:
      - {claim: email, strip_suffix: "@example.edu"}
cache:
  directory: ${directory}/cache
log:
  socket: ${directory}/log
`,
  );
  return {
    ...servers,
    directory,
    jwt: (claims = {}) =>
      signToken({
        signer,
        claims: standardClaims({
          issuer: campus.issuer,
          audience: "ssh-prod",
          ...claims,
        }),
      }),
    login: (token, args = []) =>
      attempt({ policyFile, token, args: [policyFile, ...args] }),
    requestCounts: () =>
      [campus, first, second].map(({ requests }) => requests.splice(0).length),
    async [Symbol.asyncDispose]() {
      await Promise.all(
        [campus, first, second].map((server) => server.close()),
      );
      await Deno.remove(directory, { recursive: true });
    },
  };
}

Deno.test("an opaque token goes to the one issuer that reads those", async () => {
  await using bench = await createBench(["campus", "first"]);
  const result = await bench.login("opaque.token");
  assert.equal(result.reason, "allowed", result.log);
  assert.match(result.log, / issuer=first /);
  assert.deepEqual(bench.requestCounts(), [0, 2, 0]);
});

Deno.test("a JWT of a jwt issuer is verified here, and shown to nobody", async () => {
  await using bench = await createBench(["campus", "first"]);
  const result = await bench.login(await bench.jwt());
  assert.equal(result.reason, "allowed", result.log);
  assert.deepEqual(bench.requestCounts(), [2, 0, 0]);
});

Deno.test("a JWT of an unknown issuer, or a damaged one, is shown to nobody", async () => {
  await using bench = await createBench(["campus", "first"]);
  const jwt = await bench.jwt();
  for (
    const [token, reason] of [
      [await bench.jwt({ iss: "https://login.example.org" }), "issuer_unknown"],
      [await bench.jwt({ iss: undefined }), "claim_missing"],
      [jwt.slice(0, 100), "token_malformed"],
      [jwt.replace(".", "!."), "token_malformed"],
      [`${jwt}.a.b`, "token_kind_unexpected"],
      [jwt.padEnd(900, "x").slice(0, 511), "token_truncated"],
    ] as const
  ) {
    const result = await bench.login(token);
    assert.equal(result.reason, reason, result.log);
  }
  assert.deepEqual(bench.requestCounts(), [0, 0, 0]);
});

Deno.test("a JWT whose iss names an introspection issuer is that issuer's to judge", async () => {
  await using bench = await createBench(["campus", "first", "second"]);
  // signed by nobody that matters: its issuer reads it, or does not
  const token = await bench.jwt({ iss: bench.second.issuer });
  const result = await bench.login(token);
  assert.equal(result.reason, "allowed", result.log);
  assert.match(result.log, / issuer=second /);
  assert.deepEqual(bench.requestCounts(), [0, 0, 2]);
  bench.second.on("/introspect", json({ active: false }));
  assert.equal((await bench.login(token)).reason, "token_inactive");
});

Deno.test("with several issuers of opaque tokens the command line names one", async () => {
  await using bench = await createBench(["first", "second"]);
  const unnamed = await bench.login("opaque");
  assert.deepEqual([unnamed.reason, unnamed.exitCode], ["issuer_unknown", 7]);
  assert.match(unnamed.log, /name one with \\"login POLICY --issuer NAME\\"/);
  assert.deepEqual(bench.requestCounts(), [0, 0, 0]);
  const named = await bench.login("opaque", ["--issuer", "second"]);
  assert.equal(named.reason, "allowed", named.log);
  assert.deepEqual(bench.requestCounts(), [0, 0, 2]);
});

Deno.test("what is typed does not choose an outage: with several issuers only the one that the line names can be down", async () => {
  await using bench = await createBench(["campus", "first"]);
  await bench.campus.close();
  const retired = await bench.jwt();
  const chosen = await bench.login(retired);
  assert.deepEqual([chosen.reason, chosen.exitCode], ["issuer_unavailable", 7]);
  const good = await bench.login("opaque");
  assert.equal(good.reason, "allowed", good.log);
  await bench.first.close();
  const opaque = await bench.login("opaque");
  assert.deepEqual([opaque.reason, opaque.exitCode], ["issuer_unavailable", 7]);
  const named = await bench.login("opaque", ["--issuer", "first"]);
  assert.deepEqual([named.reason, named.exitCode], ["issuer_unavailable", 9]);
  const other = await bench.login(retired, ["--issuer", "first"]);
  assert.deepEqual([other.reason, other.exitCode], ["issuer_unavailable", 7]);
});

/** Answers as given to what is typed, and properly to everything else. */
function failsFor(typed: string, behaviour: Behaviour): Behaviour {
  return (request, response) => {
    const text = new URLSearchParams(request.body).get("token");
    const chosen = text === typed ? behaviour : json({ active: false });
    return chosen(request, response);
  };
}

for (
  const [what, behaviour] of [
    ["answers with 500", answer({ status: 500 })],
    ["answers with 400", answer({ status: 400, body: {} })],
    ["answers with a page", html()],
    ["answers with nonsense", json([])],
    ["closes the connection", reset()],
  ] as const
) {
  Deno.test(`an issuer that ${what} for one text alone is neither down nor refuses us`, async () => {
    await using bench = await createBench(["first"]);
    bench.first.on("/introspect", failsFor("poison", behaviour));
    const typed = await bench.login("poison");
    assert.deepEqual([typed.reason, typed.exitCode], ["token_malformed", 7]);
    assert.match(typed.log, /for what was handed over, and for nothing else/);
    bench.first.on("/introspect", behaviour);
    const all = await bench.login("poison");
    assert.match(all.reason, /^issuer_(unavailable|refused)$/);
    assert.ok([9, 3].includes(all.exitCode), all.log);
  });
}

Deno.test("--issuer names an issuer of opaque tokens, or nobody gets in", async () => {
  await using bench = await createBench(["campus", "first"]);
  const jwt = await bench.jwt();
  for (const name of ["campus", "nobody", "", "First"]) {
    for (const token of [jwt, "opaque"]) {
      const { reason } = await bench.login(token, ["--issuer", name]);
      assert.equal(reason, "request_invalid");
    }
  }
  for (const args of [["--issuer"], ["--issuer", "first", "x"], ["first"]]) {
    const { reason } = await bench.login("opaque", args);
    assert.equal(reason, "request_invalid");
  }
  assert.deepEqual(bench.requestCounts(), [0, 0, 0]);
  const other = await bench.login(jwt, ["--issuer", "first"]);
  assert.equal(other.reason, "allowed", other.log);
});

Deno.test("an opaque token without an issuer for it is malformed, as ever", async () => {
  await using bench = await createBench(["campus"]);
  assert.equal((await bench.login("hunter2")).reason, "token_malformed");
  assert.deepEqual(bench.requestCounts(), [0, 0, 0]);
});

for (const length of [510, 511, 512, 513]) {
  const reason = [511, 512].includes(length)
    ? "token_truncated"
    : "token_inactive";
  Deno.test(`an opaque token of ${length} characters that is not active: ${reason}`, async () => {
    await using bench = await createBench(["first"]);
    bench.first.on("/introspect", json({ active: false }));
    assert.equal((await bench.login("x".repeat(length))).reason, reason);
    bench.first.on("/introspect", json(ACTIVE));
    assert.equal((await bench.login("x".repeat(length))).reason, "allowed");
  });
}

Deno.test("the policy's introspection_endpoint saves discovery, and must be on a listed host", async () => {
  await using other = await createBench(["first"]);
  const { port } = other.first;
  await using bench = await createBench(["first"], [
    `introspection_endpoint: https://localhost:${port}/introspect`,
  ]);
  const refused = await bench.login("opaque");
  assert.equal(refused.reason, "issuer_refused");
  assert.match(refused.log, /does not list under \\"hosts\\"/);
  await using listed = await createBench(["second"], [
    "introspection_endpoint: null",
    "hosts: [localhost:1]",
  ]);
  assert.equal((await listed.login("opaque")).reason, "allowed");
  assert.deepEqual(other.requestCounts(), [0, 0, 0]);
  assert.deepEqual(bench.requestCounts(), [0, 0, 0]);
});

Deno.test("an issuer of opaque tokens can have its discovery document elsewhere", async () => {
  await using bench = await createBench(["second"]);
  const { first, second, directory } = bench;
  const policyFile = `${directory}/policy.yaml`;
  const text = await Deno.readTextFile(policyFile);
  const elsewhere = `    discovery_url: ${first.issuer}/elsewhere\n    kind:`;
  await Deno.writeTextFile(policyFile, text.replace("    kind:", elsewhere));
  first.on("/elsewhere", json(second.discovery));
  const { reason, log } = await bench.login("opaque");
  assert.equal(reason, "allowed", log);
  assert.equal(second.requestCount(DISCOVERY_PATH), 0);
  assert.equal(first.requestCount("/elsewhere"), 1);
});

Deno.test("a discovery document without a usable endpoint refuses", async () => {
  await using bench = await createBench(["first"]);
  for (
    const introspection_endpoint of [
      undefined,
      null,
      "https://192.0.2.1/introspect",
      "http://localhost/introspect",
      5,
    ]
  ) {
    bench.first.discovery = {
      ...bench.first.discovery,
      introspection_endpoint,
    };
    const { reason } = await bench.login("opaque");
    assert.equal(reason, "issuer_refused");
  }
});

Deno.test("one_time of an introspection issuer needs jti and iat", async () => {
  await using bench = await createBench(["first"], ["one_time: true"]);
  const iat = Math.floor(Date.now() / 1000);
  const exp = iat + 60;
  for (const members of [{}, { jti: "j" }, { jti: "j", exp }, { iat, exp }]) {
    bench.first.on("/introspect", json({ ...ACTIVE, ...members }));
    assert.equal((await bench.login("opaque")).reason, "claim_missing");
  }
  for (const members of [{ jti: "j", iat, exp }, { jti: "k", iat }]) {
    bench.first.on("/introspect", json({ ...ACTIVE, ...members }));
    assert.equal((await bench.login("opaque")).reason, "allowed");
    assert.equal((await bench.login("opaque")).reason, "token_replayed");
  }
});

Deno.test("an introspected username is the identity's, not the display name", async () => {
  await using bench = await createBench(["first"]);
  const { directory } = bench;
  const policyFile = `${directory}/policy.yaml`;
  const text = await Deno.readTextFile(policyFile);
  await Deno.writeTextFile(
    policyFile,
    text.replace(/ {6}- .*/, "      - {identity: username}"),
  );
  const { email: _, ...rest } = ACTIVE;
  for (
    const [members, reason] of [
      [{ username: "alice", preferred_username: "x" }, "allowed"],
      [{ preferred_username: "alice" }, "allowed"],
      [
        { username: "Alice Smith", preferred_username: "alice" },
        "account_not_permitted",
      ],
      [{ username: ["alice"] }, "account_not_permitted"],
    ] as const
  ) {
    bench.first.on("/introspect", json({ ...rest, ...members }));
    assert.equal((await bench.login("opaque")).reason, reason);
  }
});

Deno.test("three hundred guessed tokens learn nothing but that they are none", async () => {
  await using bench = await createBench(["first"]);
  bench.first.on("/introspect", json({ active: false }));
  const endings = new Set<string>();
  for (let guess = 0; guess < 300; guess++) {
    const token = crypto.getRandomValues(new Uint8Array(1 + guess % 60))
      .toBase64({ alphabet: "base64url", omitPadding: true });
    const { reason, exitCode, stdout } = await bench.login(token);
    endings.add(JSON.stringify([reason, exitCode, stdout]));
  }
  assert.deepEqual([...endings], ['["token_inactive",7,""]']);
});
