/**
 * `oauth-pam key` with a real provider and a real ssh-agent.
 *
 * @module
 */
import assert from "node:assert/strict";
import { readCertificate } from "../../../src/ssh/certificate.ts";
import type { PkIssuer } from "../../../src/token/pk_binding.ts";
import { parsePkToken, verifyPkToken } from "../../../src/token/pk_token.ts";
import { signInInBrowser } from "../../support/chromium.ts";
import { createAuthority } from "../../support/certificates.ts";
import {
  comeBack,
  createDesk,
  type Desk,
  KEY_CLIENT,
  type KeyOptions,
  type KeyResult,
} from "../../support/key_desk.ts";
import {
  approveDevice,
  denyDevice,
  signInAt,
  startProvider,
  type TestProvider,
} from "../../support/provider.ts";
import { certificateText } from "../../support/ssh_agent.ts";

interface Scene extends AsyncDisposable {
  readonly provider: TestProvider;
  readonly desk: Desk;
  /** For every run. */
  readonly words: readonly string[];
  /** Runs it, with alice at the browser. */
  signIn(args?: readonly string[], options?: KeyOptions): Promise<KeyResult>;
}

const SHORT = { ...KEY_CLIENT, client_id: "ssh-key-short" };
const SECRET = {
  ...KEY_CLIENT,
  client_id: "ssh-key-secret",
  token_endpoint_auth_method: "client_secret_basic",
  client_secret: "a secret & more",
};

async function createScene(
  options: { readonly deviceNonce?: boolean } = {},
): Promise<Scene> {
  const provider = await startProvider({
    ...options,
    clients: [KEY_CLIENT, SHORT, SECRET],
    clientLifetimes: { "ssh-key-short": 240 },
  });
  const desk = await createDesk(provider);
  const words = ["--issuer", provider.issuer, "--client-id", "ssh-key"];
  return {
    provider,
    desk,
    words,
    async signIn(args = [], options = {}) {
      const run = desk.key([...words, ...args], options);
      const address = await run.address;
      if (address === null) throw new Error((await run.ended).stderr);
      await comeBack(await signInAt(provider, address, { account: "alice" }));
      return await run.ended;
    },
    async [Symbol.asyncDispose]() {
      await desk[Symbol.asyncDispose]();
      await provider[Symbol.asyncDispose]();
    },
  };
}

/** What a server with this policy would make of a public line. */
async function verifiedBy(
  { provider }: Scene,
  { line, clientId = "ssh-key" }: { line: string; clientId?: string },
): Promise<Readonly<Record<string, unknown>>> {
  const [type = "", base64 = ""] = line.split(" ");
  const { key, pkToken } = readCertificate(base64, type);
  const issuer: PkIssuer = {
    name: "campus",
    kind: "jwt",
    issuer: provider.issuer,
    audiences: [clientId],
    algorithms: ["RS256"],
    types: ["JWT"],
    clock_skew: 0,
    max_token_age: 600,
    scopes: [],
    allow_confirmation: false,
    allow_delegation: false,
    ssh_certificates: { commitment: "nonce", lifetime: null, refreshed: false },
  };
  const { keys } = await (await provider.fetch("/jwks")).json();
  const evidence = await verifyPkToken(parsePkToken(pkToken ?? ""), {
    key: key.jwk,
    issuer,
    keys: {
      current: () => Promise.resolve({ keys, warnings: [] }),
      refreshed: () => Promise.resolve(null),
    },
    now: Math.floor(Date.now() / 1000),
  });
  return evidence.claims;
}

Deno.test("key gives ssh-agent a certificate that a server can verify, after a sign-in in Chromium", async () => {
  await using scene = await createScene();
  const { desk, provider, words } = scene;
  const run = desk.key([...words, "--print"]);
  const url = await run.address ?? "";
  const { searchParams, origin } = new URL(url);
  assert.equal(origin, provider.issuer);
  assert.equal(searchParams.get("response_type"), "code");
  assert.equal(searchParams.get("scope"), "openid email");
  assert.equal(searchParams.get("code_challenge_method"), "S256");
  assert.match(searchParams.get("code_challenge") ?? "", /^[\w-]{43}$/);
  assert.match(searchParams.get("nonce") ?? "", /^[\w-]{43}$/);
  assert.ok((searchParams.get("state") ?? "").length >= 22);
  await signInInBrowser({
    url,
    account: "alice",
    password: provider.accounts.alice?.password ?? "",
  });
  const { code, stdout, stderr } = await run.ended;
  assert.equal(code, 0, stderr);
  assert.match(
    stderr,
    /^oauth-pam: sign in with your browser, at\nhttps:\S+\noauth-pam: signed in as alice@example\.edu; ssh-agent has the certificate until \w{3} \w{3} \d\d \d{4} \d\d:\d\d\n$/,
  );
  assert.deepEqual(await desk.agent.lines(), [stdout.trim()]);
  assert.match(
    (await desk.agent.add("-l")).text,
    /^256 SHA256:\S+ oauth-pam: alice@example\.edu at https:\/\/localhost:\d+ \(ED25519-CERT\)\n$/,
  );
  const { nonce, sub, email } = await verifiedBy(scene, { line: stdout });
  assert.equal(nonce, searchParams.get("nonce"));
  assert.deepEqual({ sub, email }, { sub: "u1", email: "alice@example.edu" });

  const [
    ,
    ,
    publicKey,
    authority,
    keyId,
    serial,
    valid,
    ,
    principal,
    options,
    ,
    token,
    ...flags
  ] = (await certificateText(stdout)).trim().split("\n").map((line) =>
    line.trim()
  );
  const fingerprint = /SHA256:\S+/.exec(publicKey ?? "")?.[0];
  assert.equal(publicKey, `Public key: ED25519-CERT ${fingerprint}`);
  assert.equal(
    authority,
    `Signing CA: ED25519 ${fingerprint} (using ssh-ed25519)`,
  );
  assert.equal(keyId, 'Key ID: "alice@example.edu"');
  assert.equal(serial, "Serial: 0");
  assert.equal(valid, "Valid: forever");
  assert.equal(principal, "opkssh-wildcard");
  assert.equal(options, "Critical Options: (none)");
  assert.match(token ?? "", /^openpubkey-pkt UNKNOWN OPTION: /);
  assert.deepEqual(flags, [
    "permit-X11-forwarding",
    "permit-agent-forwarding",
    "permit-port-forwarding",
    "permit-pty",
    "permit-user-rc",
  ]);
});

Deno.test("each sign-in has a key, a nonce, a state and a challenge of its own, and replaces the last certificate", async () => {
  await using scene = await createScene();
  const first = await scene.signIn(["--print"]);
  const second = await scene.signIn(["--print"]);
  assert.deepEqual([first.code, second.code], [0, 0]);
  const [one, other] = [first, second].map(({ stderr, stdout }) => {
    const { searchParams } = new URL(/^https:\S+$/m.exec(stderr)?.[0] ?? "");
    return ["nonce", "state", "code_challenge"].map((name) =>
      searchParams.get(name)
    ).concat(stdout);
  });
  for (const [index, value] of (one ?? []).entries()) {
    assert.notEqual(value, other?.[index]);
  }
  assert.deepEqual(await scene.desk.agent.lines(), [second.stdout.trim()]);
});

Deno.test("key leaves the certificates of others alone: another person, another issuer, another program", async () => {
  await using scene = await createScene();
  const { desk, provider, words } = scene;
  await scene.signIn();
  const run = desk.key(words);
  const url = await run.address ?? "";
  await comeBack(await signInAt(provider, url, { account: "bob" }));
  assert.equal((await run.ended).code, 0);
  const keyFile = `${desk.folder}/id`;
  await new Deno.Command("ssh-keygen", {
    args: ["-q", "-t", "ed25519", "-N", "", "-f", keyFile],
  }).output();
  await desk.agent.add("-q", keyFile);
  const before = await desk.agent.lines();
  assert.equal(before.length, 3);
  assert.equal((await scene.signIn()).code, 0);
  const after = await desk.agent.lines();
  assert.equal(after.length, 3);
  assert.deepEqual(after.slice(0, 2), before.slice(1));
});

Deno.test("--ensure asks for a sign-in once, and then connects to nobody but ssh-agent", async () => {
  await using scene = await createScene();
  const { desk, provider, words } = scene;
  const signedIn = await scene.signIn(["--ensure", "--print"]);
  assert.equal(signedIn.code, 0);
  provider.requests.length = 0;
  await provider.setAvailability("down");
  const again = await desk.key([...words, "--ensure"]).ended;
  assert.deepEqual(again, { code: 0, stdout: "", stderr: "" });
  const printed = await desk.key([...words, "--ensure", "--print"]).ended;
  assert.deepEqual(printed, { ...signedIn, stderr: "" });
  // without it the issuer would have been missed
  assert.equal((await desk.key(words).ended).code, 3);
  // what it has is for this issuer and this client
  for (
    const args of [
      ["--issuer", `${provider.issuer}/`, "--client-id", "ssh-key"],
      ["--issuer", provider.issuer, "--client-id", "ssh"],
    ]
  ) assert.equal((await desk.key([...args, "--ensure"]).ended).code, 3);
});

Deno.test("--ensure wants five minutes more, of the ID token or of the lifetime", async () => {
  await using scene = await createScene();
  const { desk, provider, words } = scene;
  assert.equal((await scene.signIn()).code, 0);
  const start = Date.now();
  await provider.setAvailability("down");
  const after = async (minutes: number, ...args: string[]) => {
    const now = () => start + minutes * 60_000;
    return (await desk.key([...words, "--ensure", ...args], { now }).ended)
      .code;
  };
  // the ID token expires after an hour
  assert.equal(await after(54), 0);
  assert.equal(await after(56), 3);
  assert.equal(await after(56, "--lifetime", "2h"), 0);
  assert.equal(await after(114, "--lifetime", "2h"), 0);
  assert.equal(await after(116, "--lifetime", "2h"), 3);
  assert.equal(await after(24, "--lifetime", "30m"), 0);
  assert.equal(await after(26, "--lifetime", "30m"), 3);
});

Deno.test("--ensure asks again where the ID token has less than five minutes from the start", async () => {
  await using scene = await createScene();
  const { desk, provider } = scene;
  const words = ["--issuer", provider.issuer, "--client-id", SHORT.client_id];
  for (let round = 0; round < 2; round++) {
    const run = desk.key([...words, "--ensure"]);
    const url = await run.address ?? "";
    await comeBack(await signInAt(provider, url, { account: "alice" }));
    assert.equal((await run.ended).code, 0);
  }
  assert.equal((await desk.agent.lines()).length, 1);
});

Deno.test("--ensure is not content with a certificate that a server would refuse at sight", async () => {
  await using scene = await createScene();
  const { desk, provider, words } = scene;
  assert.equal((await scene.signIn()).code, 0);
  await provider.setAvailability("down");
  // a key of that certificate's comment, but an ordinary one
  await desk.agent.add("-D");
  const keyFile = `${desk.folder}/id`;
  await new Deno.Command("ssh-keygen", {
    args: [
      "-q",
      "-t",
      "ed25519",
      "-N",
      "",
      "-C",
      "oauth-pam: alice",
      "-f",
      keyFile,
    ],
  }).output();
  // and a certificate of an ordinary authority
  await new Deno.Command("ssh-keygen", {
    args: [
      "-q",
      "-s",
      keyFile,
      "-I",
      "alice",
      "-n",
      "opkssh-wildcard",
      `${keyFile}.pub`,
    ],
  }).output();
  await desk.agent.add("-q", keyFile);
  assert.equal((await desk.agent.lines()).length, 2);
  assert.equal((await desk.key([...words, "--ensure"]).ended).code, 3);
});

Deno.test("--lifetime is how long ssh-agent keeps it, from the ID token's time on", async () => {
  await using scene = await createScene();
  const shown = async (...args: string[]) => {
    const { stderr } = await scene.signIn(args);
    const until = /until (.*)\n$/.exec(stderr)?.[1] ?? "";
    return Math.round((Date.parse(until) - Date.now()) / 60_000);
  };
  assert.ok(Math.abs(await shown("--lifetime", "8h") - 480) <= 1);
  assert.ok(Math.abs(await shown("--lifetime", "token") - 60) <= 1);
  assert.ok(Math.abs(await shown() - 60) <= 1);
  // 6 s for a real agent to forget it
  await scene.desk.agent.add("-D");
  assert.equal((await scene.signIn(["--lifetime", "6s"])).code, 0);
  const deadline = Date.now() + 30_000;
  let left = (await scene.desk.agent.lines()).length;
  assert.equal(left, 1);
  while (left > 0 && Date.now() < deadline) {
    left = (await scene.desk.agent.lines()).length;
  }
  assert.equal(left, 0);
});

Deno.test("--device shows a code, and binds the key all the same", async () => {
  await using scene = await createScene({ deviceNonce: true });
  const { desk, provider, words } = scene;
  const run = desk.key([...words, "--device", "--print"]);
  const userCode = await run.userCode ?? "";
  await approveDevice(provider, { userCode, account: "alice" });
  const { code, stdout, stderr } = await run.ended;
  assert.equal(code, 0, stderr);
  assert.match(
    stderr,
    /^oauth-pam: on any device, open https:\/\/localhost:\d+\/device and enter the code \S+\noauth-pam: signed in as alice/,
  );
  const { sub } = await verifiedBy(scene, { line: stdout });
  assert.equal(sub, "u1");
});

Deno.test("--device is refused where the issuer leaves the nonce out of the ID token", async () => {
  await using scene = await createScene();
  const { desk, provider, words } = scene;
  const run = desk.key([...words, "--device"]);
  const userCode = await run.userCode ?? "";
  await approveDevice(provider, { userCode, account: "alice" });
  const { code, stderr } = await run.ended;
  assert.equal(code, 1);
  assert.match(
    stderr,
    /\noauth-pam: error: the ID token has no nonce, so that no key can be bound to it\n$/,
  );
  assert.deepEqual(await desk.agent.lines(), []);
});

Deno.test("--device ends with 1 where the person says no, and with 3 where nobody answers", async () => {
  await using scene = await createScene();
  const { desk, provider, words } = scene;
  const denied = desk.key([...words, "--device"]);
  await denyDevice(provider, { userCode: await denied.userCode ?? "" });
  const { code, stderr } = await denied.ended;
  assert.equal(code, 1);
  assert.match(
    stderr,
    /\noauth-pam: error: the issuer answered "access_denied"/,
  );
  const late = await desk.key([...words, "--device", "--timeout", "1s"]).ended;
  assert.equal(late.code, 3);
  assert.match(late.stderr, /error: nobody approved the sign-in in time\n$/);
  assert.deepEqual(await desk.agent.lines(), []);
});

Deno.test("a client with a secret uses it, and one with a wrong one is refused", async () => {
  await using scene = await createScene();
  const { desk, provider } = scene;
  const secretFile = `${desk.folder}/secret`;
  const words = [
    ...["--issuer", provider.issuer, "--client-id", SECRET.client_id],
    ...["--client-secret-file", secretFile],
  ];
  for (
    const [secret, expected] of [[SECRET.client_secret, 0], ["x", 1]] as const
  ) {
    await Deno.writeTextFile(secretFile, `${secret}\n`, { mode: 0o600 });
    const run = desk.key(words);
    const url = await run.address ?? "";
    await comeBack(await signInAt(provider, url, { account: "alice" }));
    const { code, stderr } = await run.ended;
    assert.equal(code, expected, stderr);
    assert.doesNotMatch(stderr, /a secret/);
    if (expected === 1) assert.match(stderr, /"invalid_client"/);
  }
  await Deno.chmod(secretFile, 0o644);
  const { code, stderr } = await desk.key(words).ended;
  assert.equal(code, 3);
  assert.match(stderr, /secret/);
});

Deno.test("--parameter, --scope and --port are in the request", async () => {
  await using scene = await createScene();
  const free = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = free.addr;
  free.close();
  const { code, stderr } = await scene.signIn([
    ...["--parameter", "acr_values=mfa=1 x", "--parameter", "ui_locales=de"],
    ...["--scope", " openid  profile", "--port", String(port)],
  ]);
  assert.equal(code, 0, stderr);
  const { searchParams } = new URL(/^https:\S+$/m.exec(stderr)?.[0] ?? "");
  assert.equal(searchParams.get("acr_values"), "mfa=1 x");
  assert.equal(searchParams.get("ui_locales"), "de");
  assert.equal(searchParams.get("scope"), "openid profile");
  assert.equal(
    searchParams.get("redirect_uri"),
    `http://127.0.0.1:${port}/callback`,
  );
  // without the scope for it there is no address: the person is who the issuer says
  assert.match(stderr, /signed in as (alice@example\.edu|u1); /);
});

Deno.test("a port that somebody else has is said to be taken", async () => {
  await using scene = await createScene();
  using other = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = other.addr;
  const { code, stderr } = await scene.desk.key([
    ...scene.words,
    ...["--port", String(port)],
  ]).ended;
  assert.equal(code, 3);
  assert.equal(
    stderr,
    `oauth-pam: error: port ${port} is taken: is another sign-in waiting?\n`,
  );
});

Deno.test("nobody has to sign in in vain: without ssh-agent nothing is asked of the issuer", async () => {
  await using scene = await createScene();
  const { desk, provider, words } = scene;
  for (
    const [SSH_AUTH_SOCK, message] of [
      [undefined, /there is no ssh-agent: SSH_AUTH_SOCK is not set/],
      ["", /there is no ssh-agent: SSH_AUTH_SOCK is not set/],
      [
        "/nonexistent/socket",
        /ssh-agent cannot be reached at "\/nonexistent\/socket"/,
      ],
    ] as const
  ) {
    for (const more of [[], ["--ensure"], ["--device"]]) {
      const { code, stdout, stderr } = await desk.key([...words, ...more], {
        env: { SSH_AUTH_SOCK },
      }).ended;
      assert.equal(code, 3);
      assert.equal(stdout, "");
      assert.match(stderr, message);
    }
  }
  assert.deepEqual(provider.requests, []);
});

Deno.test("an ssh-agent that goes away during the sign-in leaves a page and an exit code that say so", async () => {
  await using scene = await createScene();
  const { desk, provider, words } = scene;
  const run = desk.key(words);
  const back = await signInAt(provider, await run.address ?? "", {
    account: "alice",
  });
  await desk.agent.stop();
  const page = await comeBack(back);
  assert.equal(page.status, 400);
  assert.match(page.text, /That did not work/);
  const { code, stderr } = await run.ended;
  assert.equal(code, 3);
  assert.match(stderr, /error: ssh-agent cannot be reached/);
});

Deno.test("an issuer that is down, or goes down during the sign-in, gives no answer", async () => {
  await using scene = await createScene();
  const { desk, provider, words } = scene;
  const run = desk.key(words);
  const back = await signInAt(provider, await run.address ?? "", {
    account: "alice",
  });
  await provider.setAvailability("down");
  assert.equal((await comeBack(back)).status, 400);
  const { code, stderr } = await run.ended;
  assert.equal(code, 3);
  assert.match(stderr, /\/token cannot be reached: /);
  const late = await desk.key(words).ended;
  assert.equal(late.code, 3);
  assert.match(late.stderr, /openid-configuration cannot be reached/);
  assert.deepEqual(await desk.agent.lines(), []);
});

Deno.test("an issuer whose certificate is not known is not asked", async () => {
  await using scene = await createScene();
  const other = await createAuthority();
  await Deno.writeTextFile(scene.desk.caFile, other.caPem);
  const { code, stderr } = await scene.desk.key(scene.words).ended;
  assert.equal(code, 3);
  assert.match(stderr, /certificate|UnknownIssuer/i);
  assert.equal(scene.provider.requests.length, 0);
});

Deno.test("nobody signs in: exit code 3 after the time-out", async () => {
  await using scene = await createScene();
  const { code, stderr } = await scene.desk.key([
    ...scene.words,
    ...["--timeout", "1s"],
  ]).ended;
  assert.equal(code, 3);
  assert.match(stderr, /\noauth-pam: error: nobody signed in in time\n$/);
});

/** What is not an answer to this sign-in, by how the right one is changed. */
const FALSE_ANSWERS: readonly [
  string,
  (answer: URLSearchParams) => void,
  RegExp,
][] = [
  [
    "another state",
    (answer) => answer.set("state", "x"),
    /not the answer to this sign-in: unexpected "state"/,
  ],
  ["no state", (answer) => answer.delete("state"), /"state" missing/],
  [
    "two states",
    (answer) => answer.append("state", "x"),
    /not the answer to this sign-in/,
  ],
  [
    "another issuer",
    (answer) => answer.set("iss", "https://evil.example.org"),
    /unexpected "iss"/,
  ],
  [
    "no issuer, where it always says which",
    (answer) => answer.delete("iss"),
    /"iss" \(issuer\) missing/,
  ],
  ["no code", (answer) => answer.delete("code"), /no authorization code/],
  ["two codes", (answer) => answer.append("code", "x"), /code/],
  ["a code of nobody", (answer) => answer.set("code", "x"), /"invalid_grant"/],
  [
    "an ID token in the address",
    (answer) => answer.set("id_token", "x"),
    /implicit/,
  ],
  ["access_denied", (answer) => {
    answer.delete("code");
    answer.set("error", "access_denied");
    answer.set("error_description", "alice said\u001b[2J no");
  }, /error: the issuer answered "access_denied": alice said\\u001b\[2J no\n$/],
];

for (const [what, change, message] of FALSE_ANSWERS) {
  Deno.test(`an answer with ${what} is refused, with a page that says so`, async () => {
    await using scene = await createScene();
    const { desk, provider, words } = scene;
    const run = desk.key(words);
    const back = new URL(
      await signInAt(provider, await run.address ?? "", { account: "alice" }),
    );
    change(back.searchParams);
    const page = await comeBack(back.href);
    assert.equal(page.status, 400);
    assert.match(page.text, /That did not work.*Your terminal tells why/s);
    const { code, stdout, stderr } = await run.ended;
    assert.equal(code, 1);
    assert.equal(stdout, "");
    assert.match(stderr, message);
    assert.deepEqual(await desk.agent.lines(), []);
    await assert.rejects(comeBack(back.href), TypeError);
  });
}

Deno.test("an answer that says that the issuer is out of service is none", async () => {
  await using scene = await createScene();
  const { desk, provider, words } = scene;
  const run = desk.key(words);
  const back = new URL(
    await signInAt(provider, await run.address ?? "", { account: "alice" }),
  );
  back.searchParams.delete("code");
  back.searchParams.set("error", "temporarily_unavailable");
  assert.equal((await comeBack(back.href)).status, 400);
  assert.equal((await run.ended).code, 3);
});
