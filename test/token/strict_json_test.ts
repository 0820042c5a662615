/**
 * Strict JSON, against the runtime's own and against what it must refuse.
 *
 * @module
 */
// Threats: A8
import assert from "node:assert/strict";
import fc from "fast-check";
import { TokenError } from "../../src/token/errors.ts";
import { parseJsonObject } from "../../src/token/strict_json.ts";

const encode = (text: string) => new TextEncoder().encode(text);
/** Any UTF-16 code unit, halves of surrogate pairs among them. */
const codeUnit = fc.integer({ min: 0, max: 0xffff }).map((code) =>
  String.fromCharCode(code)
);
const parse = (text: string) => parseJsonObject(encode(text), "payload");

function assertRefused(text: string, message: RegExp): void {
  assert.throws(() => parse(text), (error) => {
    assert.ok(error instanceof TokenError, String(error));
    assert.equal(error.code, "token_malformed");
    assert.match(error.message, message);
    return true;
  });
}

Deno.test("parseJsonObject() agrees with JSON.parse on objects", () => {
  const object = fc.dictionary(
    fc.string({ unit: "grapheme" }),
    fc.jsonValue({ maxDepth: 5 }),
  );
  fc.assert(fc.property(object, fc.boolean(), (value, indented) => {
    const text = JSON.stringify(value, null, indented ? 2 : 0);
    if (!JSON.stringify(JSON.parse(text)).isWellFormed()) return;
    const parsed = parse(text);
    assert.equal(Object.getPrototypeOf(parsed), null);
    assert.equal(JSON.stringify(parsed), JSON.stringify(JSON.parse(text)));
  }));
});

Deno.test("parseJsonObject() throws nothing but TokenError", () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.json().map(encode),
    fc.string({ unit: codeUnit, maxLength: 100 }).map((s) => encode(`{${s}}`)),
  );
  fc.assert(fc.property(bytes, (input) => {
    try {
      parseJsonObject(input, "header");
    } catch (error) {
      assert.ok(error instanceof TokenError, String(error));
    }
  }));
});

Deno.test("parseJsonObject() refuses any member that an object has twice", () => {
  const name = fc.string({ unit: "grapheme", maxLength: 8 });
  const json = fc.jsonValue({ maxDepth: 2 }).map((value) =>
    JSON.stringify(value)
  ).filter((text) => !/\\u[dD][89a-fA-F]/.test(text));
  const escape = (text: string) =>
    `"${
      Array.from(
        { length: text.length },
        (_, at) => `\\u${text.charCodeAt(at).toString(16).padStart(4, "0")}`,
      ).join("")
    }"`;
  fc.assert(
    fc.property(name, json, json, fc.nat(3), (key, first, second, depth) => {
      const twice = `{${JSON.stringify(key)}:${first},${
        escape(key)
      }:${second}}`;
      const text = `${'{"x":['.repeat(depth)}${twice}${"]}".repeat(depth)}`;
      assertRefused(text, /twice/);
    }),
  );
});

Deno.test("parseJsonObject() tells members of different objects apart", () => {
  const text =
    '{"a":{"a":{"a":"a"}},"b":[{"a":1},{"a":1}],"c":":\\"a\\":","d":"\\\\"}';
  assert.deepEqual(JSON.stringify(parse(text)), text);
});

Deno.test("parseJsonObject() keeps __proto__ as a plain member", () => {
  const parsed = parse('{"__proto__":{"admin":true},"constructor":1}');
  assert.equal(Object.getPrototypeOf(parsed), null);
  assert.deepEqual(Object.keys(parsed), ["__proto__", "constructor"]);
  assert.equal(parsed.admin, undefined);
  assert.equal(parsed.toString, undefined);
});

Deno.test("parseJsonObject() refuses what is not an object of plain Unicode", () => {
  for (const text of ["[]", "null", "1", '"a"', "true"]) {
    assertRefused(text, /not a JSON object/);
  }
  for (const text of ["", "{", "{}{}", "\ufeff{}", "{'a':1}", '{"a":NaN}']) {
    assertRefused(text, /not JSON/);
  }
  for (const text of ['{"a":"\\ud800"}', '{"\\udc00":1}']) {
    assertRefused(text, /not Unicode/);
  }
  assert.throws(
    () => parseJsonObject(new Uint8Array([0x7b, 0xff, 0x7d]), "payload"),
    TokenError,
  );
});

Deno.test("parseJsonObject() takes 32 levels and no more", () => {
  const nested = (depth: number) =>
    '{"a":'.repeat(depth) + "1" + "}".repeat(depth);
  parse(nested(32));
  assertRefused(nested(33), /deeper than 32/);
  assertRefused(nested(100_000), /deeper than 32|not JSON/);
});
