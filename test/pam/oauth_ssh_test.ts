/**
 * The oauth-ssh client's wire protocol, as its server side is documented.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  encodeReply,
  parseEnvelope,
  securityPolicy,
} from "../../src/pam/oauth_ssh.ts";
import { runOutcome } from "../../src/pam/outcome.ts";
import type { Policy } from "../../src/policy/model.ts";
import { AccessToken } from "../../src/token/access_token.ts";
import { ALICE, CAMPUS_IDP, INTROSPECT, OTHER_IDP } from "../support/globus.ts";
import { createGlobusScene, type GlobusScene } from "../support/globus_site.ts";
import { html } from "../support/hostile_server.ts";
import { createScene } from "../support/login_scene.ts";
import { type AttemptResult, bytesReader } from "../support/login.ts";

/** As the public client writes it (json.dumps, b64encode). */
function envelope(op: unknown, token?: unknown): string {
  const command = token === undefined
    ? `{"op": ${JSON.stringify(op)}}`
    : `{"op": ${JSON.stringify(op)}, "access_token": ${JSON.stringify(token)}}`;
  return btoa(`{"command": ${command}, "version": 1}`);
}

/** As the public client reads it: one line, decoded once. */
function replyOf({ stdout }: AttemptResult): unknown {
  assert.match(stdout, /^[A-Za-z0-9+/]+={0,2}\n$/);
  return JSON.parse(atob(stdout.trim()));
}

const error = (code: string, description: string) => ({
  error: { code, description },
});
const INVALID_TOKEN = error("INVALID_TOKEN", "Invalid token.");
const SESSION_VIOLATION = error(
  "SESSION_VIOLATION",
  "The access token does not meet session requirements.",
);
const INVALID_ACCOUNT = error(
  "INVALID_ACCOUNT",
  "You cannot use that local account.",
);
const UNKNOWN_COMMAND = error("UNKNOWN_COMMAND", "Unknown command.");
const UNEXPECTED = error("UNEXPECTED_ERROR", "An unexpected error occurred.");

/** The account of the client's questions. */
const ASKING = "oauth-ssh";

const HIGH = [
  "assurance:",
  `  permitted_idps: [${CAMPUS_IDP}]`,
  "  mfa: true",
  "  max_auth_age: 90m",
];

Deno.test("op login admits as the bare token does, and replies nothing", async () => {
  await using scene = await createGlobusScene();
  const token = scene.globus.issue();
  const result = await scene.attempt({ token: envelope("login", token) });
  assert.deepEqual([result.reason, result.stdout], ["allowed", ""]);
  const bare = await scene.attempt({ token });
  assert.deepEqual([bare.reason, bare.stdout], ["allowed", ""]);
});

Deno.test("an envelope around a Globus token fits through pam_exec", async () => {
  await using scene = await createGlobusScene();
  const { length } = envelope("get_account_map", scene.globus.issue());
  assert.ok(length < 511, `${length} characters`);
});

Deno.test("op login tells the client why, in the words of the reference", async () => {
  await using scene = await createGlobusScene({ lines: HIGH });
  const { globus } = scene;
  const now = Math.floor(Date.now() / 1000);
  const weak = {
    session_info: {
      authentications: { [ALICE]: { idp: OTHER_IDP, auth_time: now } },
    },
  };
  const cases: [string, string, string, unknown, number][] = [
    ["nosuchtoken", "alice", "token_inactive", INVALID_TOKEN, 7],
    [
      globus.issue({ aud: ["x"] }),
      "alice",
      "audience_mismatch",
      INVALID_TOKEN,
      7,
    ],
    [globus.issue({ scope: "x" }), "alice", "scope_missing", INVALID_TOKEN, 7],
    [
      globus.issue({ exp: now - 60 }),
      "alice",
      "token_expired",
      INVALID_TOKEN,
      7,
    ],
    [globus.issue(weak), "alice", "idp_not_permitted", SESSION_VIOLATION, 7],
    [globus.issue(), "bob", "account_not_permitted", INVALID_ACCOUNT, 10],
  ];
  for (const [token, user, reason, reply, exitCode] of cases) {
    const result = await scene.attempt({
      token: envelope("login", token),
      user,
    });
    assert.deepEqual([result.reason, result.exitCode], [reason, exitCode]);
    assert.deepEqual(replyOf(result), reply);
    assert.equal(result.log.split("\n").length, 2, "one line");
    assert.ok(!result.log.includes(token));
  }
  globus.on(INTROSPECT, html());
  const result = await scene.attempt({
    token: envelope("login", globus.issue()),
  });
  assert.deepEqual([result.reason, result.exitCode], ["issuer_refused", 3]);
  assert.deepEqual(replyOf(result), UNEXPECTED);
});

Deno.test("a bare token gets no reply whatever becomes of it", async () => {
  await using scene = await createGlobusScene();
  for (const [token, user] of [["x", "alice"], [undefined, "bob"]] as const) {
    const result = await scene.attempt({
      ...(token === undefined ? {} : { token }),
      user,
    });
    assert.notEqual(result.reason, "allowed");
    assert.equal(result.stdout, "");
  }
});

Deno.test("get_security_policy is answered without a token, asks nobody, and ends with 11", async () => {
  await using scene = await createGlobusScene({ lines: HIGH });
  for (const token of [undefined, null, "x", 5]) {
    const result = await scene.attempt({
      token: envelope("get_security_policy", token),
      user: ASKING,
    });
    assert.equal(result.exitCode, 11);
    assert.deepEqual(replyOf(result), {
      policy: {
        permitted_idps: [CAMPUS_IDP],
        authentication_timeout: 90,
        mfa: true,
      },
    });
    assert.match(
      result.log,
      /decision=deny reason=request_invalid .* detail="answered \\"get_security_policy\\", which is not a login"\n$/,
    );
  }
  assert.equal(scene.globus.requests.length, 0);
});

Deno.test("an answered question leaves maxtries for the stack's next line", async () => {
  await using scene = await createGlobusScene();
  const env = {
    OAUTH_PAM_CONVERSATION: "4711-815",
    OAUTH_PAM_ACCOUNT: `1000:${ASKING}`,
  };
  await scene.attempt({
    token: envelope("get_security_policy"),
    user: ASKING,
    env,
  });
  const variables: Record<string, string> = {
    PAM_TYPE: "auth",
    PAM_SERVICE: "sshd",
    PAM_USER: ASKING,
    ...env,
  };
  const io = {
    env: (name: string) => variables[name],
    now: () => Date.now(),
    stdin: bytesReader(""),
    stdout: () => {},
    stderr: () => {},
  };
  const { policyFile } = scene.site;
  assert.equal(await runOutcome([policyFile, "auth_err"], io), false);
  assert.equal(await runOutcome([policyFile, "maxtries"], io), true);
});

Deno.test("get_security_policy says null where nothing is required", async () => {
  await using scene = await createGlobusScene();
  const result = await scene.attempt({
    token: envelope("get_security_policy"),
    user: ASKING,
  });
  assert.deepEqual(replyOf(result), {
    policy: { permitted_idps: null, authentication_timeout: null, mfa: false },
  });
});

Deno.test("securityPolicy() never rounds an age up, and never down to none", () => {
  const minutes = (max_auth_age: number | null) =>
    securityPolicy({
      assurance: {
        permitted_idps: null,
        mfa: false,
        max_auth_age,
        same_identity: false,
      },
      rules: [],
      issuers: [],
    } as unknown as Policy).authentication_timeout;
  assert.deepEqual([119, 60, 59, 0, null].map(minutes), [1, 1, 1, 1, null]);
});

async function accountsOf(
  scene: GlobusScene,
  members: Record<string, unknown> = {},
): Promise<unknown> {
  const token = envelope("get_account_map", scene.globus.issue(members));
  return replyOf(await ask(scene, token));
}

/** Asks on a host with some accounts, all of which are in its passwd file. */
async function ask(
  scene: Pick<GlobusScene, "attempt">,
  token: string,
  passwd = ["alice", "asmith", "backup", "bob", "carol", "deploy", "root"],
): Promise<AttemptResult> {
  const etc = await Deno.makeTempDir({ prefix: "oauth-pam-etc-" });
  const lines = passwd.map((name) => `${name}:x:1000:1000::/:/bin/sh\n`);
  await Deno.writeTextFile(`${etc}/passwd`, lines.join(""));
  await Deno.writeTextFile(`${etc}/nsswitch.conf`, "passwd: files systemd\n");
  const result = await scene.attempt({ token, user: ASKING, etc });
  await Deno.remove(etc, { recursive: true });
  return result;
}

Deno.test("get_account_map lists what the policy would grant, and ends with 11", async () => {
  await using scene = await createGlobusScene();
  const token = envelope("get_account_map", scene.globus.issue());
  const result = await ask(scene, token);
  assert.equal(result.exitCode, 11);
  assert.match(
    result.log,
    new RegExp(`reason=request_invalid .* sub=${ALICE} `),
  );
  assert.match(result.log, /detail="answered \\"get_account_map\\"/);
  assert.deepEqual(replyOf(result), {
    account_map: { permitted_accounts: ["alice"] },
  });
});

Deno.test("get_account_map leaves out what is denied or protected", async () => {
  await using scene = await createGlobusScene({
    ruleLines: [
      '  - {identity: username, strip_suffix: "@globusid.org"}',
      "  - {map: {alice@example.edu: [deploy, alice, backup, root]}, keys: [identity.username]}",
    ],
  });
  const { policyFile } = scene.site;
  const text = await Deno.readTextFile(policyFile);
  const deny = "  keep:\n    effect: deny\n    accounts: [{names: [backup]}]\n";
  await Deno.writeTextFile(policyFile, text.replace("cache:", `${deny}cache:`));
  assert.deepEqual(await accountsOf(scene), {
    account_map: { permitted_accounts: ["alice", "asmith", "deploy"] },
  });
  assert.deepEqual(await accountsOf(scene, { identities_set: null }), {
    account_map: { permitted_accounts: ["alice", "deploy"] },
  });
});

Deno.test("a question is answered to the account oauth-ssh alone, and every other gets one answer", async () => {
  await using scene = await createGlobusScene({ lines: HIGH });
  for (const op of ["get_security_policy", "get_account_map"]) {
    for (const token of [scene.globus.issue(), "x", undefined]) {
      for (const user of ["alice", "nobody-here", "root"]) {
        const result = await scene.attempt({
          token: envelope(op, token),
          user,
        });
        assert.deepEqual([result.reason, result.exitCode], [
          "request_invalid",
          7,
        ]);
        assert.deepEqual(replyOf(result), INVALID_ACCOUNT);
        assert.match(
          result.log,
          /answered to the account \\"oauth-ssh\\" alone/,
        );
      }
    }
  }
  assert.equal(scene.globus.requests.length, 0, "nobody was asked");
});

Deno.test("get_account_map leaves out accounts that this host does not have", async () => {
  await using scene = await createGlobusScene({
    ruleLines: [
      "  - {map: {alice@example.edu: [deploy, gone]}, keys: [identity.username]}",
    ],
  });
  const token = envelope("get_account_map", scene.globus.issue());
  assert.deepEqual(replyOf(await ask(scene, token, ["alice", "deploy"])), {
    account_map: { permitted_accounts: ["alice", "deploy"] },
  });
  assert.deepEqual(replyOf(await ask(scene, token, ["nobody"])), {
    account_map: { permitted_accounts: [] },
  });
});

Deno.test("get_security_policy says what the rules demand, not only the top of the policy", async () => {
  await using scene = await createGlobusScene({
    ruleLines: [
      `assurance: {permitted_idps: [${CAMPUS_IDP}], mfa: true, max_auth_age: 30m}`,
    ],
  });
  const result = await scene.attempt({
    token: envelope("get_security_policy"),
    user: ASKING,
  });
  assert.deepEqual(replyOf(result), {
    policy: {
      permitted_idps: [CAMPUS_IDP],
      authentication_timeout: 30,
      mfa: true,
    },
  });
});

Deno.test("get_account_map answers an empty list to a stranger with a good token", async () => {
  await using scene = await createGlobusScene();
  scene.globus.identities.length = 0;
  const members = { username: "x@example.org", email: "x@example.org" };
  assert.deepEqual(await accountsOf(scene, members), {
    account_map: { permitted_accounts: [] },
  });
});

Deno.test("get_account_map needs a valid token and the session", async () => {
  await using scene = await createGlobusScene({ lines: HIGH });
  assert.deepEqual(await accountsOf(scene, { aud: ["x"] }), INVALID_TOKEN);
  for (const username of ["alice@example.edu", "x@example.org"]) {
    assert.deepEqual(
      await accountsOf(scene, { session_info: null, username }),
      SESSION_VIOLATION,
    );
  }
});

Deno.test("get_account_map tells a rule's own shortfall where no account is left", async () => {
  await using scene = await createGlobusScene({
    ruleLines: ["assurance: {max_auth_age: 1s}"],
  });
  assert.deepEqual(await accountsOf(scene), SESSION_VIOLATION);
});

Deno.test("get_account_map spends no one-time token and grants nothing", async () => {
  await using scene = await createGlobusScene({
    issuerLines: ["one_time: true"],
  });
  const token = scene.globus.issue({ jti: "j1" });
  const asked = await ask(scene, envelope("get_account_map", token));
  assert.equal(asked.exitCode, 11);
  const first = await scene.attempt({ token: envelope("login", token) });
  assert.equal(first.reason, "allowed", first.log);
  const second = await scene.attempt({ token: envelope("login", token) });
  assert.equal(second.reason, "token_replayed");
});

Deno.test("get_account_map of a SciToken lists its own scopes only", async () => {
  await using scene = await createScene({
    issuerLines: ["kind: scitokens"],
    ruleLines: ["  - {map: {u1: [alice, bob, carol]}, keys: [sub]}"],
  });
  const accounts = async (scope: string) => {
    const claims = { ver: "scitoken:2.0", scope };
    const token = await scene.token({ claims });
    return replyOf(await ask(scene, envelope("get_account_map", token)));
  };
  assert.deepEqual(await accounts("ssh:bob ssh:mallory"), {
    account_map: { permitted_accounts: ["bob"] },
  });
  assert.deepEqual(await accounts("read:/"), INVALID_TOKEN);
});

for (
  const [what, op, token, reason] of [
    ["an unknown op", "globus-mapping", "x", "request_invalid"],
    ["an inherited op", "constructor", "x", "request_invalid"],
    ["a number as op", 5, "x", "request_invalid"],
    ["a list as op", ["login"], "x", "request_invalid"],
    ["login without a token", "login", undefined, "token_missing"],
    ["login with null as token", "login", null, "token_missing"],
    ["login with an empty token", "login", "", "token_missing"],
    ["a number as token", "login", 5, "token_malformed"],
    ["a list as token", "get_account_map", ["x"], "token_malformed"],
    ["an object as token", "get_account_map", { a: 1 }, "token_malformed"],
  ] as const
) {
  Deno.test(`${what} is an unknown command, and nobody is asked`, async () => {
    await using scene = await createGlobusScene();
    const result = await scene.attempt({
      token: envelope(op, token),
      user: ASKING,
    });
    assert.equal(result.reason, reason);
    assert.notEqual(result.exitCode, 0);
    assert.deepEqual(replyOf(result), UNKNOWN_COMMAND);
    assert.equal(scene.globus.requests.length, 0);
    assert.equal(result.log.split("\n").length, 2, "one line");
  });
}

for (const token of ["a b", "x\ny", "t\u0000", "té", "x".repeat(5) + "\r"]) {
  Deno.test(`an envelope around ${JSON.stringify(token)} is an invalid token`, async () => {
    await using scene = await createGlobusScene();
    const typed = new TextEncoder().encode(
      JSON.stringify({ command: { op: "login", access_token: token } }),
    ).toBase64();
    const result = await scene.attempt({ token: typed });
    assert.equal(result.reason, "token_malformed");
    assert.deepEqual(replyOf(result), INVALID_TOKEN);
    assert.equal(scene.globus.requests.length, 0);
  });
}

const LOGIN = '{"command": {"op": "login", "access_token": "x"}, "version": 1}';
const HOSTILE: [string, string][] = [
  ["without padding", btoa(`${LOGIN} `).replace(/=+$/, "x")],
  [
    "in the base64url alphabet",
    btoa(`${LOGIN}???>>>`).replaceAll("+", "-").replaceAll("/", "_"),
  ],
  ["with bits set behind the end", btoa(`${LOGIN}  `).replace(/.(=+)$/, "R$1")],
  ["cut off", btoa(LOGIN).slice(0, -8)],
  ["of JSON without base64", LOGIN.replaceAll(" ", "")],
  ["around a list", btoa(`[${LOGIN}]`)],
  ["around a string", btoa(JSON.stringify(LOGIN))],
  ["around null", btoa("null")],
  ["encoded twice", btoa(btoa(LOGIN))],
  ["with a list as command", btoa('{"command": [{"op": "login"}]}')],
  ["with a string as command", btoa('{"command": "login"}')],
  ["without command", btoa('{"op": "login", "access_token": "x"}')],
  ["without op", btoa('{"command": {"access_token": "x"}}')],
  ["with op null", btoa('{"command": {"op": null, "access_token": "x"}}')],
  [
    "with two commands",
    btoa(`{"command": {"op": "get_security_policy"}, ${LOGIN.slice(1)}`),
  ],
  [
    "with two ops",
    btoa('{"command": {"op": "login", "op": "get_security_policy"}}'),
  ],
  ["with an inherited op", btoa('{"command": {"__proto__": {"op": "login"}}}')],
  ["nested deeply", btoa(`{"command": ${"[".repeat(99)}${"]".repeat(99)}}`)],
];
for (const [what, text] of HOSTILE) {
  Deno.test(`an envelope ${what} is not an envelope, and gets no reply`, async () => {
    assert.equal(parseEnvelope(new AccessToken(text)), null);
    await using scene = await createGlobusScene();
    const result = await scene.attempt({ token: text });
    assert.notEqual(result.exitCode, 0);
    assert.equal(result.stdout, "");
    assert.equal(result.log.split("\n").length, 2, "one line");
  });
}

Deno.test("an envelope of a megabyte is refused unread", async () => {
  await using scene = await createGlobusScene();
  const result = await scene.attempt({
    token: envelope("login", "x".repeat(1024 * 1024)),
  });
  assert.deepEqual([result.reason, result.stdout], ["token_malformed", ""]);
  assert.equal(scene.globus.requests.length, 0);
});

Deno.test("an envelope around a JWT is verified like the JWT", async () => {
  await using scene = await createScene();
  const good = await scene.attempt({
    token: envelope("login", await scene.token()),
  });
  assert.deepEqual([good.reason, good.stdout], ["allowed", ""]);
  const bad = await scene.attempt({
    token: envelope("login", await scene.token({ claims: { aud: "x" } })),
  });
  assert.equal(bad.reason, "audience_mismatch");
  assert.deepEqual(replyOf(bad), INVALID_TOKEN);
});

Deno.test("the client's version does not matter, its spaces neither", () => {
  for (
    const text of [LOGIN, LOGIN.replace("1}", "99}"), LOGIN.replaceAll(" ", "")]
  ) {
    assert.deepEqual(parseEnvelope(new AccessToken(btoa(text))), {
      op: "login",
      accessToken: "x",
    });
  }
});

Deno.test("encodeReply() encodes once, in one line, whatever is said", () => {
  const document = {
    policy: { permitted_idps: ['a"b', "é\n", "x".repeat(300)] },
  };
  const line = encodeReply(document);
  assert.match(line, /^[A-Za-z0-9+/]+={0,2}$/);
  const bytes = Uint8Array.fromBase64(line);
  assert.deepEqual(JSON.parse(new TextDecoder().decode(bytes)), document);
});

Deno.test("a certificate's ID token is told nothing, as it admits nobody", async () => {
  await using scene = await createScene({
    issuerLines: ["ssh_certificates: {}", "types: [JWT, at+jwt]"],
  });
  for (const header of [{}, { typ: "at+jwt" }]) {
    for (
      const [op, user] of [["get_account_map", ASKING], ["login", "alice"]]
    ) {
      const token = envelope(op, await scene.token({ header }));
      const result = await scene.attempt({
        token,
        user: user ?? "",
        etc: "/nonexistent",
      });
      assert.deepEqual(replyOf(result), INVALID_TOKEN, result.log);
    }
  }
});
