/**
 * `withUserinfo()`: what a userinfo answer can never say, member by member.
 *
 * @module
 */
// Threats: D2, D3
import assert from "node:assert/strict";
import type { JsonRequest, Transport } from "../../src/issuer/http.ts";
import { AccessToken } from "../../src/token/access_token.ts";
import { parseJsonObject } from "../../src/token/strict_json.ts";
import { withUserinfo } from "../../src/token/userinfo.ts";
import { verified } from "../../src/token/verified.ts";

const ENDPOINT = "https://login.example.edu/userinfo";

/** The claims that count, of an ID token's and an answer as it is written. */
async function united(
  own: Record<string, unknown>,
  answer: string,
  { reserved = [] as string[] } = {},
): Promise<Record<string, unknown>> {
  const asked: [string, JsonRequest | undefined][] = [];
  const transport: Transport = {
    request: (url, request) => {
      asked.push([url, request]);
      return Promise.resolve({ status: 200, body: JSON.parse(answer) });
    },
    close: () => {},
  };
  const bytes = new TextEncoder().encode(JSON.stringify(own));
  const evidence = verified({
    issuer: "campus",
    claims: parseJsonObject(bytes, "payload"),
    warnings: [],
  });
  const { claims } = await withUserinfo(evidence, {
    transport,
    endpoint: ENDPOINT,
    accessToken: new AccessToken("an-opaque-token"),
    reserved,
    timeoutMs: 1000,
  });
  assert.deepEqual(asked.map(([url]) => url), [ENDPOINT]);
  return { ...claims };
}

const OWN = {
  iss: "https://login.example.edu",
  sub: "u1",
  aud: "ssh",
  exp: 2_000_000_000,
  iat: 1_900_000_000,
};

const OF_THE_TOKEN = [
  ...["iss", "aud", "azp", "exp", "nbf", "iat", "jti", "sid", "auth_time"],
  ...["amr", "acr", "nonce", "at_hash", "c_hash", "scope", "scp", "client_id"],
  ...["cnf", "act", "may_act", "events", "typ", "ctx"],
];

for (const name of OF_THE_TOKEN) {
  for (const value of ["x", ["mfa"], 4_000_000_000, { methods: ["mfa"] }]) {
    const text = JSON.stringify(value);
    Deno.test(`withUserinfo() takes no ${name} from there: ${text}`, async () => {
      const answer = `{"sub": "u1", "name": "A", "${name}": ${text}}`;
      assert.deepEqual(await united(OWN, answer, { reserved: ["ctx"] }), {
        ...OWN,
        name: "A",
      });
    });
  }
}

Deno.test("withUserinfo() takes a member with a name of the language for what it is", async () => {
  const answer =
    '{"sub": "u1", "__proto__": {"email": "alice@example.edu", "groups": ["staff"]}, "toString": "x", "constructor": {"prototype": {"groups": ["staff"]}}}';
  const claims = await united(OWN, answer);
  assert.equal(Object.hasOwn(claims, "email"), false);
  assert.equal(claims.email, undefined);
  assert.equal(claims.groups, undefined);
  assert.equal(claims.toString, "x");
  assert.equal(({} as Record<string, unknown>).groups, undefined);
});

Deno.test("withUserinfo() takes no sub but the token's own, however it is hidden", async () => {
  for (
    const answer of [
      '{"__proto__": {"sub": "u1"}}',
      '{"sub": ["u1"]}',
      '{"sub": {"toString": "u1"}}',
      '{"sub": "u1", "sub": "u2"}',
      '{"sub": "u1\\u0000"}',
      '{"sub": "\\u0075\\u0031\\u200b"}',
      '{"Sub": "u1"}',
      '{"userinfo": {"sub": "u1"}}',
    ]
  ) {
    await assert.rejects(united(OWN, answer), /another "sub"/, answer);
  }
  for (const sub of ["", 1, null]) {
    const own = { ...OWN, sub };
    const answer = JSON.stringify({ sub });
    await assert.rejects(united(own, answer), /another "sub"/, answer);
  }
});

Deno.test("withUserinfo() refuses what is no document of claims", async () => {
  const deep = `${"[".repeat(40)}${"]".repeat(40)}`;
  for (
    const answer of [
      "null",
      "[]",
      '"e.e.e"',
      "1",
      "true",
      '[{"sub": "u1"}]',
      `{"sub": "u1", "x": ${deep}}`,
    ]
  ) {
    await assert.rejects(united(OWN, answer), { code: "token_malformed" });
  }
});
