/**
 * Taking a token apart: every text in, TokenError or an unverified token out.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { AccessToken } from "../../src/token/access_token.ts";
import {
  looksLikeJws,
  MAX_TOKEN_CHARACTERS,
  parseCompactJws,
} from "../../src/token/compact_jws.ts";
import { TokenError } from "../../src/token/errors.ts";
import { encodeSegment } from "../support/tokens.ts";

const parse = (text: string) => parseCompactJws(new AccessToken(text));

function refusal(text: string): TokenError {
  try {
    parse(text);
  } catch (error) {
    assert.ok(error instanceof TokenError, String(error));
    return error;
  }
  throw new Error("it was taken");
}

const jws = (header: unknown, payload: unknown = {}, signature = "AA") =>
  [header, payload].map((part) => encodeSegment(JSON.stringify(part)))
    .concat(signature).join(".");

Deno.test("parseCompactJws() says what a token says about itself", () => {
  const parsed = parse(jws({ alg: "ES256", kid: "k1" }, { sub: "u1" }));
  assert.equal(parsed.algorithm, "ES256");
  assert.equal(parsed.keyId, "k1");
  assert.equal(parsed.payload.sub, "u1");
  assert.equal(parse(jws({ alg: "none" }, {}, "")).keyId, null);
});

Deno.test("parseCompactJws() says what a text without segments looks like", () => {
  for (const text of ["hunter2", "x".repeat(600), "gho_16C7e42F292c6912E7"]) {
    assert.equal(
      refusal(text).message,
      "the token is malformed: it has 1 segment instead of 3, as a password or an opaque token has",
    );
  }
  for (const [count, text] of [[2, "a.b"], [4, "a.b.c.d"]] as const) {
    assert.equal(
      refusal(text).message,
      `the token is malformed: it has ${count} segments instead of 3`,
    );
  }
});

Deno.test("parseCompactJws() throws nothing but TokenError", () => {
  const noise = fc.string({
    unit: fc.integer({ min: 0, max: 0xffff }).map((code) =>
      String.fromCharCode(code)
    ),
  });
  const value = fc.jsonValue({ maxDepth: 3 });
  const header = fc.record({
    alg: fc.oneof(value, fc.constantFrom("ES256", "constructor", "__proto__")),
    kid: value,
    crit: value,
    cty: value,
  }, { requiredKeys: [] });
  const segment = fc.oneof(
    noise,
    fc.base64String(),
    fc.json().map((text) => encodeSegment(text)),
    header.map((text) => encodeSegment(JSON.stringify(text))),
  );
  const text = fc.oneof(
    noise,
    fc.array(segment, { maxLength: 6 }).map((parts) => parts.join(".")),
    fc.tuple(header, value).map(([head, body]) => jws(head, body)),
    // the lengths at which pam_exec cuts have a path of their own
    fc.tuple(header, fc.constantFrom(511, 512)).map(([head, length]) =>
      `${jws(head)}${"A".repeat(length)}`.slice(0, length)
    ),
  );
  fc.assert(
    fc.property(text, (input) => {
      try {
        parse(input);
      } catch (error) {
        assert.ok(error instanceof TokenError, String(error));
        const shown = input.length >= 20 && error.message.includes(input);
        assert.ok(!shown, "the message holds the token");
      }
    }),
    { numRuns: 300 },
  );
});

Deno.test("parseCompactJws() takes one spelling of every token", () => {
  const bytes = fc.uint8Array({ maxLength: 70 });
  const alphabet = [
    ..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
  ];
  fc.assert(fc.property(bytes, fc.constantFrom(...alphabet), (data, char) => {
    const signature = encodeSegment(data);
    parse(jws({ alg: "ES256" }, {}, signature));
    const other = signature.slice(0, -1) + char;
    if (other === signature) return;
    try {
      parse(jws({ alg: "ES256" }, {}, other));
    } catch {
      return;
    }
    const decoded = Uint8Array.fromBase64(other, { alphabet: "base64url" });
    assert.notDeepEqual(decoded, data);
  }));
});

Deno.test("parseCompactJws() refuses headers that change what is signed", () => {
  for (
    const header of [
      {},
      { alg: 1 },
      { alg: null },
      { alg: "ES256", kid: 1 },
      { alg: "ES256", kid: null },
      { alg: "ES256", crit: ["exp"] },
      { alg: "ES256", b64: false },
      { alg: "ES256", zip: "DEF" },
      { alg: "ES256", cty: "JWT" },
      [{ alg: "ES256" }],
    ]
  ) assert.equal(refusal(jws(header)).code, "token_malformed");
});

Deno.test("parseCompactJws() counts segments and characters", () => {
  const good = jws({ alg: "ES256" });
  for (const text of ["", "a", "a.b", `${good}.c`, "....", "a b", "é", "="]) {
    const expected = text === "...."
      ? "token_kind_unexpected"
      : "token_malformed";
    assert.equal(refusal(text).code, expected);
  }
  assert.equal(refusal("a.b.c.d.e").code, "token_kind_unexpected");
  const padded = (length: number) => good + "A".repeat(length - good.length);
  const longest = padded(MAX_TOKEN_CHARACTERS);
  assert.equal(parse(longest).algorithm, "ES256");
  assert.match(refusal(`${longest}A`).message, /16385 characters, at most/);
});

Deno.test("parseCompactJws() calls 511 and 512 characters without an end truncated", () => {
  const header = encodeSegment({ alg: "ES256" });
  const cases: [string, string][] = [
    ["A".repeat(511), "token_truncated"],
    ["A".repeat(512), "token_truncated"],
    ["A".repeat(510), "token_malformed"],
    ["A".repeat(513), "token_malformed"],
    [`${header}.`.padEnd(511, "A"), "token_truncated"],
    [`${header}.AAAA.`.padEnd(511, "A"), "token_truncated"],
    // nothing was cut here: the header itself is at fault
    ["AAAA.AAAA.".padEnd(511, "A"), "token_malformed"],
    [
      `${encodeSegment({ alg: "x" })}.AAAA.`.padEnd(511, "A"),
      "token_malformed",
    ],
    [
      `${encodeSegment({ alg: ["ES256"] })}.A.`.padEnd(512, "A"),
      "token_malformed",
    ],
    ["a.b.c.d.".padEnd(511, "A"), "token_kind_unexpected"],
  ];
  for (const [text, code] of cases) assert.equal(refusal(text).code, code);
});

Deno.test("looksLikeJws() wants three segments of base64url", () => {
  for (const text of ["a.b.c", "a.b.", "-._.0"]) {
    assert.ok(looksLikeJws(new AccessToken(text)), text);
  }
  for (
    const text of [
      "",
      "a",
      "a.b",
      ".b.c",
      "a..c",
      "a.b.c.d",
      "a.b.c\n",
      "a+.b.c",
    ]
  ) assert.ok(!looksLikeJws(new AccessToken(text)), text);
});
