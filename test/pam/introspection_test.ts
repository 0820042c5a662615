/**
 * Introspection at login: how the program says who it is, and what becomes of the issuer's words.
 *
 * @module
 */
// Threats: C1
import assert from "node:assert/strict";
import { createAuthority } from "../support/certificates.ts";
import {
  answer,
  type Behaviour,
  type HostileIssuer,
  json,
  startHostileIssuer,
} from "../support/hostile_server.ts";
import { attempt, type AttemptResult, createSite } from "../support/login.ts";

const ID = "3fa85f64-5717-4562-b3fc-2c963f66afa6";
const SECRET = "AK2-x_Y.z*";
const TOKEN = "2YotnFZFEjr1zCsicMWpAA";

type Login = (
  behaviour: Behaviour,
  options?: { now?: () => number },
) => Promise<AttemptResult>;

/** Logins with an opaque token at an issuer that answers each as given. */
async function withIntrospection<Result>(
  { lines = [] }: { lines?: readonly string[] },
  body: (bench: { issuer: HostileIssuer; login: Login }) => Promise<Result>,
): Promise<Result> {
  const authority = await createAuthority();
  await using issuer = await startHostileIssuer({ authority });
  const folder = await Deno.realPath(await Deno.makeTempDir());
  const secret = `${folder}/secret`;
  await Deno.writeTextFile(secret, SECRET, { mode: 0o600 });
  await using site = await createSite({
    issuer: issuer.issuer,
    caPem: authority.caPem,
    issuerLines: [
      "kind: introspection",
      `client_id: ${ID}`,
      `client_secret_file: ${secret}`,
      ...lines,
    ],
  });
  const { policyFile } = site;
  const login: Login = (behaviour, options = {}) => {
    issuer.on("/introspect", behaviour);
    return attempt({ policyFile, token: TOKEN, ...options });
  };
  try {
    return await body({ issuer, login });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** One login with an opaque token at an issuer that answers as given. */
function introspected(
  behaviour: Behaviour,
  { lines = [], prepare = () => {} }: {
    lines?: readonly string[];
    prepare?: (issuer: HostileIssuer) => void;
  } = {},
): Promise<{ result: AttemptResult; issuer: HostileIssuer }> {
  return withIntrospection({ lines }, async ({ issuer, login }) => {
    prepare(issuer);
    return { result: await login(behaviour), issuer };
  });
}

const ALICE = {
  active: true,
  aud: "ssh-prod",
  sub: "u1",
  email: "alice@example.edu",
};
const ACTIVE = json(ALICE);

const TOKEN_METHODS = "token_endpoint_auth_methods_supported";
const OWN_METHODS = "introspection_endpoint_auth_methods_supported";
for (
  const [what, discovery, lines, way] of [
    ["nothing listed", {}, [], "basic"],
    [
      "both listed",
      {
        [TOKEN_METHODS]: ["client_secret_post", "client_secret_basic"],
      },
      [],
      "basic",
    ],
    ["one listed", { [TOKEN_METHODS]: ["client_secret_post"] }, [], "post"],
    [
      "its own list",
      {
        [TOKEN_METHODS]: ["client_secret_basic"],
        [OWN_METHODS]: ["client_secret_post"],
      },
      [],
      "post",
    ],
    ["client_auth: post", {}, ["client_auth: post"], "post"],
    ["client_auth: basic", { [TOKEN_METHODS]: ["client_secret_post"] }, [
      "client_auth: basic",
    ], "basic"],
  ] as const
) {
  Deno.test(`login asks about a token with ${what} by ${way}`, async () => {
    const { result, issuer } = await introspected(ACTIVE, {
      lines,
      prepare: (issuer) => Object.assign(issuer.discovery, discovery),
    });
    assert.equal(result.reason, "allowed", result.log);
    const asked = issuer.requests.find(({ path }) => path === "/introspect");
    const form = Object.fromEntries(new URLSearchParams(asked?.body));
    assert.deepEqual(form, {
      ...(way === "post" ? { client_id: ID, client_secret: SECRET } : {}),
      token: TOKEN,
      token_type_hint: "access_token",
    });
    assert.equal(
      asked?.headers.authorization,
      way === "post" ? undefined : `Basic ${btoa(`${ID}:${SECRET}`)}`,
    );
  });
}

for (
  const [status, body, detail] of [
    [
      401,
      { error: "invalid_client", error_description: "Client\r\nis locked" },
      'the issuer answered with status 401: are client_id and the secret right? \\"invalid_client\\": Client is locked"',
    ],
    [
      403,
      { error: "access_denied" },
      'status 403: are client_id and the secret right? \\"access_denied\\""',
    ],
    [
      400,
      { error: "invalid_request", error_description: "no token" },
      'the issuer answered with status 400: \\"invalid_request\\": no token"',
    ],
    [
      200,
      { error: "invalid_request", error_description: "no token" },
      'the issuer answered with an error: \\"invalid_request\\": no token"',
    ],
    [400, { message: "no" }, 'the issuer answered with status 400"'],
    [
      400,
      { error: "e", error_description: "\u001b[2J" },
      '\\"e\\": \\u001b[2J"',
    ],
  ] as const
) {
  Deno.test(`login logs what an issuer says with ${status} about a token: ${JSON.stringify(body)}`, async () => {
    const { result } = await introspected(answer({ status, body }));
    assert.deepEqual([result.reason, result.exitCode], ["issuer_refused", 3]);
    assert.ok(result.log.includes(detail), result.log);
    assert.equal(result.stdout, "");
  });
}

Deno.test("login says with which status a page came in place of an answer", async () => {
  const page = { status: 401, headers: { "content-type": "text/html" } };
  const { result } = await introspected(answer({ ...page, body: "<p>" }));
  assert.equal(result.reason, "issuer_refused");
  assert.match(
    result.log,
    /status 401 and content type \\"text\/html\\": are client_id and the secret right\?/,
  );
});

Deno.test("login logs no secret that an issuer throws back", async () => {
  const echo = (always: boolean): Behaviour => (request, response) => {
    const form = new URLSearchParams(request.body);
    const typed = form.get("token") === TOKEN;
    const { authorization = "" } = request.headers;
    const credentials = atob(authorization.split(" ")[1] ?? "");
    const error_description = `${
      form.get("token")
    } of ${credentials}, ${authorization}`;
    const body = { error: "invalid_request", error_description };
    const told = typed || always
      ? answer({ status: 400, body })
      : json({ active: false });
    return told(request, response);
  };
  for (const always of [true, false]) {
    const { result } = await introspected(echo(always));
    assert.equal(result.reason, always ? "issuer_refused" : "token_malformed");
    assert.match(result.log, /: \[secret\] of 3fa85f64-[-0-9a-f]*:\[secret\]/);
    assert.doesNotMatch(result.log, /2YotnFZ|AK2|M2ZhODVm/);
  }
});

Deno.test("login with one_time admits a token once, however far the issuer moves its end", () =>
  withIntrospection({
    lines: ["one_time: true", "max_token_age: 2h"],
  }, async ({ login }) => {
    const start = Math.floor(Date.now() / 1000);
    const after = (seconds: number, jti: string) => {
      const issued = jti === "first" ? start : start + seconds;
      const exp = start + seconds + 300;
      return login(json({ ...ALICE, jti, iat: issued, exp }), {
        now: () => (start + seconds) * 1000,
      });
    };
    assert.equal((await after(0, "first")).reason, "allowed");
    for (const seconds of [901, 3600, 7200]) {
      // whoever is let in forgets what has ended
      const other = await after(seconds, `of ${seconds}`);
      assert.equal(other.reason, "allowed", other.log);
      const again = await after(seconds, "first");
      assert.equal(again.reason, "token_replayed", again.log);
    }
    assert.equal((await after(7300, "first")).reason, "token_too_old");
  }));

Deno.test("login with one_time refuses what nobody can tell the age of", () =>
  withIntrospection({ lines: ["one_time: true"] }, async ({ login }) => {
    const exp = Math.floor(Date.now() / 1000) + 300;
    const { reason, log } = await login(json({ ...ALICE, jti: "a", exp }));
    assert.equal(reason, "claim_missing");
    assert.match(log, /the claim \\"iat\\" is missing, which one_time needs/);
  }));
