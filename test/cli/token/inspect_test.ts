/**
 * `token inspect` shows what a token says, and that nobody has verified it.
 *
 * @module
 */
import assert from "node:assert/strict";
import { cli } from "../../support/cli.ts";

function segment(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return new TextEncoder().encode(text).toBase64({
    alphabet: "base64url",
    omitPadding: true,
  });
}

const NOW = Date.UTC(2026, 0, 1, 12);
const SECONDS = NOW / 1000;
const SIGNATURE = "c2lnbmF0dXJlLXRoYXQtbm9ib2R5LXNlZXM";
const HEADER = { alg: "RS256", typ: "JWT", kid: "k1" };
const CLAIMS = {
  iss: "https://login.example.edu",
  sub: "u1",
  iat: SECONDS - 60,
  exp: SECONDS + 7200,
  auth_time: SECONDS - 3 * 86400,
};

function token(header: unknown = HEADER, claims: unknown = CLAIMS): string {
  return `${segment(header)}.${segment(claims)}.${SIGNATURE}`;
}

async function inspect(stdin: string, ...args: string[]) {
  const result = await cli(["token", "inspect", ...args], { stdin, now: NOW });
  // never the token, none of its parts, in whatever format
  for (const part of stdin.trim().split(".")) {
    if (part.length < 8) continue;
    assert.ok(!result.stdout.includes(part), part);
    assert.ok(!result.stderr.includes(part), part);
  }
  return result;
}

async function inspectJson(stdin: string) {
  const { code, stdout } = await inspect(stdin, "--format", "json");
  return { code, stdout, document: JSON.parse(stdout) };
}

Deno.test("token inspect says of a Graph token that nobody else can verify it", async () => {
  const text = token({ ...HEADER, nonce: "AQABAAAAAAD" });
  const { code, stdout } = await inspect(text);
  assert.equal(code, 0);
  assert.match(stdout, /its signature will not fit: .* Microsoft Graph/);
  const { document } = await inspectJson(text);
  assert.equal(document.refused, null);
  assert.equal(document.notes.length, 1);
  assert.equal((await inspectJson(token())).document.notes, undefined);
});

Deno.test("token inspect says NOT VERIFIED first, then header, claims and times as dates", async () => {
  const text = token();
  const { code, stdout } = await inspect(text);
  assert.equal(code, 0);
  assert.equal(
    stdout,
    `NOT VERIFIED: anybody could have written this

this is a JWT, whose signature was not looked at
length: ${text.length} bytes: fits pam_exec (511) and the OpenSSH client's prompt (1023)

header:
  {
    "alg": "RS256",
    "typ": "JWT",
    "kid": "k1"
  }

claims:
  {
    "iss": "https://login.example.edu",
    "sub": "u1",
    "iat": ${CLAIMS.iat},
    "exp": ${CLAIMS.exp},
    "auth_time": ${CLAIMS.auth_time}
  }

times:
  iat        2026-01-01T11:59:00Z  60 s ago
  exp        2026-01-01T14:00:00Z  in 2 h
  auth_time  2025-12-29T12:00:00Z  3 d ago
`,
  );
});

Deno.test("token inspect prints JSON with verified: false right behind the schema", async () => {
  const { code, stdout, document } = await inspectJson(token());
  assert.equal(code, 0);
  assert.ok(
    stdout.startsWith(
      '{\n  "schema": "oauth-pam/token@1",\n  "verified": false,\n',
    ),
  );
  assert.deepEqual(document, {
    schema: "oauth-pam/token@1",
    verified: false,
    kind: "jws",
    length: token().length,
    fits: { pam_exec: true, ssh: true },
    header: HEADER,
    claims: CLAIMS,
    dates: {
      iat: "2026-01-01T11:59:00Z",
      exp: "2026-01-01T14:00:00Z",
      auth_time: "2025-12-29T12:00:00Z",
    },
    refused: null,
  });
});

Deno.test("token inspect takes one newline at the end for no part of the token", async () => {
  for (const end of ["", "\n", "\r\n"]) {
    const { code, document } = await inspectJson(token() + end);
    assert.equal(code, 0);
    assert.equal(document.length, token().length);
    assert.equal(document.refused, null);
  }
  const two = await inspectJson(`${token()}\n\n`);
  assert.equal(two.document.refused.reason, "token_malformed");
});

for (
  const [length, pam_exec, ssh, said] of [
    [511, true, true, "fits pam_exec (511)"],
    [512, false, true, "pam_exec cuts it off at 511; the OpenSSH"],
    [1023, false, true, "pam_exec cuts it off at 511; the OpenSSH"],
    [1024, false, false, "too long to be pasted"],
    [16_385, false, false, "longer than any login reads"],
  ] as const
) {
  Deno.test(`token inspect says what ${length} bytes mean for the ways in`, async () => {
    const stdin = `${token()}${"A".repeat(length)}`.slice(0, length);
    const { document } = await inspectJson(stdin);
    assert.deepEqual(document.fits, { pam_exec, ssh });
    const { stdout } = await inspect(stdin);
    assert.ok(stdout.includes(`length: ${length} bytes: `), stdout);
    assert.ok(stdout.includes(said), stdout);
  });
}

const JWE_HEADER = { alg: "RSA-OAEP", enc: "A256GCM" };

for (
  const [what, stdin, kind, said] of [
    ["nothing", "", "empty", "nothing at all"],
    ["a newline", "\n", "empty", "there is no token"],
    [
      "an opaque token",
      "Ag7xD3vVqPzzN0pq",
      "opaque",
      "only its issuer can read it",
    ],
    [
      "an opaque token with a dot",
      "a1b2.c3d4e5f6",
      "opaque",
      "only its issuer",
    ],
    [
      "an encrypted token",
      `${segment(JWE_HEADER)}.a2V5.aXY.dGV4dA.dGFn`,
      "jwe",
      "the token is encrypted",
    ],
    [
      "a token response",
      '{"access_token": "Ag7xD3vVqPzz"}',
      "json",
      'its "access_token" alone',
    ],
    [
      "a token in the JSON serialization",
      '{"payload": "e30", "signatures": []}',
      "json",
      "compact one only",
    ],
    [
      "a token in quotes",
      `"${token()}"`,
      "malformed",
      "characters that no token has",
    ],
    [
      "a token behind Bearer",
      `Bearer ${token()}`,
      "malformed",
      "characters that no token has",
    ],
    [
      "two segments",
      token().split(".").slice(0, 2).join("."),
      "malformed",
      "2 segments",
    ],
    ["four segments", `${token()}.more`, "malformed", "4 segments"],
    [
      "claims that are no JSON",
      `${segment(HEADER)}.${segment("hello")}.x`,
      "malformed",
      "",
    ],
    [
      "claims that are a list",
      token(HEADER, [1]),
      "malformed",
      "not a JSON object",
    ],
    [
      "claims nested deeply",
      token(HEADER, "[".repeat(3000)),
      "malformed",
      "not JSON",
    ],
    [
      "claims nested too deeply",
      token(HEADER, `${'{"a":'.repeat(900)}1${"}".repeat(900)}`),
      "malformed",
      "nested deeper",
    ],
    [
      "bytes that are no text",
      "\u00ff\u00fe",
      "malformed",
      "characters that no token has",
    ],
    [
      "sshd's junk",
      "\b\n\r\u007fINCORRECT",
      "malformed",
      "characters that no token has",
    ],
    [
      "a token that pam_exec has cut",
      token(HEADER, { ...CLAIMS, pad: "x".repeat(500) }).slice(0, 511),
      "malformed",
      "where pam_exec cuts it off",
    ],
  ] as const
) {
  Deno.test(`token inspect says what ${what} is, and ends with 3`, async () => {
    const { code, document } = await inspectJson(stdin);
    assert.equal(document.kind, kind);
    assert.equal(document.verified, false);
    assert.equal(document.claims, null);
    assert.equal(code, 3);
    const pretty = await inspect(stdin);
    assert.equal(pretty.code, 3);
    assert.match(pretty.stdout, /^NOT VERIFIED/);
    assert.ok(pretty.stdout.includes(said), pretty.stdout);
  });
}

Deno.test("token inspect shows the header of an encrypted token", async () => {
  const stdin = `${segment(JWE_HEADER)}.a2V5.aXY.dGV4dA.dGFn`;
  const { document } = await inspectJson(stdin);
  assert.deepEqual(document.header, JWE_HEADER);
});

for (
  const [what, stdin, reason, said] of [
    [
      "alg none",
      `${segment({ alg: "none" })}.${segment(CLAIMS)}.`,
      "algorithm_not_allowed",
      "none",
    ],
    [
      "a symmetric algorithm",
      token({ alg: "HS256" }),
      "algorithm_not_allowed",
      "HS256",
    ],
    ["crit", token({ alg: "RS256", crit: ["x"] }), "token_malformed", "crit"],
    [
      "a member twice",
      token(HEADER, '{"sub": "a", "sub": "b"}'),
      "token_malformed",
      "twice",
    ],
  ] as const
) {
  Deno.test(`token inspect decodes ${what} and says that every login refuses it`, async () => {
    const { code, document } = await inspectJson(stdin);
    assert.equal(code, 0);
    assert.equal(document.refused.reason, reason);
    const { stdout } = await inspect(stdin);
    assert.match(stdout, /^every login refuses it: /m);
    assert.ok(stdout.includes(said), stdout);
  });
}

const STEERING = /[\p{Cc}\p{Cf}\u2028\u2029]/u;

Deno.test("token inspect lets no token steer the terminal", async () => {
  const hostile = "\u001b]0;x\u0007\u009b31m\u202e\u2066\u0000\r\nend";
  const stdin = token({ alg: "RS256", [hostile]: hostile }, {
    sub: hostile,
    [hostile]: [hostile],
  });
  const { code, stdout } = await inspect(stdin);
  assert.equal(code, 0);
  const json = await inspectJson(stdin);
  for (const text of [stdout, json.stdout]) {
    assert.doesNotMatch(text.replaceAll("\n", ""), STEERING);
  }
  // in JSON nothing is lost
  assert.equal(json.document.claims.sub, hostile);
});

Deno.test("token inspect shows times that are no times", async () => {
  const { code, stdout } = await inspect(
    token(
      HEADER,
      '{"exp": 1e400, "iat": 1e300, "nbf": "soon", "auth_time": -1.5}',
    ),
  );
  assert.equal(code, 0);
  assert.match(stdout, /^ {2}iat +no date$/m);
  assert.match(stdout, /^ {2}exp +no date$/m);
  assert.match(stdout, /^ {2}auth_time +1969-12-31T23:59:58\.500Z /m);
  const future = await inspect(
    token(HEADER, { iat: SECONDS + 60, exp: SECONDS }),
  );
  assert.match(future.stdout, /^ {2}iat .* IN THE FUTURE, in 60 s$/m);
  assert.match(future.stdout, /^ {2}exp .* EXPIRED 0 s ago$/m);
});

Deno.test("token inspect reads the token from nowhere but standard input", async () => {
  for (const args of [[token()], ["--token", token()], ["--format", "yaml"]]) {
    const { code, stdout, stderr } = await cli(["token", "inspect", ...args]);
    assert.equal(code, 2);
    assert.equal(stdout, "");
    assert.ok(!stderr.includes(SIGNATURE));
  }
});
